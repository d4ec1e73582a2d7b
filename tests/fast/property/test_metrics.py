"""What holds of every score, for any labels and predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.evaluation import metrics
from gallery.evaluation.report import EvaluationReport


@st.composite
def labels_and_predictions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    count = draw(st.integers(2, 6))
    pairs = draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), min_size=1, max_size=60)
    )
    true, predicted = np.array(pairs).T
    return true, predicted, count


@st.composite
def reports(draw: st.DrawFn) -> EvaluationReport:
    count, n = draw(st.integers(2, 6)), draw(st.integers(1, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probabilities = generator.dirichlet(np.full(count, draw(st.sampled_from([0.01, 0.3, 5.0]))), n)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    names = tuple(f"class{k}" for k in range(count))
    return EvaluationReport.from_predictions(
        generator.integers(0, count, n), probabilities.astype(dtype), names, "m"
    )


@given(labels_and_predictions())
def test_rows_sum_to_the_support_and_scores_are_shares_of_the_sums(
    case: tuple[np.ndarray, np.ndarray, int],
) -> None:
    true, predicted, count = case
    matrix = metrics.confusion_matrix(true, predicted, count)
    ours = metrics.class_scores(matrix)
    assert matrix.sum(axis=1).tolist() == np.bincount(true, minlength=count).tolist()
    assert matrix.sum(axis=0).tolist() == np.bincount(predicted, minlength=count).tolist()
    assert ours.support.tolist() == matrix.sum(axis=1).tolist()
    for scores, sums in ((ours.precision, matrix.sum(axis=0)), (ours.recall, matrix.sum(axis=1))):
        np.testing.assert_allclose(scores * sums, np.diag(matrix), rtol=0, atol=1e-9)
    assert ours.macro(ours.f1) == pytest.approx(metrics.macro_f1(matrix), abs=1e-9)
    assert ours.weighted(ours.f1) == pytest.approx(metrics.weighted_f1(matrix), abs=1e-9)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_interval_holds_the_measured_share_and_lies_within_zero_and_one(a: int, b: int) -> None:
    successes, n = min(a, b), max(a, b)
    low, high = metrics.wilson_interval(successes, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= successes / n <= high


@given(reports())
def test_the_calibration_error_lies_within_zero_and_one(report: EvaluationReport) -> None:
    assert 0 <= report.calibration_error <= 1


@given(reports())
def test_the_cells_divide_the_photos_and_count_what_the_matrix_counts(report: EvaluationReport) -> None:
    count = len(report.class_names)
    cells = [report.cell(i, j).tolist() for i in range(count) for j in range(count)]
    assert [len(cell) for cell in cells] == report.confusion_matrix.reshape(-1).tolist()
    assert sorted(row for cell in cells for row in cell) == list(range(report.n))
    assert sorted([*report.correct(), *report.incorrect()]) == list(range(report.n))
    assert len(report.correct()) == round(report.accuracy * report.n)


@given(reports())
def test_the_loss_is_the_mean_of_the_clipped_logarithms(report: EvaluationReport) -> None:
    eps = float(np.finfo(report.probabilities.dtype).eps)
    clipped = np.clip(report.probabilities.astype(np.float64), eps, 1 - eps)
    by_truth = clipped[np.arange(report.n), report.y_true]
    assert report.loss == pytest.approx(float(-np.log(by_truth).mean()), rel=10 * eps, abs=10 * eps)
