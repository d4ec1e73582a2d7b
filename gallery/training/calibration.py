"""The temperature that makes a network's probabilities honest, fitted on validation photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.05, 20.0
"""Beyond these a temperature says that something else is wrong."""


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logarithms of the probabilities, (N, K), row by row."""
    shifted = np.asarray(logits, np.float64) - np.max(logits, axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def cross_entropy(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the mean negative log probability of the true classes, nats.

    Example:
        >>> round(cross_entropy(np.zeros((3, 4)), np.array([0, 1, 3])), 6)  # ln 4
        1.386294
    """
    return float(-log_softmax(logits)[np.arange(len(labels)), labels].mean())


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return T that minimises the cross-entropy of softmax(logits / T) (Guo et al. 2017).

    The labels count for (n + 1) / (n + 2), the other classes share the rest
    (Platt 1999): n photos that are all right do not prove that the network
    never errs, and would otherwise make it claim that. The function of ln T
    has one minimum on practical data; golden-section search finds it.

    Args:
        logits: (N, K), of photos that were not trained on.
        labels: true class indices, (N,).

    Returns:
        Within `LOWEST` and `HIGHEST`, to 0.1 %.
    """
    golden = (5**0.5 - 1) / 2
    low, high = np.log(LOWEST), np.log(HIGHEST)

    doubt = 1 / (len(labels) + 2)
    targets = np.full(np.shape(logits), doubt / (np.shape(logits)[1] - 1))
    targets[np.arange(len(labels)), labels] = 1 - doubt

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(np.asarray(logits, np.float64) / np.exp(log_temperature))
        return float(-(targets * scaled).sum(1).mean())

    one, other = high - golden * (high - low), low + golden * (high - low)
    loss_one, loss_other = loss(one), loss(other)
    while high - low > 1e-3:
        if loss_one <= loss_other:
            high, other, loss_other = other, one, loss_one
            one = high - golden * (high - low)
            loss_one = loss(one)
        else:
            low, one, loss_one = one, other, loss_other
            other = low + golden * (high - low)
            loss_other = loss(other)
    return float(np.exp((low + high) / 2))
