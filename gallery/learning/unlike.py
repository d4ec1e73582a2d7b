"""Photos unlike anything learnt: far, by features, from every remembered training photo.

A softmax is sure of one of its classes whatever it sees. How near the nearest known photos are tells more:
left out in turn, each of the ten classes is told from the other nine (docs/learning.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gallery.types import FloatArray

NEAREST = 5
"""Known photos whose mean cosine counts: a single one may be an odd photo itself."""


def units_of(features: FloatArray) -> FloatArray:
    """Return rows of length 1, (n, channels); a row of zeros stays one."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.where(lengths > 0, lengths, 1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What a model has learnt from, to which photos are held.

    Attributes:
        units: (m, channels) features of length 1.
    """

    units: FloatArray

    @classmethod
    def of(cls, features: FloatArray) -> Known:
        return cls(units_of(features))

    def likeness(self, features: FloatArray) -> FloatArray:
        """Return the mean cosine of each photo and its nearest known ones, (n,), at most 1."""
        cosines = units_of(features) @ self.units.T  # (n, m)
        count = min(NEAREST, cosines.shape[1])
        return np.asarray(np.partition(cosines, -count, axis=1)[:, -count:].mean(axis=1), np.float32)
