"""Which photos a person should see next, and why.

The least certain come first: of the orders that were tried, that corrects most with the fewest labels
(docs/learning.md). Every tenth is drawn at random, since a model is never unsure of what it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gallery.learning.likeness import units_of
from gallery.types import FloatArray

RANDOM_EACH = 10
"""One photo in so many is drawn at random."""

WITNESSES = 5
"""Nearest labelled photos that are asked."""

NEAR = 0.6
"""Least cosine of a labelled photo that is asked."""


class Reason(StrEnum):
    """Why a photo is next; the value is what people read."""

    UNSURE = "unsure"
    CONTRADICTED = "its nearest photos are labelled otherwise"
    ODD = "unlike anything learnt"
    SEQUENCE = "its sequence disagrees"
    RANDOM = "random check"


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo of the queue.

    Attributes:
        row: among the photos without a label.
        random: it was drawn, not chosen.
    """

    row: int
    random: bool


def margins(probabilities: FloatArray) -> NDArray[np.float32]:
    """Return how far the first class is ahead of the second, (n,), 0 for a tie."""
    highest = np.partition(probabilities, -2, axis=1)
    return np.asarray(highest[:, -1] - highest[:, -2], np.float32)


def contradicted(
    class_indices: NDArray[np.integer],
    features: FloatArray,
    labelled_features: FloatArray,
    labels: NDArray[np.integer],
) -> NDArray[np.bool_]:
    """Return which photos have a tag that most of their nearest labelled photos do not bear, (n,).

    Args:
        class_indices: (n,) what the model says.
        features: (n, channels).
        labelled_features: (m, channels).
        labels: (m,) what people say of those, in the same classes.
    """
    if not len(labels):
        return np.zeros(len(features), np.bool_)
    cosines = units_of(features) @ units_of(labelled_features).T
    count = min(WITNESSES, cosines.shape[1])
    near = np.argpartition(cosines, -count, axis=1)[:, -count:]
    asked = np.take_along_axis(cosines, near, axis=1) >= NEAR
    against = asked & (labels[near] != np.asarray(class_indices)[:, np.newaxis])
    return np.asarray((asked.sum(axis=1) > 0) & (against.sum(axis=1) * 2 > asked.sum(axis=1)))


def review_order(probabilities: FloatArray, count: int, *, seed: int = 0) -> list[Asked]:
    """Return the next photos for a person.

    Args:
        probabilities: (n, K) of the photos without a label.
        count: how many at most.
        seed: of the random checks.
    """
    unsure = iter(np.argsort(margins(probabilities), kind="stable").tolist())
    drawn = iter(np.random.default_rng(seed).permutation(len(probabilities)).tolist())
    queue: dict[int, Asked] = {}
    while len(queue) < min(count, len(probabilities)):
        random = len(queue) % RANDOM_EACH == RANDOM_EACH - 1
        row = next(one for one in (drawn if random else unsure) if one not in queue)
        queue[row] = Asked(row, random)
    return list(queue.values())
