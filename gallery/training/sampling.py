"""In which order an epoch sees its photos, and how much each one counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def epoch_order(
    labels: NDArray[np.int64], rng: np.random.Generator, *, oversample: bool
) -> NDArray[np.int64]:
    """Return positions in random order: each photo once, or, oversampled, every class equally often.

    Args:
        labels: class indices, (N,); -1 for a photo without a label, which comes once.
        rng: two of the same state give the same order.
        oversample: repeat the photos of smaller classes to the size of the
            largest: all of them as often as fits, the rest drawn without repetition.

    Returns:
        (M,) int64, M = N, or the unlabelled and the number of classes present times the largest class.
    """
    chosen = [np.arange(len(labels))]
    if oversample:
        counts = np.bincount(labels[labels >= 0])
        for label in np.flatnonzero(counts):
            members = np.flatnonzero(labels == label)
            whole, rest = divmod(int(counts.max() - counts[label]), len(members))
            chosen += [np.tile(members, whole), rng.choice(members, rest, replace=False)]
    return rng.permutation(np.concatenate(chosen)).astype(np.int64)


def class_weights(labels: NDArray[np.int64], class_count: int) -> NDArray[np.float32]:
    """Return each class's weight, N / (classes present x its photos), so that all count the same in sum.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2).round(3).tolist()
        [0.6669999957084656, 2.0]
    """
    counts = np.bincount(labels, minlength=class_count)
    present = np.count_nonzero(counts)
    return np.where(counts > 0, len(labels) / (present * np.maximum(counts, 1)), 0).astype(np.float32)
