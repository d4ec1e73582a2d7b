"""The split into training, validation and test photos: drawn by class, kept together by group, stored."""

from __future__ import annotations

import csv
import functools
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.labelled import Part
from gallery.datasets.pixel_store import DecodedSet
from gallery.datasets.sequences import sequences_of
from gallery.errors import DatasetError
from gallery.files import write_atomic


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How a split is drawn.

    Attributes:
        validation: share of validation photos, in (0, 1).
        test: share of test photos, in [0, 1).
        by_group: photos of one group (sub-folder, source) stay on one side.
        seed: other seeds give other splits.
        by_sequence: photos of one folder that were taken in one go stay on one side.
    """

    validation: float = 0.15
    test: float = 0.0
    by_group: bool = False
    seed: int = 0
    by_sequence: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.validation < 1 and 0 <= self.test < 1 and self.validation + self.test < 1):
            raise DatasetError(
                "The shares of validation and test photos must leave some for training, got "
                f"{self.validation:g} and {self.test:g}. Usual are 0.15 and 0, or 0.15 and 0.15."
            )


USUAL = SplitPlan()
"""85/15 train and validation, as in the field's report."""


@dataclass(frozen=True, slots=True)
class Split:
    """What each photo of a decoded set is used for.

    Attributes:
        parts: (N,) in the set's order.
        notes: a sentence for each thing that the user should know.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def rows(self, part: Part) -> NDArray[np.int64]:
        """Return the rows of a part, ascending."""
        return np.array([row for row, found in enumerate(self.parts) if found is part], np.int64)


def split_set(
    decoded: DecodedSet,
    plan: SplitPlan,
    copies: Sequence[Sequence[int]],
    *,
    stored: Path | None = None,
) -> Split:
    """Return a split of a decoded set, from the stored file as far as that goes.

    Photos that the file knows keep their part, new ones are drawn around them;
    parts that the data themselves give win over both. The file is then written.

    Args:
        decoded: the readable photos.
        plan: shares and grouping for what is to be drawn.
        copies: rows that show the same picture, see `duplicate_groups`.
        stored: a CSV file to read and write; None stores nothing.

    Raises:
        DatasetError: grouping leaves a class without training or validation photos, or the file is damaged.
    """
    known = _known_parts(stored, decoded)
    fixed = [photo.part or part for photo, part in zip(decoded.data.photos, known, strict=True)]
    given = {photo.part for photo in decoded.data.photos}
    if Part.VALIDATION in given:  # ready folders: what has a part keeps it, nothing more is held back
        plan = replace(plan, test=0.0)
    elif Part.TRAIN in given or Part.TEST in given:  # ready, but for the validation photos
        fixed = [was if part is Part.TRAIN else part for was, part in zip(known, fixed, strict=True)]
        plan = replace(plan, test=0.0)
    learnt = [photo.part is Part.TRAIN for photo in decoded.data.photos]
    notes = []
    labels = decoded.data.labels
    if plan.by_group or plan.by_sequence:  # a group may hold copies of another's photos: draw first
        groups = _groups(decoded, fixed, by_sequence=plan.by_sequence and not plan.by_group)
        settled = _settle(fixed, groups, learnt, torn_stay=True)[0]
        drawn = draw(settled, groups, labels, plan)
        one_sided = _one_sided(drawn, labels)
        if one_sided and len(one_sided) < len(decoded.data.class_names):
            reopened = [
                None if label in one_sided and before is None else part
                for label, before, part in zip(labels.tolist(), settled, drawn, strict=True)
            ]
            drawn = draw(reopened, _with_singles((), len(drawn)), labels, plan)  # photo by photo
            names = ", ".join(decoded.data.class_names[label] for label in one_sided)
            notes.append(f"Too few groups to part them: photos of {names} were drawn one by one.")
        parts, left_out = _settle(drawn, copies, learnt)
    else:
        settled, left_out = _settle(fixed, copies, learnt)
        parts = list(draw(settled, _with_singles(copies, len(decoded)), labels, plan))
    if left_out:
        notes.append(
            f"{left_out} photos show the same picture as a validation or test photo and are left out."
        )
    split = Split(tuple(part or Part.TRAIN for part in parts), tuple(notes))
    _check(split, decoded, plan)
    if stored is not None:
        write_split(stored, decoded, split)
    return split


def draw(
    fixed: Sequence[Part | None],
    clusters: Sequence[Sequence[int]],
    labels: NDArray[np.int64],
    plan: SplitPlan,
) -> list[Part]:
    """Return a part for each photo, so that every class has its shares as nearly as the clusters allow.

    Large clusters are placed first, each where its classes lack most; equal
    ones in random order. A class of two clusters or more has a validation photo.

    Args:
        fixed: the part of each photo that keeps it, None for the others, (N,).
        clusters: rows that stay together; each row is in one.
        labels: class indices, (N,).
        plan: shares and seed.
    """
    shares = {
        Part.TRAIN: 1 - plan.validation - plan.test,
        Part.VALIDATION: plan.validation,
        Part.TEST: plan.test,
    }
    choices = [part for part, share in shares.items() if share > 0]
    classes = int(labels.max()) + 1
    usable = np.array([part is not Part.LEFT_OUT for part in fixed])
    if plan.test == 0:
        usable &= np.array([part is not Part.TEST for part in fixed])
    totals = np.bincount(labels[usable], minlength=classes)
    lacking = np.array([shares[part] * totals for part in choices])  # (parts, classes)
    for place in range(1, len(choices)):  # of two photos one is for validation, of three one for the test too
        lacking[place] = np.maximum(lacking[place], totals > place)
    lacking[0] = totals - lacking[1:].sum(0)
    parts = list(fixed)
    for row, part in enumerate(fixed):
        if part in choices:
            lacking[choices.index(part), labels[row]] -= 1
    rng = np.random.default_rng(plan.seed)
    open_clusters = [[row for row in cluster if fixed[row] is None] for cluster in clusters]
    open_clusters = [cluster for cluster in open_clusters if cluster]
    order = sorted(rng.permutation(len(open_clusters)).tolist(), key=lambda i: -len(open_clusters[i]))
    for i in order:
        cluster = open_clusters[i]
        counts = np.bincount(labels[cluster], minlength=classes)
        # The part whose lack shrinks most, each class weighing the same however many photos it has.
        after = np.abs(lacking - counts) - np.abs(lacking)  # (parts, classes)
        scores = (after / np.maximum(totals, 1)).sum(1) - 1e-9 * (lacking @ counts)
        best = choices[int(np.argmin(scores))]
        lacking[choices.index(best)] -= counts
        for row in cluster:
            parts[row] = best
    drawn = [part if part is not None else Part.TRAIN for part in parts]
    _hold_back(drawn, [open_clusters[i] for i in order], labels, choices[1:])
    return drawn


def _hold_back(
    parts: list[Part],
    clusters: Sequence[Sequence[int]],
    labels: NDArray[np.int64],
    wanted: Sequence[Part],
) -> None:
    """Move the smallest cluster of a class to where the class has no photo.

    No class loses its last training photo. By shares alone, a class of two
    equal groups would have both in the training.
    """
    for part in wanted:
        for label in range(int(labels.max()) + 1):
            if part in {parts[row] for row in np.flatnonzero(labels == label)}:
                continue
            learnt = np.bincount(labels[[p is Part.TRAIN for p in parts]], minlength=int(labels.max()) + 1)
            spare = [
                cluster
                for cluster in clusters
                if parts[cluster[0]] is Part.TRAIN
                and label in labels[cluster]
                and (learnt > np.bincount(labels[cluster], minlength=len(learnt)))[labels[cluster]].all()
            ]
            for row in min(spare, key=len, default=()):
                parts[row] = part


def _groups(decoded: DecodedSet, fixed: Sequence[Part | None], *, by_sequence: bool) -> list[list[int]]:
    """Return the rows of each group or sequence; those whose part the data give lie alone and stay there."""
    places = [photo.group for photo in decoded.data.photos]
    key = sequences_of(places, decoded.taken_at).tolist() if by_sequence else places
    groups: dict[object, list[int]] = {}
    for row, photo in enumerate(decoded.data.photos):
        alone = fixed[row] is not None and photo.part is not None
        groups.setdefault((row,) if alone else key[row], []).append(row)
    return list(groups.values())


def _one_sided(parts: Sequence[Part], labels: NDArray[np.int64]) -> list[int]:
    """Return the classes that lack training or validation photos."""
    sides: dict[int, set[Part]] = {}
    for label, part in zip(labels.tolist(), parts, strict=True):
        sides.setdefault(label, set()).add(part)
    return sorted(label for label, found in sides.items() if not {Part.TRAIN, Part.VALIDATION} <= found)


def _with_singles(bonds: Sequence[Sequence[int]], count: int) -> list[Sequence[int]]:
    bound = {row for bond in bonds for row in bond}
    return [*bonds, *([row] for row in range(count) if row not in bound)]


def _settle(
    fixed: Sequence[Part | None],
    clusters: Sequence[Sequence[int]],
    learnt: Sequence[bool],
    *,
    torn_stay: bool = False,
) -> tuple[list[Part | None], int]:
    """Return the parts with every cluster that has one on one side, and how many photos that left out.

    Validation and test photos stay where they are, test before validation; new
    photos join their like; training photos are left out.

    Args:
        fixed: parts so far, (N,).
        clusters: rows that stay together.
        learnt: whether the data themselves put a photo into training, (N,).
        torn_stay: a cluster with several parts stays as it is: a group was drawn photo by photo before.
    """
    parts, left_out = list(fixed), 0
    for cluster in clusters:
        found = {fixed[row] for row in cluster}
        if torn_stay and len(found - {None, Part.LEFT_OUT}) > 1:
            continue
        side = next((part for part in (Part.TEST, Part.VALIDATION, Part.TRAIN) if part in found), None)
        for row in cluster:
            part = fixed[row]
            if side is None or part in (side, Part.LEFT_OUT):
                continue
            if part is None and not (learnt[row] and side is Part.TEST):
                parts[row] = side
            else:
                parts[row] = Part.LEFT_OUT
                left_out += 1
    return parts, left_out


def _check(split: Split, decoded: DecodedSet, plan: SplitPlan) -> None:
    labels = decoded.data.labels
    for part in (Part.TRAIN, Part.VALIDATION):
        counts = np.bincount(labels[split.rows(part)], minlength=len(decoded.data.class_names))
        for name, count in zip(decoded.data.class_names, counts, strict=True):
            if count == 0:
                remedy = (
                    "All its photos may be one group: switch grouping off, or sort them into sub-folders."
                    if plan.by_group
                    else "Add photos of it, or remove the class."
                )
                raise DatasetError(f"The class {name!r} would have no {part.value} photo. {remedy}")


def write_split(file: Path, decoded: DecodedSet, split: Split) -> None:
    """Store a split as CSV (photo_id, path, label, group, part), whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("photo_id", "path", "label", "group", "part"))
    for row, photo in enumerate(decoded.data.photos):
        place = decoded.data.relative(row)
        writer.writerow((decoded.photo_ids[row], place, photo.label, photo.group, split.parts[row].value))
    write_atomic(file, text.getvalue().encode("utf-8", "surrogateescape"), durable=False)


