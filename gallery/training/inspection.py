"""A look at a data set before training: counts, sizes, unreadable files, duplicates, leaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.training.labelled_data import Part
from gallery.training.pixel_store import DecodedSet
from gallery.types import SkippedFile

NEAR_BITS = 4
"""Two difference hashes that differ in so many bits of 64 or fewer are taken for one picture."""

FLAT_BITS = 4
"""A hash with no more bits set, or clear, than this is of a picture too flat to be compared."""

ALIKE = 0.95
"""Least correlation of two pictures' brightness in 8 x 8 cells. Among 8,736 photos the true copies with a
near hash had 0.999 or more, chance meetings of smooth backgrounds 0.92 or less."""

SMALL_PX = 64
"""A photo with a shorter side is called small: enlarged to 224 it shows little."""

UNEQUAL = 1.5
"""From this many photos of the largest class for one of the smallest, the classes are called unequal."""

FEW = 20
"""A class with fewer photos cannot be learnt well, and its recall is known to 20 percentage points only."""

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Photos that show the same picture.

    Attributes:
        indices: rows of the data set, ascending.
        exact: all files are equal byte by byte.
        labels: the different labels that they bear; more than one is a contradiction.
        parts: the different parts that they lie in, where there is a split.
    """

    indices: tuple[int, ...]
    exact: bool
    labels: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    @property
    def contradicts(self) -> bool:
        return len(self.labels) > 1

    @property
    def leaks(self) -> bool:
        """Whether photos to judge by are also photos to learn from."""
        return len([part for part in self.parts if part is not Part.LEFT_OUT]) > 1


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a person should know of a data set before an hour is spent on it.

    Attributes:
        counts: readable photos of each class.
        part_counts: the same for each part, where there is a split.
        smallest_px, median_px, largest_px: (width, height), by area.
        small: rows of photos with a side under `SMALL_PX`.
        skipped: files that could not be read.
        duplicates: exact and near ones, the largest group first.
        problems: sentences about labels and folders.
    """

    counts: dict[str, int]
    part_counts: dict[Part, dict[str, int]]
    smallest_px: tuple[int, int]
    median_px: tuple[int, int]
    largest_px: tuple[int, int]
    small: tuple[int, ...]
    skipped: tuple[SkippedFile, ...]
    duplicates: tuple[DuplicateGroup, ...]
    problems: tuple[str, ...]

    @property
    def imbalance(self) -> float:
        """The largest class's photos for each one of the smallest."""
        return max(self.counts.values()) / max(1, min(self.counts.values()))

    @property
    def balance(self) -> str:
        """Return how unequal the classes are, in a sentence with its remedy."""
        least = min(self.counts, key=lambda name: self.counts[name])
        most = max(self.counts, key=lambda name: self.counts[name])
        if self.imbalance < UNEQUAL:
            return "The classes are about equally large."
        return (
            f"Unequal classes: {self.imbalance:.1f} photos of {most} for each one of {least}. A network "
            "learns the large class better; oversampling or class weights in the recipe make up for it."
        )

    def summary(self) -> list[str]:
        """Return the findings as sentences, the harmless ones first."""
        total = sum(self.counts.values())
        lines = [
            f"{total} photos in {len(self.counts)} classes, {min(self.counts.values())} to "
            f"{max(self.counts.values())} each; sizes from {_by(self.smallest_px)} to "
            f"{_by(self.largest_px)}, typically {_by(self.median_px)} pixels."
        ]
        if self.small:
            are = _many(len(self.small), "photo is", "photos are")
            lines.append(f"{are} smaller than {SMALL_PX} pixels on one side.")
        if self.skipped:
            lines.append(
                "1 file could not be read and is left out."
                if len(self.skipped) == 1
                else f"{len(self.skipped)} files could not be read and are left out."
            )
        for exact, kind in ((True, "byte by byte the same"), (False, "nearly the same picture")):
            groups = [group for group in self.duplicates if group.exact is exact]
            if groups:
                photos = sum(len(group.indices) for group in groups)
                lines.append(f"{photos} photos in {_many(len(groups), 'group', 'groups')} are {kind}.")
        if contradictions := sum(group.contradicts for group in self.duplicates):
            bear = _many(contradictions, "group of duplicates bears", "groups of duplicates bear")
            lines.append(f"{bear} different labels: one must be wrong.")
        if leaks := sum(group.leaks for group in self.duplicates):
            lie = _many(leaks, "group of duplicates lies", "groups of duplicates lie")
            lines.append(f"{lie} on both sides of the split.")
        if few := [name for name, count in self.counts.items() if count < FEW]:
            lines.append(f"Fewer than {FEW} photos: {', '.join(few)}. Add some for a model to rely on.")
        return [*lines, *self.problems]

    def to_json(self) -> dict[str, Any]:
        """Return the findings for ``--json``."""
        return {
            "counts": self.counts,
            "parts": {part.value: counts for part, counts in self.part_counts.items()},
            "small": len(self.small),
            "skipped": [
                {"path": str(file.path), "reason": file.reason.value, "detail": file.detail}
                for file in self.skipped
            ],
            "exact_duplicates": sum(group.exact for group in self.duplicates),
            "near_duplicates": sum(not group.exact for group in self.duplicates),
            "contradictions": sum(group.contradicts for group in self.duplicates),
            "leaks": sum(group.leaks for group in self.duplicates),
            "problems": list(self.problems),
        }


