"""A head fitted anew on stored features: what the old one says, and a linear part that people's labels teach.

    logits_new(f) = logits_old(f) + W (f - mean) / deviation + b

W and b minimise the cross-entropy on the labelled photos, and on the features of
training photos that the shipped models carry, plus a penalty on W: without labels
the new head is the old one. The problem is convex; L-BFGS solves it in a second.
The numbers below were chosen on sources of photos that a head had not learnt from
(docs/learning.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.learning.head import Head
from gallery.types import FloatArray

LABEL_COUNTS = 60.0
"""A label counts as so many remembered training photos: twenty must be heard among a thousand."""

OPINION_COUNTS = 0.3
"""What a head without remembered photos keeps of its opinion on a photo without a label."""

PENALTY = 0.1
"""On the squares of W, per unit of weight."""

BIAS_PENALTY = 0.001
"""On the squares of b: classes may be more or less frequent than they were."""

MOST_STEPS = 200
"""The fits took 20 to 50."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Features with what a head should say of them.

    Attributes:
        features: (n, channels).
        targets: (n, K), rows sum to 1.
        weights: (n,), what each counts.
    """

    features: FloatArray
    targets: FloatArray
    weights: FloatArray

    def __add__(self, other: Examples) -> Examples:
        return Examples(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.weights, other.weights]),
        )


def labelled(features: FloatArray, class_indices: NDArray[np.integer], classes: int, each: float) -> Examples:
    """Return examples of one class each, all of the same weight."""
    targets = np.eye(classes, dtype=np.float32)[class_indices]
    return Examples(features, targets, np.full(len(features), each, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """By which features of different spread are made comparable.

    Attributes:
        mean: (channels,).
        deviation: (channels,) > 0.
    """

    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, features: FloatArray) -> Scale:
        """Return that of many photos' features, (n, channels)."""
        return cls(features.mean(axis=0), features.std(axis=0) + np.float32(1e-3))


def fit_head(old: Head, examples: Examples, scale: Scale) -> Head:
    """Return the head that examples make of an old one.

    Args:
        old: with the classes of the targets.
        examples: one or more.
        scale: of the features that the old head was made for.

    Raises:
        TrainingError: the features are not finite, or do not fit the head.
    """
    from scipy.optimize import minimize  # here and below: the first page that is opened waits for none of it
    from scipy.special import log_softmax
    from threadpoolctl import threadpool_limits

    channels, classes = old.fc1_kernel.shape[0], len(old.class_names)
    if examples.features.shape[1] != channels or not np.isfinite(examples.features).all():
        raise TrainingError(
            f"The stored features, {examples.features.shape}, do not fit the head, which takes {channels} "
            "finite numbers a photo. Tag the photos again with this model."
        )
    inputs = (examples.features - scale.mean) / scale.deviation  # (n, channels)
    offsets = old.scores(examples.features)  # (n, K)
    share = (examples.weights / examples.weights.sum())[:, np.newaxis]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        kernel = flat[:-classes].reshape(channels, classes).astype(np.float32)
        bias = flat[-classes:].astype(np.float32)
        log_p = log_softmax(offsets + inputs @ kernel + bias, axis=1)
        value = -float((share * examples.targets * log_p).sum(dtype=np.float64))
        value += PENALTY / 2 * float((kernel**2).sum()) + BIAS_PENALTY / 2 * float((bias**2).sum())
        slope = share * (np.exp(log_p) - examples.targets)
        return value, np.concatenate(
            [(inputs.T @ slope + PENALTY * kernel).ravel(), slope.sum(axis=0) + BIAS_PENALTY * bias]
        ).astype(np.float64)

    start = np.zeros((channels + 1) * classes)
    with threadpool_limits(1):  # the products are small: on a busy machine threads wait for each other
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS}).x
    kernel = found[:-classes].reshape(channels, classes) / scale.deviation[:, np.newaxis]
    bias = found[-classes:] - scale.mean @ kernel
    return old.plus(kernel.astype(np.float32), bias.astype(np.float32))
