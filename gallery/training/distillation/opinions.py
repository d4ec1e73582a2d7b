"""The teacher's ten-class opinion: of a head fitted to labelled photos, and of ImageNet's own classes.

A head fitted to a few sources learns their style too. With thirteen training sources left out one after the
other, the fitted head alone names 84.7 % of the left-out photos rightly, the sums of ImageNet's classes alone
80.8 %, the mixture below 89.0 %; their mean negative log likelihoods are 0.53, 0.64 and 0.37.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.settings import CLASS_NAMES

IMAGENET_GROUPS: Mapping[str, Sequence[int]] = {
    "dog": range(151, 269),
    "cat": range(281, 286),
    "horse": range(339, 340),
    "spider": range(72, 78),
    "butterfly": range(321, 327),
    "chicken": range(7, 9),
    "sheep": range(348, 350),
    "cow": range(345, 347),
    "squirrel": range(335, 336),
    "elephant": (101, 385, 386),  # a tusker is one too
}
"""The classes of ImageNet that show one of the ten animals."""

GROUP_SHARE = 0.3
"""The exponent of ImageNet's opinion; 0.2 to 0.5 differ little on sources left out."""

LEAST = 1e-9
"""No opinion makes a class less likely than that."""

HEAD_PENALTY = 1e-3
"""Inverse penalty of the fitted head, chosen with the share."""

Logits = NDArray[np.floating]


def log_softmax(logits: Logits) -> NDArray[np.float64]:
    """Return log probabilities over the last axis."""
    shifted = np.asarray(logits, np.float64) - np.max(logits, -1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def group_log_probabilities(thousand: Logits) -> NDArray[np.float64]:
    """Return (n, 10) log probabilities: the sums of each animal's ImageNet classes, scaled to sum to 1.

    Args:
        thousand: logits of ImageNet's classes, (n, 1000).
    """
    logs = log_softmax(thousand)
    sums = [np.logaddexp.reduce(logs[:, list(IMAGENET_GROUPS[name])], axis=1) for name in CLASS_NAMES]
    return log_softmax(np.stack(sums, axis=1))


def mixed_probabilities(ten: Logits, thousand: Logits, share: float = GROUP_SHARE) -> NDArray[np.float64]:
    """Return the normalised geometric mean of both opinions, (n, 10).

    Args:
        ten: logits of the fitted head, (n, 10).
        thousand: logits of ImageNet's classes, (n, 1000).
        share: the exponent of ImageNet's opinion, 0 to 1.
    """
    floor = np.log(LEAST)
    both = (1 - share) * np.maximum(log_softmax(ten), floor)
    both = both + share * np.maximum(group_log_probabilities(thousand), floor)
    return np.asarray(np.exp(log_softmax(both)))
