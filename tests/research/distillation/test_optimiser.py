"""Muon's update is orthogonal and its size is the rate's; Adam's first step is the rate's."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from research.distillation.optimiser import MovingAverage, MuonAdam, orthogonalise
from research.distillation.schedule import TimeBudget, rate_factor

pytestmark = pytest.mark.network


def test_singular_values_come_out_near_one():
    gradient = np.random.default_rng(0).normal(size=(3, 3, 8, 16)).astype(np.float32)
    values = np.linalg.svd(orthogonalise(tf.constant(gradient)).numpy().reshape(72, 16), compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_a_kernel_moves_by_the_rate_as_a_share_of_its_norm():
    rng = np.random.default_rng(1)
    kernel = tf.Variable(rng.normal(size=(3, 3, 4, 8)).astype(np.float32))
    before = kernel.numpy().copy()
    gradient = tf.constant(rng.normal(size=(3, 3, 4, 8)).astype(np.float32))
    MuonAdam({"kernel": kernel}).apply({"kernel": gradient}, tf.constant(0.01), tf.constant(0.0))
    assert np.linalg.norm(kernel.numpy() - before) == pytest.approx(0.01 * np.linalg.norm(before), rel=1e-3)


def test_adams_first_step_is_the_rate_against_the_gradients_sign():
    bias = tf.Variable([1.0, 1.0])
    MuonAdam({"bias": bias}).apply({"bias": tf.constant([5.0, -0.01])}, tf.constant(0.0), tf.constant(0.1))
    assert bias.numpy() == pytest.approx([0.9, 1.1], abs=1e-4)


def test_the_average_is_short_at_first():
    value = tf.Variable([0.0])
    average = MovingAverage({"v": value}, decay=0.99)
    value.assign([1.0])
    average.update(tf.constant(0.0))  # decay 1 / 10
    assert average.values()["v"] == pytest.approx([0.9])


def test_the_rate_rises_then_falls_and_never_ends_above_its_floor():
    rates = [rate_factor(p) for p in np.linspace(0, 1.5, 200)]
    peak = int(np.argmax(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.005)


def test_a_resumed_budget_counts_the_earlier_minutes():
    assert TimeBudget(10.0, used_minutes=5.0).progress == pytest.approx(0.5, abs=0.01)
