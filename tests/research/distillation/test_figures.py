"""The card's figures against hand calculations and a second implementation."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from research.distillation.figures import (
    expected_calibration_error,
    fit_temperature,
    macro_recall,
    recall_by_class,
    softmax,
    wilson_interval,
)


def test_softmax_divides_by_the_temperature():
    assert softmax(np.array([[2.0, 0.0]], np.float32), 2.0)[0, 0] == pytest.approx(np.e / (np.e + 1))


def test_the_temperature_undoes_a_scaling_of_calibrated_logits():
    # 80 % of photos are right where the logits say 80 %; of three times these logits the temperature is 3
    logits = np.tile(np.array([[np.log(4.0), 0.0]], np.float32), (100, 1))
    labels = np.array([0] * 80 + [1] * 20)
    assert fit_temperature(3 * logits, labels) == pytest.approx(3.0, rel=0.011)


def test_calibration_error_weighs_bins_by_their_photos():
    probabilities = np.array([[0.9, 0.1]] * 3 + [[0.6, 0.4]])
    # bin of 0.9: 2 of 3 right, gap |2.7 - 2| = 0.7; bin of 0.6: right, gap |0.6 - 1| = 0.4; sum / 4
    assert expected_calibration_error(probabilities, np.array([0, 0, 1, 0])) == pytest.approx(1.1 / 4)


def test_wilson_interval_of_none_and_all():
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_macro_recall_is_scikit_learns():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    expected = recall_score(labels, predicted, average="macro")
    assert macro_recall(predicted, labels) == pytest.approx(expected, abs=1e-4)
    assert recall_by_class(predicted, labels)["dog"]["n"] == (labels == 0).sum()
