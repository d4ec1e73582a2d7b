"""The report: what its numbers are, and which photos each number opens."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from gallery.errors import DatasetError
from gallery.evaluation import EvaluationReport

NAMES = ("dog", "cat", "horse")

PROBABILITIES = np.array(
    [
        [0.7, 0.2, 0.1],  # dog, right
        [0.3, 0.6, 0.1],  # dog called cat
        [0.1, 0.9, 0.0],  # dog called cat, more certain
        [0.2, 0.8, 0.0],  # cat, right
        [0.4, 0.5, 0.1],  # cat, right, less certain
        [0.2, 0.35, 0.45],  # cat called horse
    ],
    np.float32,
)
TRUE = np.array([0, 0, 0, 1, 1, 1])


@pytest.fixture
def report() -> EvaluationReport:
    return EvaluationReport.from_predictions(TRUE, PROBABILITIES, NAMES, "model-a")


def test_matrix_and_accuracy_by_hand(report: EvaluationReport) -> None:
    assert report.confusion_matrix.tolist() == [[1, 2, 0], [0, 2, 1], [0, 0, 0]]
    assert report.accuracy == 0.5
    # Wilson, 3 of 6, z = 1.96: 0.5 +- 1.96 / 2 * sqrt(1 / (6 + 1.96^2)) = 0.5 +- 0.3124
    assert report.accuracy_interval == pytest.approx((0.1876, 0.8124), abs=1e-4)
    assert report.recall_interval(0) == pytest.approx((0.0615, 0.7923), abs=1e-4)


def test_a_cell_gives_its_photos_the_most_confident_error_first(report: EvaluationReport) -> None:
    assert report.cell(0, 1).tolist() == [2, 1]
    assert report.cell(1, 0).tolist() == []


def test_a_cell_on_the_diagonal_gives_the_least_confident_photo_first(report: EvaluationReport) -> None:
    assert report.cell(1, 1).tolist() == [4, 3]


def test_a_row_a_column_and_all_give_errors_before_right_answers(report: EvaluationReport) -> None:
    assert report.cell(0, None).tolist() == [2, 1, 0]
    assert report.cell(None, 1).tolist() == [2, 1, 4, 3]
    assert report.cell(None, None).tolist() == [2, 1, 5, 4, 0, 3]


def test_correct_and_incorrect_photos_are_worst_first(report: EvaluationReport) -> None:
    assert report.incorrect().tolist() == [2, 1, 5]
    assert report.correct().tolist() == [4, 0, 3]


def test_json_has_the_promised_keys_and_plain_values(report: EvaluationReport) -> None:
    data = json.loads(json.dumps(report.to_json()))
    assert list(data) == [
        "model_id", "n", "accuracy", "accuracy_interval", "loss", "macro_f1", "class_names",
        "confusion_matrix", "per_class",
    ]  # fmt: skip
    assert data["per_class"]["cat"] == {"precision": 0.5, "recall": 2 / 3, "f1": 4 / 7, "support": 3}
    assert data["n"] == 6
    assert data["macro_f1"] == pytest.approx((0.5 + 4 / 7 + 0) / 3, abs=1e-12)


def test_the_table_is_scikit_learns_classification_report(report: EvaluationReport) -> None:
    theirs = sk.classification_report(
        TRUE, PROBABILITIES.argmax(axis=1), target_names=NAMES, output_dict=True, zero_division=0
    )
    table = report.to_frame()
    assert list(table.columns) == ["precision", "recall", "f1-score", "support"]
    assert list(table.index) == [*NAMES, "accuracy", "macro avg", "weighted avg"]
    for name in [*NAMES, "macro avg", "weighted avg"]:
        for column in table.columns:
            assert table.loc[name, column] == pytest.approx(theirs[name][column], abs=1e-9)
    assert table.loc["accuracy", "f1-score"] == theirs["accuracy"]
    assert table.loc["accuracy", "support"] == 6


def test_the_text_says_the_figures_and_names_the_matrix(report: EvaluationReport) -> None:
    text = str(report)
    assert "model-a on 6 photos: accuracy 50.0\u00a0% (95 % CI 18.8 to 81.2\u00a0%)" in text
    assert "rows are true classes" in text
    assert "EvaluationReport(model_id='model-a'" in repr(report)
    assert "0.7" not in repr(report)


def test_a_class_that_nobody_has_and_nobody_names_does_not_lower_the_macro_average() -> None:
    report = EvaluationReport.from_predictions(
        np.array([0, 1]), np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]), NAMES, "m"
    )
    assert report.macro_f1 == 1.0
    assert report.to_json()["per_class"]["horse"]["f1"] == 0


@pytest.mark.parametrize(
    ("true", "probabilities", "sentence"),
    [
        ([], np.zeros((0, 3)), "no labelled photos"),
        ([0, 1], PROBABILITIES, "shape"),
        ([0], [[0.9, 0.1]], "shape"),
        ([0], [[0.9, 0.3, 0.1]], "sum to 1"),
        ([0], [[np.nan, 0.3, 0.1]], "sum to 1"),
        ([0], [[1.2, -0.2, 0.0]], "sum to 1"),
        ([3], [[1.0, 0.0, 0.0]], "a label is 3"),
    ],
)
def test_what_is_no_evaluation_is_refused_with_its_reason(
    true: list[int], probabilities: object, sentence: str
) -> None:
    with pytest.raises(DatasetError, match=sentence):
        EvaluationReport.from_predictions(
            np.array(true, int), np.asarray(probabilities, np.float64), NAMES, "m"
        )
