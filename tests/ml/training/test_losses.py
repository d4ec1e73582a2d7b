"""Every term of the loss against numbers worked out by hand."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from gallery.training.distillation.losses import (  # noqa: E402
    fit_adapter,
    fitted_to,
    relative_error,
    smoothed_cross_entropy,
    softened_divergence,
)

pytestmark = pytest.mark.network


def test_relative_error_is_one_for_the_mean_of_the_target():
    target = tf.constant([1.0, 3.0])
    assert float(relative_error(tf.constant([2.0, 2.0]), target, 1.0)) == 1.0


def test_divergence_is_zero_for_equal_logits_and_ln_two_for_a_coin_against_certainty():
    certain, coin = tf.constant([[100.0, 0.0]]), tf.constant([[0.0, 0.0]])
    assert float(softened_divergence(coin, coin, 2.0)) == 0.0
    assert float(softened_divergence(coin, certain, 2.0)) == pytest.approx(4 * np.log(2), rel=1e-5)


def test_cross_entropy_ignores_photos_without_a_label():
    logits = tf.constant([[0.0, 0.0], [50.0, 0.0]])
    assert float(smoothed_cross_entropy(logits, tf.constant([0, -1]), 0.0)) == pytest.approx(np.log(2))
    assert float(smoothed_cross_entropy(logits, tf.constant([-1, -1]), 0.0)) == 0.0


def test_smoothing_gives_its_share_to_every_class():
    logits = tf.constant([[np.log(3.0), 0.0]], tf.float32)  # probabilities 3/4, 1/4
    expected = -(0.95 * np.log(0.75) + 0.05 * np.log(0.25))  # 10 % smoothed over two classes
    assert float(smoothed_cross_entropy(logits, tf.constant([0]), 0.1)) == pytest.approx(expected, rel=1e-5)


def test_the_adapter_recovers_a_linear_map():
    rng = np.random.default_rng(0)
    maps, kernel = rng.normal(size=(200, 4)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    fitted, bias = fit_adapter(maps, maps @ kernel + 2, penalty=1e-9)
    assert fitted == pytest.approx(kernel, abs=1e-4)
    assert bias == pytest.approx(np.full(3, 2.0), abs=1e-4)


def test_a_target_of_another_grid_is_resampled_and_keeps_its_mean():
    target = tf.reshape(tf.range(16, dtype=tf.float32), (1, 4, 4, 1))
    assert fitted_to(target, 4) is target
    assert fitted_to(target, 2).shape == (1, 2, 2, 1)
    assert float(tf.reduce_mean(fitted_to(target, 2))) == pytest.approx(7.5)
