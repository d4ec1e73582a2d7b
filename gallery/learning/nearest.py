"""The stored feature vectors nearest to one, by cosine: read through each time, or kept in an index.

Reading through is exact and needs nothing: 0.3 s for 100,000 photos of VGG16. Beyond that an index in memory
answers, one byte a channel, if the optional library faiss is there.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import warnings
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gallery.learning.likeness import units_of
from gallery.types import FloatArray

READ_THROUGH_UP_TO = 100_000
"""Vectors up to which an index would gain nothing that a person could notice."""

_CHUNK = 16_384  # rows at a time: 84 MB of EfficientNet-Lite2's 1,280 channels
_SAMPLE = 65_536  # rows from which the index learns the range of each channel

Vectors: TypeAlias = NDArray[np.float16]
"""(n, channels) as the catalog keeps them, best mapped from the disk."""


def nearest(
    vectors: Vectors, asked: FloatArray, count: int, among: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the rows nearest to one vector, the nearest first, and their cosines, by reading all.

    Args:
        vectors: any number of rows; a row of zeros has the cosine 0.
        asked: (channels,) of any length but zero.
        count: rows wanted; fewer come where there are fewer.
        among: only these rows; what comes back are positions in it.

    Example:
        >>> rows, cosines = nearest(np.array([[0, 1], [3, 4]], np.float16), np.array([0, 2], np.float32), 5)
        >>> rows.tolist(), [round(float(one), 3) for one in cosines]
        ([0, 1], [1.0, 0.8])
    """
    total = len(vectors) if among is None else len(among)
    unit = units_of(asked[None])[0]
    cosines = np.empty(total, np.float32)
    for start in range(0, total, _CHUNK):
        rows = slice(start, start + _CHUNK)
        read = vectors[rows if among is None else among[rows]]
        cosines[rows] = units_of(np.asarray(read, np.float32)) @ unit
    best = np.arange(total)
    if count < total:
        best = np.argpartition(-cosines, count)[:count]
    best = best[np.lexsort((best, -cosines[best]))]
    return best.astype(np.int64), cosines[best]


def has_index() -> bool:
    """Return whether the library that keeps vectors in an index is installed.

    Not on macOS, where it was not tried: its OpenMP beside scikit-learn's is said to end the process there.
    """
    return sys.platform != "darwin" and importlib.util.find_spec("faiss") is not None


class VectorIndex:
    """Vectors held in memory at one byte a channel; what it names nearest is to be ordered by exact cosines.

    May be asked from any thread, also while one adds to it.

    Args:
        vectors: what it begins with; more rows may be taken in later.
    """

    def __init__(self, vectors: Vectors) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the library's own binding
            import faiss

        self._turn = threading.Lock()
        kind = faiss.ScalarQuantizer.QT_8bit
        self._index: Any = faiss.IndexScalarQuantizer(vectors.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        step = max(1, -(-len(vectors) // _SAMPLE))
        self._index.train(units_of(np.asarray(vectors[::step], np.float32)))
        self.take_in(vectors)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def take_in(self, vectors: Vectors) -> None:
        """Add the rows that come after those it has.

        Args:
            vectors: all rows, also those that it has.
        """
        for start in range(len(self), len(vectors), _CHUNK):
            units = units_of(np.asarray(vectors[start : start + _CHUNK], np.float32))
            with self._turn:
                self._index.add(units)

    def nearest(self, asked: FloatArray, count: int) -> NDArray[np.int64]:
        """Return about the `count` rows nearest to one vector, (channels,), the nearest first."""
        with self._turn:
            _, rows = self._index.search(units_of(asked[None]), min(count, len(self)))
        return np.asarray(rows[0], np.int64)
