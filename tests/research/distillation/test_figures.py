"""The card's figures against hand calculations and a second implementation."""

import numpy as np
import pytest
from sklearn.metrics import recall_score

from research.distillation.figures import (
    macro_recall,
    recall_by_class,
)


def test_macro_recall_is_scikit_learns():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    expected = recall_score(labels, predicted, average="macro")
    assert macro_recall(predicted, labels) == pytest.approx(expected, abs=1e-4)
    assert recall_by_class(predicted, labels)["dog"]["n"] == (labels == 0).sum()
