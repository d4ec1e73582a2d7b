"""Sequences: photos of one folder that were taken in one go, as a camera trap takes them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
    first: dict[int, int] = {}
    for row, one in enumerate(root.tolist()):
        first.setdefault(one, row)
    number = {one: n for n, one in enumerate(sorted(first, key=first.__getitem__))}
    return np.array([number[one] for one in root.tolist()], np.int64)
