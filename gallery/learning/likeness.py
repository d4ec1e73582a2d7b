"""Photos like others by their features: near duplicates, look-alikes, and what is unlike anything learnt.

A softmax is sure of one of its classes whatever it sees. How near the nearest known photos are tells more:
left out in turn, each of the ten classes is told from the other nine (docs/learning.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.types import FloatArray

NEAR_COSINE = 0.93
"""Features as like as this are of one animal a moment later, or of a copy: of 10,061 labelled photos, all
136 such pairs (EfficientNet-Lite2) and all 176 (VGG16) are of one class."""

LIKE_COSINE = 0.6
"""Least cosine of a photo that is offered as a look-alike. Under the least certain ones of 900 photos that
the light model had not learnt from, 96 % of those with 0.6 to 0.7 showed the same animal, 87 % of those with
0.5 to 0.6."""

NEAREST = 5
"""Known photos whose mean cosine counts: a single one may be an odd photo itself."""


def units_of(features: FloatArray) -> FloatArray:
    """Return rows of length 1, (n, channels); a row of zeros stays one."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.where(lengths > 0, lengths, 1), np.float32)


def likeness(features: FloatArray, known: FloatArray) -> FloatArray:
    """Return the mean cosine of each photo and the nearest ones of those that a model knows, (n,), at most 1.

    Args:
        features: (n, channels).
        known: (m, channels), of length 1 (`units_of`).
    """
    cosines = units_of(features) @ known.T  # (n, m)
    count = min(NEAREST, cosines.shape[1])
    return np.asarray(np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Near:
    """What lies near one photo among others of its predicted class.

    Attributes:
        together: rows of its near duplicates.
        alike: rows of the others that are most like it, the nearest first.
    """

    together: tuple[int, ...]
    alike: tuple[int, ...]


def near_photos(
    rows: NDArray[np.int64],
    features: FloatArray,
    class_indices: NDArray[np.integer],
    chunks: Iterable[tuple[slice, FloatArray]],
    *,
    count: int,
) -> list[Near]:
    """Return what lies near each of some photos among all that wait with them.

    Args:
        rows: (k,) which of the n waiting photos are asked about.
        features: (k, channels) theirs.
        class_indices: (n,) the predicted class of every waiting photo.
        chunks: the features of all waiting photos, some at a time, with their rows.
        count: look-alikes of each, at most.
    """
    asked = units_of(features)
    together: list[list[int]] = [[] for _ in rows]
    best = np.full((len(rows), count), -1.0, np.float32)
    nearest = np.zeros((len(rows), count), np.int64)
    for part, some in chunks:
        others = np.arange(part.start, part.stop)
        cosines = asked @ units_of(some).T  # (k, m)
        cosines[class_indices[rows][:, np.newaxis] != class_indices[part]] = -1
        cosines[rows[:, np.newaxis] == others] = -1
        duplicates = cosines >= NEAR_COSINE
        for place, other in np.argwhere(duplicates).tolist():
            together[place].append(int(others[other]))
        cosines[duplicates] = -1
        best = np.concatenate([best, cosines], axis=1)
        nearest = np.concatenate([nearest, np.broadcast_to(others, cosines.shape)], axis=1)
        kept = np.argsort(-best, axis=1, kind="stable")[:, :count]
        best = np.take_along_axis(best, kept, axis=1)
        nearest = np.take_along_axis(nearest, kept, axis=1)
    return [
        Near(tuple(together[place]), tuple(nearest[place, best[place] >= LIKE_COSINE].tolist()))
        for place in range(len(rows))
    ]
