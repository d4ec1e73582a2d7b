"""Curves and second choices: by hand, and against what their definitions give."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from gallery.errors import DatasetError
from gallery.evaluation.ranking import area_intervals, class_curves, past_threshold, ranks_of_truth

NAMES = ("dog", "cat")
TRUE = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.2, 0.8]])


def test_the_curves_of_four_photos_by_hand() -> None:
    dog, cat = class_curves(TRUE, PROBABILITIES, NAMES)
    # for dog: at .9 one dog; at .4 both dogs and one cat; at .2 all
    assert dog.thresholds.tolist() == [0.9, 0.4, 0.2]
    assert dog.precision.tolist() == [1.0, 2 / 3, 0.5]
    assert dog.recall.tolist() == [0.5, 1.0, 1.0]
    assert dog.false_positive_rate.tolist() == [0.0, 0.5, 1.0]
    assert dog.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3, abs=1e-12)
    assert dog.auc == pytest.approx(0.875, abs=1e-12)  # of 4 pairs 3 in order and 1 tie
    assert (cat.positives, cat.negatives, cat.auc) == (2, 2, dog.auc)


def test_a_class_without_photos_and_one_of_all_photos_have_no_area() -> None:
    everything, nothing = class_curves(np.zeros(2, int), np.array([[0.9, 0.1], [0.8, 0.2]]), NAMES)
    assert (everything.average_precision, everything.auc) == (1.0, None)
    assert (nothing.average_precision, nothing.auc) == (None, None)
    assert nothing.recall.tolist() == [0.0, 0.0]


def test_a_point_of_a_curve_opens_its_photos_the_surest_first() -> None:
    assert past_threshold(PROBABILITIES, 1, 0.6).tolist() == [3, 1, 2]
    dog, _ = class_curves(TRUE, PROBABILITIES, NAMES)
    for threshold, hits, misses in zip(dog.thresholds, dog.true_positives, dog.false_positives, strict=True):
        assert len(past_threshold(PROBABILITIES, 0, threshold)) == hits + misses


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("decimals", [2, 12])
def test_curves_and_areas_are_what_their_definitions_give(dtype: type, decimals: int) -> None:
    generator = np.random.default_rng(7)
    true = generator.integers(0, 4, 500)
    probabilities = generator.dirichlet(np.ones(4), 500)
    probabilities[np.arange(500), true] += 0.3
    probabilities = (probabilities / 1.3).round(decimals).astype(dtype)  # two decimals: many ties
    for k, curve in enumerate(class_curves(true, probabilities, ("a", "b", "c", "d"))):
        of_class, score = true == k, probabilities[:, k].astype(np.float64)
        assert curve.thresholds.tolist() == sorted(set(score.tolist()), reverse=True)
        past = score >= curve.thresholds[:, np.newaxis]  # a row a threshold
        np.testing.assert_array_equal(curve.true_positives, (past & of_class).sum(axis=1))
        np.testing.assert_array_equal(curve.false_positives, (past & ~of_class).sum(axis=1))
        steps = np.diff(curve.recall, prepend=0.0)
        assert curve.average_precision == pytest.approx((steps * curve.precision).sum(), abs=1e-9)
        ours, others = score[of_class][:, np.newaxis], score[~of_class]
        in_order = (ours > others).mean() + (ours == others).mean() / 2  # of all pairs, ties half
        assert curve.auc == pytest.approx(in_order, abs=1e-9)


def test_a_thinned_curve_keeps_its_ends_and_only_points_of_the_whole() -> None:
    generator = np.random.default_rng(1)
    whole, _ = class_curves(generator.integers(0, 2, 300), generator.dirichlet(np.ones(2), 300), NAMES)
    thin = whole.thinned(50)
    assert 30 <= len(thin.thresholds) <= 50
    assert (thin.thresholds[0], thin.thresholds[-1]) == (whole.thresholds[0], whole.thresholds[-1])
    assert set(thin.thresholds.tolist()) <= set(whole.thresholds.tolist())
    assert whole.thinned(1000) is whole


def test_a_thinned_curve_of_a_rare_class_keeps_the_part_where_its_photos_are() -> None:
    y_true = np.array([0] * 8 + [1] * 1992)
    score = np.concatenate([np.linspace(0.9, 0.5, 8), np.linspace(0.85, 0.0, 1992)])
    whole = class_curves(y_true, np.stack([score, 1 - score], axis=1), NAMES)[0]
    thin = whole.thinned(60)
    assert set(thin.true_positives.tolist()) == set(range(1, 9)), "each of the eight is a step"
    assert (thin.auc, thin.average_precision) == (whole.auc, whole.average_precision)


def test_the_intervals_of_the_areas_hold_the_areas_and_shrink_with_the_photos() -> None:
    generator = np.random.default_rng(5)
    widths = []
    for n in (100, 1600):
        y_true = generator.integers(0, 2, n)
        score = np.clip(0.25 + 0.5 * (y_true == 0) + generator.normal(0, 0.35, n), 0.001, 0.999)
        probabilities = np.stack([score, 1 - score], axis=1)
        intervals = area_intervals(y_true, probabilities, 0)
        assert intervals is not None
        (ap_low, ap_high), (auc_low, auc_high) = intervals
        assert ap_low < sk.average_precision_score(y_true == 0, score) < ap_high
        auc = sk.roc_auc_score(y_true == 0, score)
        assert auc_low < auc < auc_high
        # Hanley and McNeil 1982: the standard error of an AUC
        q1, q2, positives, negatives = auc / (2 - auc), 2 * auc**2 / (1 + auc), sum(y_true == 0), sum(y_true)
        variance = auc * (1 - auc) + (positives - 1) * (q1 - auc**2) + (negatives - 1) * (q2 - auc**2)
        error = np.sqrt(variance / (positives * negatives))
        assert auc_high - auc_low == pytest.approx(2 * 1.96 * error, rel=0.25)
        widths.append(auc_high - auc_low)
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.35)


def test_a_class_without_photos_or_alone_has_no_interval() -> None:
    probabilities = np.array([[0.6, 0.4], [0.3, 0.7]])
    assert area_intervals(np.array([0, 0]), probabilities, 0) is None
    assert area_intervals(np.array([0, 0]), probabilities, 1) is None


def test_ranks_of_the_truth_count_what_the_model_puts_before_it() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])
    assert ranks_of_truth(np.array([0, 2, 1]), probabilities).tolist() == [0, 2, 1]


def test_curves_of_no_photos_are_refused_with_a_sentence() -> None:
    with pytest.raises(DatasetError, match="labelled photos"):
        class_curves(TRUE[:0], PROBABILITIES[:0], NAMES)
