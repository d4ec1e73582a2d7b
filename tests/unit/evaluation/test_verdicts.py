"""Verdicts change the scores, by hand; never the labels that were given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gallery.errors import DatasetError
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.verdicts import Verdict, judged

TRUE = np.array([0, 0, 0, 1, 1, 1])
SAID = np.array([0, 1, 1, 0, 0, 1])


@pytest.fixture
def report() -> EvaluationReport:
    probabilities = np.full((6, 2), 0.2)
    probabilities[np.arange(6), SAID] = 0.8
    return EvaluationReport.from_predictions(TRUE, probabilities, ("dog", "cat"), "m")


def test_all_four_verdicts_by_hand(report: EvaluationReport) -> None:
    found = judged(
        report,
        {1: Verdict.MODEL_WRONG, 2: Verdict.LABEL_WRONG, 3: Verdict.BOTH_IN_IT, 4: Verdict.CANNOT_TELL},
    )
    assert report.confusion_matrix.tolist() == [[1, 2], [2, 1]]
    # photo 2 becomes a cat called cat, photo 3 a dog called dog, photo 4 is left out
    assert found.after.confusion_matrix.tolist() == [[2, 1], [0, 2]]
    assert found.changes.tolist() == [[1, -1], [-2, 1]]
    assert (found.before.accuracy, found.after.accuracy) == (2 / 6, 4 / 5)
    assert found.rows.tolist() == [0, 1, 2, 3, 5]
    assert set(found.counts.values()) == {1}
    assert report.y_true.tolist() == TRUE.tolist()


def test_no_verdict_changes_nothing(report: EvaluationReport) -> None:
    found = judged(report, {})
    assert not found.changes.any()
    assert found.rows.tolist() == list(range(6))


def test_verdicts_go_out_as_rows_and_as_json(report: EvaluationReport) -> None:
    found = judged(report, {3: Verdict.LABEL_WRONG, 1: Verdict.MODEL_WRONG})
    paths = [Path(f"{n}.jpg") for n in range(6)]
    assert found.to_rows(paths) == [
        {"path": "1.jpg", "label": "dog", "predicted": "cat", "verdict": "model wrong"},
        {"path": "3.jpg", "label": "cat", "predicted": "dog", "verdict": "label wrong"},
    ]
    data = json.loads(json.dumps(found.to_json()))
    assert (data["accuracy_before"], data["accuracy_after"]) == (2 / 6, 3 / 6)
    assert data["verdicts"]["label wrong"] == 1


@pytest.mark.parametrize("row", [0, 6, -1])
def test_a_verdict_where_nothing_is_to_be_judged_is_refused(report: EvaluationReport, row: int) -> None:
    with pytest.raises(DatasetError, match=f"photo {row}, which is no error"):
        judged(report, {row: Verdict.LABEL_WRONG})


def test_nothing_left_to_score_is_a_sentence() -> None:
    one = EvaluationReport.from_predictions(np.array([0]), np.array([[0.2, 0.8]]), ("dog", "cat"), "m")
    with pytest.raises(DatasetError, match="nothing left to score"):
        judged(one, {0: Verdict.CANNOT_TELL})