def part_counts(stored: Path) -> dict[Part, int]:
    """Return how many photos each part of a stored split has; empty where nothing readable is stored."""
    try:
        facts = stored.stat()
        return dict(_part_counts(stored, facts.st_size, facts.st_mtime_ns))
    except (OSError, DatasetError):
        return {}


@functools.lru_cache(maxsize=64)
def _part_counts(stored: Path, _size_bytes: int, _modified_ns: int) -> Mapping[Part, int]:
    """Size and time make the cache forget: pages ask for every training at every run."""
    return Counter(part for _, _, part in _stored_rows(stored))


def _known_parts(stored: Path | None, decoded: DecodedSet) -> list[Part | None]:
    """Return the stored part of each photo, None for a new one.

    Equal files may have different parts, so the place counts first; a photo
    that was moved has the part of its hash where all equal files had that one.
    """
    if stored is None or not stored.is_file():
        return [None] * len(decoded)
    in_place: dict[tuple[str, str], Part] = {}
    anywhere: dict[str, set[Part]] = {}
    for photo_id, place, part in _stored_rows(stored):
        in_place[photo_id, place] = part
        anywhere.setdefault(photo_id, set()).add(part)
    known: list[Part | None] = []
    for row, photo_id in enumerate(decoded.photo_ids):
        moved = anywhere.get(photo_id, set())
        instead = next(iter(moved)) if len(moved) == 1 else None
        known.append(in_place.get((photo_id, decoded.data.relative(row)), instead))
    return known


def _stored_rows(file: Path) -> list[tuple[str, str, Part]]:
    """Return (photo id, path, part) of each row of a stored split."""
    try:
        with file.open(newline="", encoding="utf-8", errors="surrogateescape") as rows:
            return [(row["photo_id"], row["path"], Part(row["part"])) for row in csv.DictReader(rows)]
    except (OSError, KeyError, ValueError, csv.Error) as exc:
        raise DatasetError(f"{file} is no stored split ({exc}). Remove it to draw a new one.") from exc