def inspect_set(decoded: DecodedSet, parts: Sequence[Part] | None = None) -> Inspection:
    """Return what is known of a decoded data set.

    Args:
        decoded: at least one photo of each class.
        parts: what each photo is used for; None where nothing is split yet.
    """
    labels = [photo.label for photo in decoded.data.photos]
    groups = []
    for indices in duplicate_groups(decoded):
        ids = {decoded.photo_ids[i] for i in indices}
        groups.append(
            DuplicateGroup(
                indices=indices,
                exact=len(ids) == 1,
                labels=tuple(sorted({labels[i] for i in indices})),
                parts=tuple(sorted({parts[i] for i in indices})) if parts is not None else (),
            )
        )
    by_area = np.argsort(decoded.widths_px * decoded.heights_px, kind="stable")
    shorter = np.minimum(decoded.widths_px, decoded.heights_px)

    def size_of(rank: int) -> tuple[int, int]:
        row = by_area[rank]
        return int(decoded.widths_px[row]), int(decoded.heights_px[row])

    return Inspection(
        counts=decoded.data.counts,
        part_counts=_part_counts(decoded, parts),
        smallest_px=size_of(0),
        median_px=size_of(len(by_area) // 2),
        largest_px=size_of(-1),
        small=tuple(np.flatnonzero(shorter < SMALL_PX).tolist()),
        skipped=decoded.skipped,
        duplicates=tuple(sorted(groups, key=lambda group: (-len(group.indices), group.indices))),
        problems=decoded.data.problems,
    )


def duplicate_groups(decoded: DecodedSet) -> list[tuple[int, ...]]:
    """Return the rows that show the same picture: equal files, or near hashes that a closer look confirms.

    The answer for the last set is kept: a split, its inspection and every other
    split of the same photos ask for it.
    """
    global _last_groups
    known, groups = _last_groups
    if known is not decoded:
        groups = groups_of(decoded.photo_ids, _confirmed(decoded, near_pairs(decoded.hashes)))
        _last_groups = (decoded, groups)
    return list(groups)


_last_groups: tuple[DecodedSet | None, list[tuple[int, ...]]] = (None, [])


def _confirmed(decoded: DecodedSet, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs whose pictures are alike; each photo is looked at once, however many are near it."""
    cells = {
        row: _cell_means(decoded.images(np.array([row]))[0]) for row in sorted({r for p in pairs for r in p})
    }
    return [(one, other) for one, other in pairs if _correlation(cells[one], cells[other]) >= ALIKE]


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the correlation of two pictures' brightness in 8 x 8 cells, -1 to 1; 0 if one is flat.

    Args:
        one: (height, width, 3) RGB; the last rows and columns that fill no cell are left out.
        other: likewise, of any size.
    """
    return _correlation(_cell_means(one), _cell_means(other))


def _cell_means(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the brightness of 8 x 8 cells less its mean, (8, 8)."""
    height, width = (side // 8 for side in picture.shape[:2])
    grey = picture[: 8 * height, : 8 * width].mean(axis=2)
    means = grey.reshape(8, height, 8, width).mean(axis=(1, 3))
    return np.asarray(means - means.mean(), np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / spread if spread > 0 else 0.0


def groups_of(photo_ids: Sequence[str], pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Return the groups of two rows or more that equal ids and pairs tie together.

    Likeness is carried on: if a is like b and b like c, the three are one group.

    Args:
        photo_ids: SHA-256 of each file.
        pairs: rows that show the same picture.

    Returns:
        Rows, ascending in each group and by first row.
    """
    leader = list(range(len(photo_ids)))

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    first: dict[str, int] = {}
    ties = [(row, first.setdefault(photo_id, row)) for row, photo_id in enumerate(photo_ids)]
    for one, other in (*ties, *pairs):
        a, b = find(one), find(other)
        leader[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for row in range(len(photo_ids)):
        groups.setdefault(find(row), []).append(row)
    return [tuple(rows) for rows in groups.values() if len(rows) > 1]


def near_pairs(hashes: NDArray[np.uint64], *, bits: int = NEAR_BITS) -> list[tuple[int, int]]:
    """Return every pair of rows whose hashes differ in at most ``bits`` bits; flat pictures have no pair.

    Example:
        >>> near_pairs(np.array([0xFF00, 0xFF0F, 0xFFFF], np.uint64))
        [(0, 1), (1, 2)]
    """
    ones = np.bitwise_count(hashes)
    rows = np.flatnonzero((ones > FLAT_BITS) & (ones < 64 - FLAT_BITS))
    used = hashes[rows]
    pairs = []
    for start in range(0, len(rows), _BLOCK):
        block = used[start : start + _BLOCK]
        near = np.bitwise_count(block[:, None] ^ used[None, start:]) <= bits
        for one, other in np.argwhere(np.triu(near, k=1)):
            pairs.append((int(rows[start + one]), int(rows[start + other])))
    return pairs


def _part_counts(decoded: DecodedSet, parts: Sequence[Part] | None) -> dict[Part, dict[str, int]]:
    if parts is None:
        return {}
    counts = {part: dict.fromkeys(decoded.data.class_names, 0) for part in Part if part in parts}
    for photo, part in zip(decoded.data.photos, parts, strict=True):
        counts[part][photo.label] += 1
    return counts


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
