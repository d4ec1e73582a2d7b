"""Verdicts change the scores, by hand; never the labels that were given."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gallery.errors import DatasetError
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.evaluation.verdicts import Judgement, judged, judgements_of
from gallery.types import GivenVerdict, Verdict

DOG, CAT, COW = 0, 1, 2
TRUE = np.array([DOG, DOG, DOG, CAT, CAT, CAT])
SAID = np.array([DOG, CAT, CAT, DOG, DOG, CAT])


@pytest.fixture
def report() -> EvaluationReport:
    probabilities = np.full((6, 3), 0.1)
    probabilities[np.arange(6), SAID] = 0.8
    return EvaluationReport.from_predictions(TRUE, probabilities, ("dog", "cat", "cow"), "m")


def test_all_four_verdicts_by_hand(report: EvaluationReport) -> None:
    found = judged(
        report,
        {
            1: Judgement(Verdict.MODEL_WRONG),
            2: Judgement(Verdict.LABEL_WRONG, CAT),
            3: Judgement(Verdict.BOTH_IN_IT, DOG),
            4: Judgement(Verdict.CANNOT_TELL),
        },
    )
    assert report.confusion_matrix.tolist() == [[1, 2, 0], [2, 1, 0], [0, 0, 0]]
    # photo 2 becomes a cat called cat, photo 3 a dog called dog, photo 4 is left out
    assert found.after.confusion_matrix.tolist() == [[2, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert found.changed_cells()[0] == (Cell(CAT, DOG), 2, 0)
    assert (found.before.accuracy, found.after.accuracy) == (2 / 6, 4 / 5)
    assert found.rows.tolist() == [0, 1, 2, 3, 5]
    assert found.moved.tolist() == [2, 3]
    assert found.left_out.tolist() == [4]
    assert set(found.counts.values()) == {1}
    assert report.y_true.tolist() == TRUE.tolist()


def test_a_wrong_label_may_be_of_a_third_class_and_the_model_stays_wrong(report: EvaluationReport) -> None:
    found = judged(report, {1: Judgement(Verdict.LABEL_WRONG, COW)})
    assert found.after.confusion_matrix.tolist() == [[1, 1, 0], [2, 1, 0], [0, 1, 0]]
    assert found.after.accuracy == found.before.accuracy


def test_a_wrong_label_whose_class_no_model_knows_is_left_out(report: EvaluationReport) -> None:
    found = judged(report, {1: Judgement(Verdict.LABEL_WRONG)})
    assert found.left_out.tolist() == [1]
    assert found.after.accuracy == 2 / 5


def test_both_animals_help_only_a_model_that_names_one_of_them(report: EvaluationReport) -> None:
    named = judged(report, {1: Judgement(Verdict.BOTH_IN_IT, CAT)})
    assert named.after.accuracy == 3 / 6
    neither = judged(report, {1: Judgement(Verdict.BOTH_IN_IT, COW)})
    assert not neither.changed_cells()
    label = judged(report, {0: Judgement(Verdict.BOTH_IN_IT, COW)})  # dog and cow, predicted dog
    assert not label.changed_cells()


def test_a_verdict_given_with_another_model_holds_where_this_one_agrees_with_the_label(
    report: EvaluationReport,
) -> None:
    found = judged(report, {0: Judgement(Verdict.LABEL_WRONG, CAT), 5: Judgement(Verdict.MODEL_WRONG)})
    assert found.after.confusion_matrix.tolist() == [[0, 2, 0], [3, 1, 0], [0, 0, 0]]


def test_no_verdict_changes_nothing(report: EvaluationReport) -> None:
    found = judged(report, {})
    assert not found.changed_cells()
    assert found.rows.tolist() == list(range(6))


def test_verdicts_are_found_by_photo_and_by_the_label_that_was_judged(report: EvaluationReport) -> None:
    def said(photo: str, label: str, verdict: Verdict, other: str | None = None) -> GivenVerdict:
        return GivenVerdict(photo, label, verdict, other, "Ada", "2026-01-02", "m", None)

    given = [
        said("b", "dog", Verdict.LABEL_WRONG, "cat"),
        said("c", "dog", Verdict.LABEL_WRONG, "zebra"),  # a class of another model
        said("d", "dog", Verdict.CANNOT_TELL),  # the photo is labelled cat now
        said("z", "dog", Verdict.CANNOT_TELL),
    ]
    found = judgements_of(report, list("abcdef"), {(one.photo_id, one.label): one for one in given})
    assert found == {1: Judgement(Verdict.LABEL_WRONG, CAT), 2: Judgement(Verdict.LABEL_WRONG, None)}
    assert judgements_of(report, list("abcdef"), {}) == {}


def test_a_score_after_verdicts_on_errors_alone_is_called_an_upper_bound(report: EvaluationReport) -> None:
    assert judged(report, {}).caution == ""
    errors = judged(report, {2: Judgement(Verdict.LABEL_WRONG, CAT), 3: Judgement(Verdict.CANNOT_TELL)})
    assert errors.right_judged == 0
    assert "upper bound" in errors.caution
    assert "none of the 2 right ones was judged" in errors.caution  # photos 0 and 5
    some = judged(report, {0: Judgement(Verdict.LABEL_WRONG, COW), 1: Judgement(Verdict.MODEL_WRONG)})
    assert "only 1 of the 2 right ones were judged" in some.caution
    assert some.to_json()["right_answers_judged"] == 1
    both = judged(report, dict.fromkeys((0, 1, 5), Judgement(Verdict.MODEL_WRONG)))
    assert both.caution == ""


def test_verdicts_go_out_as_json(report: EvaluationReport) -> None:
    found = judged(report, {3: Judgement(Verdict.LABEL_WRONG, DOG), 1: Judgement(Verdict.MODEL_WRONG)})
    data = json.loads(json.dumps(found.to_json()))
    assert (data["accuracy_before"], data["accuracy_after"]) == (2 / 6, 3 / 6)
    assert (data["moved"], data["left_out"]) == (1, 0)
    assert data["verdicts"]["label wrong"] == 1


@pytest.mark.parametrize(("row", "other"), [(6, None), (-1, None), (0, 3), (0, -1)])
def test_a_verdict_on_what_is_not_there_is_refused(
    report: EvaluationReport, row: int, other: int | None
) -> None:
    with pytest.raises(DatasetError, match=f"photo {row} and class {other}"):
        judged(report, {row: Judgement(Verdict.LABEL_WRONG, other)})


def test_nothing_left_to_score_is_a_sentence() -> None:
    one = EvaluationReport.from_predictions(np.array([0]), np.array([[0.2, 0.8]]), ("dog", "cat"), "m")
    with pytest.raises(DatasetError, match="nothing left to score"):
        judged(one, {0: Judgement(Verdict.CANNOT_TELL)})
