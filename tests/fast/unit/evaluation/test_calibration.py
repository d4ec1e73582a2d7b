"""Reliability and temperature: by hand, and by construction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from gallery.errors import DatasetError
from gallery.evaluation import metrics
from gallery.evaluation.calibration import (
    HIGHEST,
    LOWEST,
    cross_entropy,
    cross_fit,
    fit_temperature,
    fitted_temperature,
    folds_by_group,
    platt_targets,
    reliability_bins,
    temperature_scaled,
)


def overconfident(n: int, *, sharpness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from honest probabilities, and those sharpened: the best T is `sharpness`."""
    generator = np.random.default_rng(seed)
    honest = generator.dirichlet(np.full(5, 0.7), n)
    true = (generator.random((n, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    sharpened = honest**sharpness
    return true, sharpened / sharpened.sum(axis=1, keepdims=True)


def ids(n: int) -> list[str]:
    return [f"{row:064x}" for row in range(n)]


def test_bins_by_hand() -> None:
    probabilities = np.array([[0.55, 0.45], [0.95, 0.05], [0.05, 0.95], [0.9, 0.1], [0.8, 0.2]])
    bins = reliability_bins(np.array([0, 0, 0, 1, 0]), probabilities, bins=5)
    assert [(b.low, b.high, b.n) for b in bins] == [
        (0.0, 0.2, 0), (0.2, 0.4, 0), (0.4, 0.6, 1), (0.6, 0.8, 1), (0.8, 1.0, 3),
    ]  # fmt: skip
    last = bins[-1]
    assert last.confidence == pytest.approx((0.95 + 0.95 + 0.9) / 3, abs=1e-12)
    assert last.accuracy == pytest.approx(1 / 3, abs=1e-12)
    assert last.interval == metrics.wilson_interval(1, 3)
    assert last.rows.tolist() == [1, 2, 3]
    assert (bins[0].confidence, bins[0].accuracy, bins[0].interval) == (None, None, (0.0, 1.0))


def test_the_gaps_of_the_bins_are_the_expected_calibration_error() -> None:
    true, probabilities = overconfident(700, sharpness=2)
    bins = reliability_bins(true, probabilities)
    gaps = sum(b.n * abs(b.accuracy - b.confidence) for b in bins if b.accuracy is not None) / 700
    assert gaps == pytest.approx(metrics.expected_calibration_error(true, probabilities), abs=1e-9)


def test_scaling_probabilities_is_scaling_their_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 4))
    scaled = temperature_scaled(softmax(logits, axis=1), 1.7)
    powers = np.exp(logits / 1.7)
    np.testing.assert_allclose(scaled, powers / powers.sum(axis=1, keepdims=True), rtol=0, atol=1e-12)


def test_a_certain_float32_row_stays_finite() -> None:
    scaled = temperature_scaled(np.array([[1.0, 0.0]], np.float32), 2.0)
    assert np.isfinite(scaled).all()
    assert scaled.sum() == pytest.approx(1)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_is_where_the_loss_is_level_and_that_of_the_construction(sharpness: float) -> None:
    true, probabilities = overconfident(4000, sharpness=sharpness)
    logits = np.log(probabilities)
    ours = fitted_temperature(true, probabilities)
    # d loss / d (1/T) = mean of E_p[logit] - logit of the truth, which is 0 at the minimum of the convex loss
    powers = np.exp(logits / ours)
    expected = (powers * logits).sum(axis=1) / powers.sum(axis=1)
    assert expected.mean() == pytest.approx(logits[np.arange(len(true)), true].mean(), rel=1e-6)
    assert ours == pytest.approx(sharpness, rel=0.1)


def test_four_of_five_correct_is_a_confidence_of_four_fifths() -> None:
    logits = np.tile([3 * np.log(4.0), 0.0], (100, 1))  # three times the logits of 80 %
    labels = np.eye(2)[[0] * 80 + [1] * 20]
    assert fit_temperature(logits, labels) == pytest.approx(3.0, rel=1e-6)


def test_the_temperature_of_soft_targets_undoes_a_scaling() -> None:
    logits = np.random.default_rng(0).normal(size=(50, 10)).astype(np.float32)
    assert fit_temperature(2 * logits, softmax(logits, axis=1)) == pytest.approx(2.0, rel=1e-6)


def test_photos_that_are_all_right_do_not_make_a_network_sure_of_everything() -> None:
    logits = np.tile([4.0, 0.0], (8, 1))
    # The best share for the label is 9/10, so 4 / T = ln 9.
    fitted = fit_temperature(logits, platt_targets(np.zeros(8, np.int64), 2))
    assert fitted == pytest.approx(4 / np.log(9), rel=1e-6)


def test_platt_targets_by_hand() -> None:
    assert platt_targets(np.array([2, 0, 1]), 3).tolist() == [
        [0.1, 0.1, 0.8],
        [0.8, 0.1, 0.1],
        [0.1, 0.8, 0.1],
    ]


def test_an_overconfident_network_gets_a_temperature_that_lowers_its_loss() -> None:
    logits = np.array([[9.0, 0, 0], [0, 9, 0], [0, 9, 0], [0, 0, 9]])
    labels = np.array([0, 1, 2, 2])
    fitted = fit_temperature(logits, platt_targets(labels, 3))
    assert cross_entropy(logits / fitted, labels) < cross_entropy(logits, labels)
    assert fitted > 1


def test_photos_all_right_or_all_wrong_give_the_bounds() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert fitted_temperature(np.array([0, 0]), probabilities) == LOWEST
    assert fitted_temperature(np.array([1, 1]), probabilities) == HIGHEST


def test_a_photo_is_never_scaled_by_a_temperature_that_has_seen_it() -> None:
    true, probabilities = overconfident(60, sharpness=2)
    found = cross_fit(true, probabilities, ids(60), folds=3)
    assert found is not None
    for fold in range(3):
        inside = found.fold_of == fold
        assert inside.sum() == 20
        expected = fitted_temperature(true[~inside], probabilities[~inside])
        assert found.temperatures[fold] == expected
        np.testing.assert_array_equal(
            found.probabilities[inside], temperature_scaled(probabilities[inside], expected)
        )


def test_another_label_does_not_change_what_its_own_fold_gets() -> None:
    true, probabilities = overconfident(50, sharpness=2)
    other = true.copy()
    other[0] = (true[0] + 1) % 5
    before, after = (cross_fit(labels, probabilities, ids(50)) for labels in (true, other))
    assert before is not None
    assert after is not None
    inside = before.fold_of == before.fold_of[0]
    np.testing.assert_array_equal(before.probabilities[inside], after.probabilities[inside])
    assert (before.probabilities[~inside] != after.probabilities[~inside]).any()


def test_overconfidence_is_mended_on_photos_not_fitted_on() -> None:
    true, probabilities = overconfident(3000, sharpness=3)
    found = cross_fit(true, probabilities, ids(3000))
    assert found is not None
    assert metrics.expected_calibration_error(true, probabilities) > 0.15
    assert found.ece_after < 0.03
    assert found.temperatures == pytest.approx(np.full(5, 3.0), rel=0.1)
    assert metrics.log_loss(true, found.probabilities) < metrics.log_loss(true, probabilities.astype(float))


def test_copies_of_a_photo_share_a_fold_and_the_order_does_not_matter() -> None:
    groups = ["c", "a", "b", "a", "d", "c"]
    folds = folds_by_group(groups, 3)
    assert folds.tolist() == [2, 0, 1, 0, 0, 2]
    assert folds_by_group(groups[::-1], 3).tolist() == folds.tolist()[::-1]


def test_a_single_photo_leaves_nothing_to_fit_on_and_two_are_enough() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1]])
    assert cross_fit(np.array([0, 0]), probabilities, ["a", "a"]) is None
    assert cross_fit(np.array([0, 1]), probabilities, ["a", "b"]) is not None


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(DatasetError, match="2, 2 and 1"):
        cross_fit(np.array([0, 1]), np.full((2, 2), 0.5), ["a"])
