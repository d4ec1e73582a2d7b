"""What holds of every figure of an evaluation, for any labels and probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.evaluation import metrics
from gallery.evaluation.calibration import cross_fit, reliability_bins, temperature_scaled
from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.coverage import AccuracyCoverage
from gallery.evaluation.diagnosis import Diagnosis
from gallery.evaluation.ranking import class_curves, ranks_of_truth
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.slices import part_names, slices_by

Case = tuple[np.ndarray, np.ndarray, np.random.Generator]


@st.composite
def predictions(draw: st.DrawFn) -> Case:
    """Labels, probabilities (with ties, in either precision), and a generator for more."""
    count, n = draw(st.integers(2, 5)), draw(st.integers(1, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probabilities = generator.dirichlet(np.full(count, draw(st.sampled_from([0.05, 0.5, 5.0]))), n)
    if draw(st.booleans()):
        tenths = np.maximum(np.round(probabilities * 10), 0)
        tenths[np.arange(n), tenths.argmax(axis=1)] += 10 - tenths.sum(axis=1)
        probabilities = tenths / 10
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return generator.integers(0, count, n), probabilities.astype(dtype), generator


def ids(n: int) -> list[str]:
    return [f"{row * 7919 % 10007:064x}" for row in range(n)]


def diagnosis(
    true: np.ndarray, probabilities: np.ndarray, photo_ids: list[str], features: np.ndarray
) -> Diagnosis:
    names = tuple("abcde"[: probabilities.shape[1]])
    report = EvaluationReport.from_predictions(true, probabilities, names, "m")
    return Diagnosis(report, photo_ids, lambda: features)


@settings(deadline=None)
@given(predictions())
def test_every_share_lies_within_zero_and_one(case: Case) -> None:
    true, probabilities, generator = case
    found = diagnosis(true, probabilities, ids(len(true)), generator.random((len(true), 3)))
    shares = [found.balanced_accuracy, found.top_2, *found.coverage.accuracy, *found.coverage.coverage]
    for curve in found.curves:
        shares += [*curve.precision, *curve.recall, *curve.false_positive_rate]
        shares += [area for area in (curve.average_precision, curve.auc) if area is not None]
    if found.calibration is not None:
        shares += [found.report.calibration_error, found.calibration.ece_after]
    shares += [suspect.score for suspect in found.suspects]
    assert min(shares) >= -1e-12
    assert max(shares) <= 1 + 1e-12


@settings(deadline=None)
@given(predictions())
def test_the_order_of_the_photos_changes_nothing(case: Case) -> None:
    true, probabilities, generator = case
    features = generator.random((len(true), 3))
    order = generator.permutation(len(true))
    names = ids(len(true))
    one = diagnosis(true, probabilities, names, features)
    other = diagnosis(true[order], probabilities[order], [names[row] for row in order], features[order])
    assert other.balanced_accuracy == one.balanced_accuracy
    assert other.top_2 == one.top_2
    for mine, theirs in zip(one.curves, other.curves, strict=True):
        np.testing.assert_array_equal(mine.true_positives, theirs.true_positives)
        assert (mine.auc, mine.average_precision) == (theirs.auc, theirs.average_precision)
    np.testing.assert_array_equal(one.coverage.right, other.coverage.right)
    assert (one.calibration is None) == (other.calibration is None)
    if one.calibration is not None and other.calibration is not None:
        np.testing.assert_allclose(one.calibration.temperatures, other.calibration.temperatures, rtol=1e-6)
    assert {suspect.row for suspect in one.suspects} == {int(order[s.row]) for s in other.suspects}


@given(predictions())
def test_the_bins_divide_the_photos_and_their_gaps_are_the_calibration_error(case: Case) -> None:
    true, probabilities, _ = case
    bins = reliability_bins(true, probabilities)
    assert sorted(row for one in bins for row in one.rows.tolist()) == list(range(len(true)))
    gaps = [one.n * abs(one.accuracy - one.confidence) for one in bins if one.accuracy is not None]
    error = metrics.expected_calibration_error(true, probabilities)
    assert sum(gaps) / len(true) == pytest.approx(error, abs=1e-9)


@given(predictions(), st.floats(0.1, 10))
def test_scaling_keeps_rows_probabilities_and_the_predicted_class(case: Case, temperature: float) -> None:
    _, probabilities, _ = case
    scaled = temperature_scaled(probabilities, temperature)
    np.testing.assert_allclose(scaled.sum(axis=1), 1, atol=1e-9)
    said = probabilities.argmax(axis=1)
    rows = np.arange(len(said))
    assert (scaled[rows, said] == scaled.max(axis=1)).all()
    np.testing.assert_allclose(temperature_scaled(probabilities, 1.0), probabilities, atol=1e-6)


@settings(deadline=None)
@given(predictions())
def test_each_photo_is_scaled_once_by_the_temperature_of_its_fold(case: Case) -> None:
    true, probabilities, _ = case
    found = cross_fit(true, probabilities, ids(len(true)))
    assert (found is None) == (len(true) == 1)
    if found is not None:
        for row, fold in enumerate(found.fold_of):
            expected = temperature_scaled(probabilities[[row]], found.temperatures[fold])[0]
            np.testing.assert_allclose(found.probabilities[row], expected, atol=1e-12)


@given(predictions(), st.floats(0, 1))
def test_the_coverage_chosen_is_reached_and_no_larger_one_is(case: Case, wanted: float) -> None:
    true, probabilities, _ = case
    curve = AccuracyCoverage.of(true, probabilities)
    point = curve.coverage_at(wanted)
    right = probabilities.argmax(axis=1) == true
    reached = []
    for threshold in curve.thresholds:
        kept = probabilities.max(axis=1).astype(float) >= threshold
        if right[kept].mean() >= wanted:
            reached.append(int(kept.sum()))
    assert (0 if point is None else point.kept) == max(reached, default=0)
    if point is not None:
        kept_rows, left_rows = curve.kept_rows(point.threshold), curve.left_out_rows(point.threshold)
        assert (len(kept_rows), len(left_rows)) == (point.kept, point.left_out)
        assert sorted([*kept_rows, *left_rows]) == list(range(len(true)))


@given(predictions())
def test_the_rank_of_the_truth_is_0_where_it_is_predicted_and_below_the_number_of_classes(case: Case) -> None:
    true, probabilities, _ = case
    ranks = ranks_of_truth(true, probabilities)
    np.testing.assert_array_equal(ranks == 0, probabilities.argmax(axis=1) == true)
    assert 0 <= ranks.min() <= ranks.max() < probabilities.shape[1]


@given(predictions())
def test_a_curve_ends_with_all_photos_and_rises_on_the_way(case: Case) -> None:
    true, probabilities, _ = case
    for curve in class_curves(true, probabilities, tuple("abcde"[: probabilities.shape[1]])):
        assert (curve.true_positives[-1], curve.false_positives[-1]) == (curve.positives, curve.negatives)
        assert (np.diff(curve.true_positives) >= 0).all()
        assert (np.diff(curve.false_positives) >= 0).all()
        assert (np.diff(curve.thresholds) < 0).all()


@given(predictions())
def test_a_comparison_divides_the_photos_and_turned_round_says_the_same(case: Case) -> None:
    true, probabilities, generator = case
    said_a, said_b = probabilities.argmax(axis=1), generator.permutation(probabilities.argmax(axis=1))
    names = tuple("abcde"[: probabilities.shape[1]])
    one = ModelComparison("a", "b", names, true, said_a, said_b).to_json()
    other = ModelComparison("b", "a", names, true, said_b, said_a).to_json()
    assert one["both_right"] + one["only_a"] + one["only_b"] + one["both_wrong"] == len(true)
    assert one["accuracy_a"] * len(true) == pytest.approx(one["both_right"] + one["only_a"])
    assert (one["p_value"], one["only_a"]) == (other["p_value"], other["only_b"])
    assert np.array(one["agreement"]).sum() == len(true)
    assert np.array(one["agreement"]).T.tolist() == other["agreement"]


@given(predictions(), st.integers(1, 6))
def test_slices_divide_the_photos_and_hold_their_accuracy_in_their_interval(case: Case, parts: int) -> None:
    true, probabilities, generator = case
    values = np.where(generator.random(len(true)) < 0.2, np.nan, generator.integers(0, 9, len(true)))
    right = probabilities.argmax(axis=1) == true
    found = slices_by("brightness", part_names(values, "abcdef"[:parts]), right)
    assert sorted(row for one in found for row in one.rows.tolist()) == list(range(len(true)))
    for one in found:
        assert 0 <= one.interval[0] <= one.accuracy <= one.interval[1] <= 1
        assert one.n == len(one.rows)
        numbers = values[one.rows]
        assert np.isnan(numbers).all() or not np.isnan(numbers).any()
