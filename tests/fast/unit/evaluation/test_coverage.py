"""The accuracy-coverage curve by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.evaluation.coverage import AccuracyCoverage
from gallery.evaluation.metrics import wilson_interval


@pytest.fixture
def curve() -> AccuracyCoverage:
    confidence = np.array([0.6, 0.9, 0.8, 0.8, 0.7])
    right = np.array([False, True, True, False, True])
    return AccuracyCoverage.of(np.where(right, 0, 1), np.stack([confidence, 1 - confidence], axis=1))


def test_points_by_hand_and_equal_confidences_go_together(curve: AccuracyCoverage) -> None:
    assert curve.thresholds.tolist() == [0.9, 0.8, 0.7, 0.6]
    assert curve.kept.tolist() == [1, 3, 4, 5]
    assert curve.right.tolist() == [1, 2, 3, 3]
    assert curve.coverage.tolist() == [0.2, 0.6, 0.8, 1.0]
    assert curve.accuracy.tolist() == [1.0, 2 / 3, 0.75, 0.6]
    assert len(curve) == 4


def test_the_accuracy_asked_for_gives_the_point_that_keeps_most(curve: AccuracyCoverage) -> None:
    point = curve.coverage_at(0.7)  # also reached with one photo, but four are more
    assert point is not None
    assert (point.threshold, point.kept, point.left_out) == (0.7, 4, 1)
    assert (point.coverage, point.share_left_out, point.accuracy) == (0.8, 0.2, 0.75)
    assert point.interval == wilson_interval(3, 4)
    strict, lenient = curve.coverage_at(0.95), curve.coverage_at(0.0)
    assert strict is not None
    assert lenient is not None
    assert (strict.threshold, lenient.kept) == (0.9, 5)


def test_an_accuracy_that_is_met_exactly_counts() -> None:
    confidence = np.linspace(0.6, 0.99, 20)
    true = np.zeros(20, int)
    true[0] = 1
    point = AccuracyCoverage.of(true, np.stack([confidence, 1 - confidence], axis=1)).coverage_at(0.95)
    assert point is not None
    assert (point.kept, point.accuracy) == (20, 0.95)


def test_what_cannot_be_reached_is_none() -> None:
    curve = AccuracyCoverage.of(np.array([1, 0]), np.array([[0.9, 0.1], [0.6, 0.4]]))
    assert curve.coverage_at(0.95) is None
    assert curve.at_threshold(0.95) is None
    empty = AccuracyCoverage.of(np.zeros(0, int), np.zeros((0, 2)))
    assert empty.coverage_at(0.5) is None


def test_any_threshold_tells_what_it_leaves_out_and_opens_both_sides(curve: AccuracyCoverage) -> None:
    point = curve.at_threshold(0.75)
    assert point is not None
    assert (point.threshold, point.kept, point.right) == (0.75, 3, 2)
    assert curve.kept_rows(0.75).tolist() == [2, 3, 1]
    assert curve.left_out_rows(0.75).tolist() == [0, 4]
    assert curve.kept_rows(0.8).tolist() == [2, 3, 1]  # just the threshold is kept, as on the shelf


def test_a_float32_threshold_keeps_its_own_photo() -> None:
    probabilities = np.array([[0.7, 0.3], [0.6, 0.4]], np.float32)
    curve = AccuracyCoverage.of(np.array([0, 1]), probabilities)
    point = curve.coverage_at(1.0)
    assert point is not None
    assert curve.kept_rows(point.threshold).tolist() == [0]
