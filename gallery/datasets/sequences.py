"""Sequences: photos of one folder that were taken in one go, as a camera trap takes them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.types import FloatArray

SEQUENCE_GAP_S = 60.0
"""Two photos of a folder that were taken at most so long after each other belong to one sequence."""


def sequences_of(
    folders: Sequence[str], taken_at: Sequence[str | None], *, gap_s: float = SEQUENCE_GAP_S
) -> NDArray[np.int64]:
    """Return the number of the sequence that each photo belongs to, (n,), counted from 0.

    Args:
        folders: the folder that each photo lies in; a sequence lies in one.
        taken_at: ISO 8601, camera-local; a photo without a date is a sequence of its own.
        gap_s: the longest time, in seconds, between two photos of a sequence.

    Returns:
        Sequences are numbered by the first position of their photos.

    Example:
        >>> times = ["2024-05-01T06:00:00", "2024-05-01T06:00:59", "2024-05-01T06:03:00", None]
        >>> sequences_of(["a", "a", "a", "a"], times).tolist()
        [0, 0, 1, 2]
    """
    root = np.arange(len(folders), dtype=np.int64)
    when = [None if text is None else datetime.datetime.fromisoformat(text) for text in taken_at]
    last: dict[str, tuple[datetime.datetime, int]] = {}
    dated = ((moment, row) for row, moment in enumerate(when) if moment is not None)
    for moment, row in sorted(dated):
        before = last.get(folders[row])
        if before is not None and (moment - before[0]).total_seconds() <= gap_s:
            root[row] = root[before[1]]
        last[folders[row]] = moment, row
    _, first, of_root = np.unique(root, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[of_root].astype(np.int64)


def mean_of_sequences(probabilities: FloatArray, sequence: NDArray[np.int64]) -> FloatArray:
    """Return what a model says of each sequence: the softmax of the mean of its photos' logits.

    Logits differ from the logarithms of the probabilities by a number that is the same for all classes
    of a photo, which the softmax takes out again.

    Args:
        probabilities: (n, K), of each photo.
        sequence: (n,), as `sequences_of` gives it.

    Returns:
        (s, K) float32, rows sum to 1.

    Example:
        >>> photos = np.array([[0.8, 0.2], [0.2, 0.8], [0.9, 0.1]], np.float32)
        >>> mean_of_sequences(photos, np.array([0, 0, 1])).astype(float).round(2).tolist()
        [[0.5, 0.5], [0.9, 0.1]]
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
    sums = np.zeros((int(sequence.max(initial=-1)) + 1, probabilities.shape[1]))
    np.add.at(sums, sequence, logits)
    means = sums / np.bincount(sequence)[:, None]
    shares = np.exp(means - means.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
