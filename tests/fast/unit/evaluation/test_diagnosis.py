"""What lies behind a report: computed when asked for, each number scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from gallery.evaluation.diagnosis import Diagnosis
from gallery.evaluation.report import EvaluationReport

NAMES = ("dog", "cat", "cow")


@pytest.fixture
def report() -> EvaluationReport:
    generator = np.random.default_rng(8)
    probabilities = generator.dirichlet(np.ones(3), 200)
    y_true = np.array([generator.choice(3, p=row) for row in probabilities])
    return EvaluationReport.from_predictions(y_true, probabilities, NAMES, "model")


def photo_ids(report: EvaluationReport) -> list[str]:
    return [f"{row:064x}" for row in range(report.n)]


def test_the_features_are_read_for_the_suspects_only(report: EvaluationReport) -> None:
    asked = []

    def features() -> np.ndarray:
        asked.append(True)
        return np.random.default_rng(0).normal(size=(report.n, 4))

    diagnosis = Diagnosis(report, photo_ids(report), features)
    _ = (diagnosis.curves, diagnosis.bins_after, diagnosis.coverage, diagnosis.balanced_accuracy_interval)
    assert not asked
    _ = diagnosis.suspects
    assert asked == [True]


def test_scores_are_scikit_learns_and_lie_in_their_intervals(report: EvaluationReport) -> None:
    diagnosis = Diagnosis(report, photo_ids(report), lambda: np.zeros((report.n, 2)))
    balanced = sk.balanced_accuracy_score(report.y_true, report.y_pred)
    top_2 = sk.top_k_accuracy_score(report.y_true, report.probabilities, k=2)
    assert diagnosis.balanced_accuracy == pytest.approx(balanced, abs=1e-9)
    assert diagnosis.top_2 == pytest.approx(top_2, abs=1e-9)
    for value, (low, high) in (
        (balanced, diagnosis.balanced_accuracy_interval),
        (top_2, diagnosis.top_2_interval),
        (sk.f1_score(report.y_true, report.y_pred, average="macro"), report.macro_f1_interval),
        (sk.f1_score(report.y_true, report.y_pred, average="weighted"), report.weighted_f1_interval),
        (sk.log_loss(report.y_true, report.probabilities), report.loss_interval),
    ):
        assert low < value < high


def test_balanced_accuracy_counts_small_classes_like_large_ones_and_absent_ones_not() -> None:
    shares = np.repeat([[1.0, 0.0, 0.0]], 10, axis=0)  # all are called dogs: nine are, and one is a cat
    report = EvaluationReport.from_predictions(np.array([0] * 9 + [1]), shares, NAMES, "model")
    assert Diagnosis(report, photo_ids(report), lambda: np.zeros((10, 2))).balanced_accuracy == 0.5


def test_of_equal_probabilities_the_earlier_class_is_the_first_choice() -> None:
    shares = np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.2, 0.4], [0.1, 0.3, 0.6]])
    report = EvaluationReport.from_predictions(np.array([1, 1, 1, 0]), shares, NAMES, "model")
    diagnosis = Diagnosis(report, photo_ids(report), lambda: np.zeros((4, 2)))
    assert (report.accuracy, diagnosis.top_2) == (0, 0.5)
    assert diagnosis.second_choices().tolist() == [0, 1]


def test_second_choices_are_what_the_top_2_adds_to_the_accuracy(report: EvaluationReport) -> None:
    diagnosis = Diagnosis(report, photo_ids(report), lambda: np.zeros((report.n, 2)))
    rows = diagnosis.second_choices()
    assert len(rows) == round(report.n * (diagnosis.top_2 - report.accuracy))
    second = np.argsort(-report.probabilities, axis=1)[rows, 1]
    assert (second == report.y_true[rows]).all()
    assert (np.diff(report.confidence[rows]) <= 0).all(), "the surest error first"


def test_the_scaled_diagram_is_that_of_probabilities_scaled_by_other_photos(
    report: EvaluationReport,
) -> None:
    diagnosis = Diagnosis(report, photo_ids(report), lambda: np.zeros((report.n, 2)))
    assert diagnosis.calibration is not None
    assert diagnosis.bins_after is not None
    gaps = sum(one.n * abs(one.accuracy - one.confidence) for one in diagnosis.bins_after if one.n)
    assert gaps / report.n == pytest.approx(diagnosis.calibration.ece_after, abs=1e-9)
