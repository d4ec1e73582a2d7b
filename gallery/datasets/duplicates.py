"""Which photos of a data set show the same picture, although their files may differ.

Three looks, each at what the one before left: near hashes, brightness in 8 x 8
cells, brightness in 32 x 32 cells. The last one tells the photos of a fixed
camera apart, whose background is the same and whose animal is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.pixel_store import DecodedSet, box_means

NEAR_BITS = 4
"""Two difference hashes that differ in so many bits of 64 or fewer are looked at closely."""

FLAT_BITS = 4
"""A hash with no more bits set, or clear, than this is of a picture too flat to be compared."""

ALIKE = 0.95
"""Least correlation of two pictures' brightness in 8 x 8 cells. Among 8,736 photos the true copies with a
near hash had 0.999 or more, chance meetings of smooth backgrounds 0.92 or less."""

STANDS_OUT = 8.0
"""A cell of 32 x 32 that differs by so many times as much as cells usually do shows something of its own.
Saved again or resized, a picture differs a little everywhere: 3 to 7 times at most. An animal elsewhere
before a still background is a difference in few cells: 9 to 20 times."""

UNSEEN = 10.0
"""So many grey levels more are no difference to speak of: noise, and the marks of JPEG."""

PLAIN_TO_SEE = 80.0
"""A cell that differs by so many grey levels is a difference, however much others do: a large animal."""

PARTNERS = 200
"""A photo is compared with so many later ones of a near hash, the nearest: a fixed camera has thousands."""

_BLOCK = 512
_CELLS = 32


def duplicate_groups(decoded: DecodedSet) -> list[tuple[int, ...]]:
    """Return the rows that show the same picture: equal files, or near hashes that a closer look confirms."""
    return groups_of(decoded.photo_ids, _confirmed(decoded, near_pairs(decoded.hashes)))


def near_pairs(hashes: NDArray[np.uint64], *, bits: int = NEAR_BITS) -> NDArray[np.int64]:
    """Return the pairs of rows whose hashes differ in at most ``bits`` bits, (M, 2), by first row.

    Flat pictures have no pair, and no row more than `PARTNERS` with later ones.

    Example:
        >>> near_pairs(np.array([0xFF00, 0xFF0F, 0xFFFF], np.uint64)).tolist()
        [[0, 1], [1, 2]]
    """
    ones = np.bitwise_count(hashes)
    rows = np.flatnonzero((ones > FLAT_BITS) & (ones < 64 - FLAT_BITS))
    used = hashes[rows]
    pairs = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(rows), _BLOCK):
        block = used[start : start + _BLOCK]
        differing = np.bitwise_count(block[:, None] ^ used[None, start:])
        near = np.triu(differing <= bits, k=1)
        for one in np.flatnonzero(near.any(axis=1)):
            others = np.flatnonzero(near[one])
            if len(others) > PARTNERS:
                others = others[np.sort(np.argsort(differing[one, others], kind="stable")[:PARTNERS])]
            pairs.append(
                np.stack([np.full(len(others), rows[start + one]), rows[start + others]], 1).astype(np.int64)
            )
    return np.concatenate(pairs)


def groups_of(photo_ids: Sequence[str], pairs: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Return the groups of two rows or more that equal ids and pairs tie together.

    Likeness is carried on: if a is like b and b like c, the three are one group.

    Args:
        photo_ids: SHA-256 of each file.
        pairs: rows that show the same picture.

    Returns:
        Rows, ascending in each group and by first row.
    """
    first: dict[str, int] = {}
    equal = [(row, first.setdefault(photo_id, row)) for row, photo_id in enumerate(photo_ids)]
    ties = np.array([*equal, *pairs], np.int64).reshape(-1, 2)
    groups: dict[int, list[int]] = {}
    for row, group in enumerate(tied_together(len(photo_ids), ties).tolist()):
        groups.setdefault(group, []).append(row)
    return [tuple(rows) for rows in groups.values() if len(rows) > 1]


def tied_together(count: int, ties: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a group number of each of some things, (count,), equal for those that a chain of ties joins.

    Args:
        count: how many things there are.
        ties: pairs of them, (m, 2).

    Example:
        >>> tied_together(5, np.array([[0, 3], [3, 4]])).tolist()
        [0, 1, 2, 0, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    tied = coo_array((np.ones(len(ties), np.bool_), (ties[:, 0], ties[:, 1])), shape=(count, count))
    return np.asarray(connected_components(tied, directed=False)[1], np.int64)


def _confirmed(decoded: DecodedSet, pairs: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return the pairs that show one picture; each photo is looked at once, however many are near it."""
    rows, places = np.unique(pairs, return_inverse=True)
    cells = np.zeros((len(rows), _CELLS, _CELLS), np.float16)
    for place, row in enumerate(rows):
        cells[place] = brightness_cells(decoded.images(np.array([row]))[0])
    confirmed = []
    ends = np.flatnonzero(np.diff(pairs[:, 0])) + 1
    for near in np.split(places.reshape(-1, 2), ends) if len(pairs) else []:
        one, others = near[0, 0], near[:, 1]
        same = same_as(cells[one].astype(np.float32), cells[others].astype(np.float32))
        confirmed += [(int(rows[one]), int(rows[other])) for other in others[same]]
    return confirmed


def brightness_cells(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the brightness of 32 x 32 cells less its mean, 0 to 255, (32, 32)."""
    height, width = picture.shape[:2]
    grey = picture.mean(axis=2, dtype=np.float32)
    means = box_means(height, _CELLS) @ grey @ box_means(width, _CELLS).T
    return np.asarray(means - means.mean(), np.float32)


def likeness(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the correlations of one picture's cells, (32, 32), with those of n others, (n,)."""
    a, b = (cells.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(-1, 64) for cells in (one, others))
    spread = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return np.asarray((a * b).sum(1) / np.where(spread > 0, spread, 1), np.float32)


def same_as(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which of n others, (n, 32, 32), show what one does, whatever their brightness and contrast."""
    a, b = one.reshape(1, -1), others.reshape(len(others), -1)
    spread_a, spread_b = a.std(axis=1, keepdims=True), b.std(axis=1, keepdims=True)
    least = np.minimum(spread_a, spread_b)  # greys of the paler one of the two
    unlike = np.abs(a * (least / np.maximum(spread_a, 1e-6)) - b * (least / np.maximum(spread_b, 1e-6)))
    most, usual = unlike.max(axis=1), np.sqrt((unlike**2).mean(axis=1))
    differs = (most > STANDS_OUT * usual + UNSEEN) | (most > PLAIN_TO_SEE)
    return np.asarray((likeness(one, others) >= ALIKE) & ~differs)
