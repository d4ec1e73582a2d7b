"""An evaluation as tables: what a spreadsheet finds in them."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from gallery.evaluation import Evaluation, EvaluationReport
from gallery.exchange.evaluation_csv import matrix_csv, photos_csv, report_csv
from tests.fast.unit.evaluation.fakes import ROOT, made_evaluation

PATHS = ("Cats/1.png", "Cats/2.png", "cane/1.png", "cane/2.png", "cane/3.png")


def evaluation(*paths: str) -> Evaluation:
    """Two dogs are taken for cats: 3 of 5 are right."""
    cat = np.array([1.0, 0.7, 0.1, 0.8, 0.6], np.float32)
    report = EvaluationReport.from_predictions(
        np.array([1, 1, 0, 0, 0]), np.stack([1 - cat, cat], axis=1), ("dog", "cat"), "m"
    )
    return made_evaluation(report, paths=[ROOT / path for path in paths])


def test_the_photos_have_a_line_each() -> None:
    rows = list(csv.DictReader(io.StringIO(photos_csv(evaluation(*PATHS)).removeprefix("\ufeff"))))
    assert [row["file"] for row in rows] == list(PATHS)
    wrong = rows[3]
    assert (wrong["true"], wrong["predicted"], wrong["correct"]) == ("dog", "cat", "0")
    assert float(wrong["confidence"]) == pytest.approx(0.8)
    assert float(wrong["probability_dog"]) == pytest.approx(0.2)


def test_a_file_that_is_named_like_a_formula_cannot_compute_in_a_spreadsheet() -> None:
    text = photos_csv(evaluation("=1+1.png", *PATHS[1:]))
    assert text.splitlines()[1].startswith("'=1+1.png,")


def test_the_matrix_and_the_report_say_the_same_as_the_evaluation() -> None:
    report = evaluation(*PATHS).report
    matrix = list(csv.reader(io.StringIO(matrix_csv(report).removeprefix("\ufeff"))))
    assert matrix == [["true \\ predicted", "dog", "cat"], ["dog", "1", "2"], ["cat", "0", "2"]]
    rows = {row["class"]: row for row in csv.DictReader(io.StringIO(report_csv(report)))}
    assert float(rows["cat"]["precision"]) == pytest.approx(0.5)
    assert rows["weighted avg"]["support"] == "5"
