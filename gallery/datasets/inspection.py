"""The inspection of a data set before training: counts, sizes, unreadable files, duplicates, leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gallery.datasets.labelled import Part
from gallery.datasets.pixel_store import DecodedSet
from gallery.settings import FEW_PHOTOS
from gallery.types import SkippedFile
from gallery.words import counted

SMALL_PX = 64
"""A photo with a shorter side is called small: enlarged to 224 it shows little."""

UNEQUAL = 1.5
"""From this many photos of the largest class for one of the smallest, the classes are called unequal."""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Photos that show the same picture.

    Attributes:
        indices: rows of the data set, ascending.
        exact: all files are equal byte by byte.
        labels: the different labels that they bear.
        contradicts: equal files bear different labels: one must be wrong. Of nearly the same
            picture both may be right: an animal that came into view.
        parts: the different parts that they lie in, where there is a split.
    """

    indices: tuple[int, ...]
    exact: bool
    labels: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    contradicts: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether nearly the same picture has different labels, which a person should check."""
        return len(self.labels) > 1 and not self.contradicts

    @property
    def leaks(self) -> bool:
        """Whether validation or test photos are also training photos."""
        return len([part for part in self.parts if part is not Part.LEFT_OUT]) > 1


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a person should know of a data set before an hour is spent on it.

    Attributes:
        counts: readable photos of each class.
        part_counts: the same for each part, where there is a split.
        smallest_px, median_px, largest_px: (width, height) of one photo, by area.
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
    def copies(self) -> list[tuple[int, ...]]:
        """Return the rows of `duplicates` as `duplicate_groups` gave them."""
        return sorted(group.indices for group in self.duplicates)

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
            return "The classes are balanced."
        return (
            f"Class imbalance: {self.imbalance:.1f} photos of {most} for each one of {least}. Oversampling "
            "or class weights in the recipe reduce its effect."
        )

    @property
    def _sizes(self) -> str:
        if self.smallest_px == self.largest_px:
            return f"all have {_by(self.median_px)} pixels"
        return (
            f"the smallest has {_by(self.smallest_px)} pixels, the largest {_by(self.largest_px)}, "
            f"half of them {_by(self.median_px)} or fewer"
        )

    def summary(self) -> list[str]:
        """Return the findings as sentences, the harmless ones first."""
        total = sum(self.counts.values())
        lines = [
            f"{total} photos in {len(self.counts)} classes, {min(self.counts.values())} to "
            f"{max(self.counts.values())} each; {self._sizes}."
        ]
        if self.small:
            are = counted(len(self.small), "photo is", "photos are")
            lines.append(f"{are} smaller than {SMALL_PX} pixels on one side.")
        if self.skipped:
            files = counted(
                len(self.skipped), "file could not be read and is", "files could not be read and are"
            )
            lines.append(f"{files} left out.")
        for exact, kind in ((True, "byte by byte the same"), (False, "nearly the same picture")):
            groups = [group for group in self.duplicates if group.exact is exact]
            if groups:
                photos = sum(len(group.indices) for group in groups)
                lines.append(f"{photos} photos in {counted(len(groups), 'group', 'groups')} are {kind}.")
        if contradictions := sum(group.contradicts for group in self.duplicates):
            bear = counted(contradictions, "group of equal files has", "groups of equal files have")
            lines.append(f"{bear} different labels: one must be wrong.")
        if doubtful := sum(group.doubtful for group in self.duplicates):
            bear = counted(
                doubtful, "group of nearly equal pictures has", "groups of nearly equal pictures have"
            )
            lines.append(f"{bear} different labels: please check.")
        if leaks := sum(group.leaks for group in self.duplicates):
            lie = counted(leaks, "group of duplicates lies", "groups of duplicates lie")
            lines.append(f"{lie} on both sides of the split.")
        if few := [name for name, count in self.counts.items() if count < FEW_PHOTOS]:
            lines.append(
                f"Fewer than {FEW_PHOTOS} photos: {', '.join(few)}. Add some for a model to rely on."
            )
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
            "near_with_other_labels": sum(group.doubtful for group in self.duplicates),
            "leaks": sum(group.leaks for group in self.duplicates),
            "problems": list(self.problems),
        }


def inspect_set(
    decoded: DecodedSet, copies: Sequence[tuple[int, ...]], parts: Sequence[Part] | None = None
) -> Inspection:
    """Return what is known of a decoded data set.

    Args:
        decoded: at least one photo of each class.
        copies: rows that show the same picture, see `duplicate_groups`.
        parts: what each photo is used for; None where nothing is split yet.
    """
    labels = [photo.label for photo in decoded.data.photos]
    groups = []
    for indices in copies:
        ids = {decoded.photo_ids[i] for i in indices}
        said = {(decoded.photo_ids[i], labels[i]) for i in indices}
        groups.append(
            DuplicateGroup(
                indices=indices,
                exact=len(ids) == 1,
                labels=tuple(sorted({labels[i] for i in indices})),
                parts=tuple(sorted({parts[i] for i in indices})) if parts is not None else (),
                contradicts=len(said) > len(ids),
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


def _part_counts(decoded: DecodedSet, parts: Sequence[Part] | None) -> dict[Part, dict[str, int]]:
    if parts is None:
        return {}
    counts = {part: dict.fromkeys(decoded.data.class_names, 0) for part in Part if part in parts}
    for photo, part in zip(decoded.data.photos, parts, strict=True):
        counts[part][photo.label] += 1
    return counts


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
