"""A collection in arrays, a value a file: what shelves, filters and orders are computed from.

SQLite answers about one photo in a millisecond and about a million in ten seconds. So what Browse filters and
sorts by is kept in memory, 73 bytes a file, and brought up to date from the table of changes, which triggers
fill whoever writes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.paths import name_key
from gallery.catalog.prediction_records import ModelRow
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING, FloatArray, PhotoQuery, Review, SortOrder

_LATEST = np.iinfo(np.int64).max

CHANGING = (
    "photo_keys", "skipped", "sequence", "class_index", "confidence", "likeness", "label", "boxed", "said",
    "taken", "stack_class", "stack_confidence",
)  # fmt: skip

_BY_NAME = """
    SELECT file_id FROM files INDEXED BY files_by_name
    WHERE collection_id = ? AND missing = 0 ORDER BY name_key, path
"""
_NAMED = """
    SELECT group_concat(file_id) FROM files INDEXED BY files_by_name
    WHERE collection_id = ? AND missing = 0 AND instr(name_key, ?) > 0
"""


@dataclass(frozen=True)
class Listing:
    """All files of a collection that are not missing, in the order of their paths, with a model's tags.

    Attributes:
        seen: the last change that is in it.
        file_ids: (n,) int64.
        photo_keys: (n,) int64, 0 for a file that was not read.
        skipped: (n,) whether it could not be read.
        sequence: (n,) int64, the first file of its sequence, 0 for a photo that is alone.
        folder: (n,) int32, which of `folders`.
        class_index: (n,) int16, the model's class; -1 before it has seen the photo.
        confidence: (n,) float32, the model's; NaN before it has seen the photo.
        likeness: (n,) float32, to what the model has learnt; NaN where it is not known.
        label: (n,) int32, which of `labels` a person gave; -1 for none.
        boxed: (n,) int32, what a detector's boxes show of it; -1 for nothing, or an animal without a name.
        said: (n,) int32, the label, or what a detector's boxes show where no person has said anything.
        taken: (n,) int64, the date and time as digits, 20240501061209; -1 where unknown.
        stack_class: (n,) int16, the model's class of a sequence, at its first file; -1 elsewhere.
        stack_confidence: (n,) float32, the model's in that; NaN elsewhere.
        frames: (n,) photos that each row stands for; None for one each.
        whole: of stacks, the listing of all their photos.
        found_once: what no change of a tag or label changes: orders, and which names match the last search.
    """

    collection_id: int
    model: ModelRow | None
    seen: int
    file_ids: NDArray[np.int64]
    photo_keys: NDArray[np.int64]
    skipped: NDArray[np.bool_]
    sequence: NDArray[np.int64]
    folder: NDArray[np.int32]
    folders: tuple[str, ...]
    class_index: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    confidence: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    likeness: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    label: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    boxed: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    said: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    labels: tuple[str, ...] = ()
    taken: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    stack_class: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    stack_confidence: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))
    frames: NDArray[np.int64] | None = None
    whole: Listing | None = None
    found_once: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.file_ids)

    @property
    def by_id(self) -> NDArray[np.int64]:
        """Where the files stand, in the order of their ids, (n,)."""
        if "by_id" not in self.found_once:
            self.found_once["by_id"] = np.argsort(self.file_ids, kind="stable")
        order: NDArray[np.int64] = self.found_once["by_id"]
        return order

    def by_name(self, connection: sqlite3.Connection) -> NDArray[np.int64]:
        """Return where the files stand, in the order of their names, (n,); found once."""
        if self.whole is not None:
            of_all = self.whole.by_name(connection)
            first = self.whole.first
            return (np.cumsum(first) - 1)[of_all[first[of_all]]]
        if "by_name" not in self.found_once:
            rows = connection.execute(_BY_NAME, (self.collection_id,))
            self.found_once["by_name"] = self.places(np.fromiter((row[0] for row in rows), np.int64))
        order: NDArray[np.int64] = self.found_once["by_name"]
        return order

    def _named(self, connection: sqlite3.Connection, part: str) -> NDArray[np.bool_]:
        """Return which files have it in their names, (n,); a stack, if any of its photos has."""
        if self.whole is not None:
            heads = self.whole.heads[self.whole._named(connection, part)]
            return (np.bincount(heads, minlength=len(self.whole)) > 0)[self.whole.first]
        last, named = self.found_once.get("named", (None, np.zeros(0, np.bool_)))
        if last != part:
            named = np.zeros(len(self), np.bool_)
            (found,) = connection.execute(_NAMED, (self.collection_id, name_key(part))).fetchone()
            named[self.places(joined_numbers(found))] = True
            self.found_once["named"] = part, named
        return np.asarray(named)

    def holds(self, file_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which files are in the listing."""
        if not len(self):
            return np.zeros(len(file_ids), np.bool_)
        at = np.searchsorted(self.file_ids, file_ids, sorter=self.by_id)
        return np.asarray(self.file_ids[self.by_id[np.minimum(at, len(self) - 1)]] == file_ids, np.bool_)

    def places(self, file_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where files stand that are in the listing."""
        return self.by_id[np.searchsorted(self.file_ids, file_ids, sorter=self.by_id)]

    @cached_property
    def heads(self) -> NDArray[np.int64]:
        """Where the first file of each file's sequence stands, (n,); the file's own place if it is alone."""
        heads = np.arange(len(self))
        of_stack = np.flatnonzero(self.sequence)
        places = self.by_id[
            np.minimum(
                np.searchsorted(self.file_ids, self.sequence[of_stack], sorter=self.by_id), len(self) - 1
            )
        ]
        there = self.file_ids[places] == self.sequence[of_stack]  # until sequences are found anew
        heads[of_stack[there]] = places[there]
        return heads

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Which files are the first of their sequence, or alone, (n,)."""
        return np.asarray(self.heads == np.arange(len(self)), np.bool_)

    def _of_all_frames(self, words: NDArray[np.int32], frames: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the word that most photos of a sequence have, at its first; -1 where some have none."""
        found = np.where(self.sequence > 0, -1, words).astype(np.int32)
        having = np.flatnonzero((self.sequence > 0) & (words >= 0))
        many = max(len(self.labels), 1)
        pairs, votes = np.unique(self.heads[having] * many + words[having], return_counts=True)
        by_votes = pairs[np.argsort(votes, kind="stable")]
        found[by_votes // many] = by_votes % many  # the last one written has the most
        found[(self.sequence > 0) & (np.bincount(self.heads[having], minlength=len(self)) < frames)] = -1
        return found

    @cached_property
    def stacks(self) -> Listing:
        """The listing with a row a sequence: its first file, with label and tag of the whole.

        The label is the one that most of its photos have, once people have labelled all of them. What is
        said is the same, or what boxes show where they name all its photos.
        """
        frames = np.bincount(self.heads, minlength=len(self))
        label = self._of_all_frames(self.label, frames)
        said = np.where(label >= 0, label, self._of_all_frames(self.boxed, frames))
        tagged = self.stack_class >= 0
        changed: dict[str, Any] = {
            "label": label,
            "said": said,
            "class_index": np.where(tagged, self.stack_class, self.class_index),
            "confidence": np.where(tagged, self.stack_confidence, self.confidence),
            "likeness": np.where(self.sequence > 0, np.float32("nan"), self.likeness),
        }
        stacked = replace(self, frames=frames, whole=self, found_once={}, **changed)
        names = ("file_ids", "folder", "frames", *CHANGING)
        return replace(stacked, **{name: getattr(stacked, name)[self.first] for name in names})

    # ---- what is asked ---------------------------------------------------------

    def narrowed(self, connection: sqlite3.Connection, query: PhotoQuery | None) -> NDArray[np.bool_]:
        """Return which files pass a query's filters besides its shelf, (n,); of None, all."""
        passing = np.ones(len(self), np.bool_)
        if query is None:
            return passing
        if query.min_confidence > 0:
            passing &= self.confidence >= np.float64(query.min_confidence)
        if query.max_confidence < 1:
            passing &= self.confidence <= np.float64(query.max_confidence)
        if query.taken_from:
            passing &= self.taken >= _day(query.taken_from)
        if query.taken_to:
            passing &= (self.taken >= 0) & (self.taken < _day(query.taken_to) + 1_000_000)
        if query.folder:
            below = query.folder + "/"
            inside = [one == query.folder or one.startswith(below) for one in self.folders]
            passing &= np.array(inside, np.bool_)[self.folder] if inside else False
        if query.name_contains:
            passing &= self._named(connection, query.name_contains)
        if query.review is Review.BY_PEOPLE:
            passing &= self.label >= 0
        elif query.review is Review.OPEN:
            passing &= self.label < 0
        elif query.review is Review.DISAGREES:
            passing &= self.disagreeing()
        return passing

    def disagreeing(self) -> NDArray[np.bool_]:
        """Return which files a person has labelled otherwise than the model, (n,)."""
        classes = self.model.class_names if self.model else ()
        of_class = {name: index for index, name in reversed(list(enumerate(classes)))}
        meant = np.array([*(of_class.get(label, -2) for label in self.labels), -2], np.int16)
        other = meant[self.label] != self.class_index
        return np.asarray((self.label >= 0) & (self.class_index >= 0) & other, np.bool_)

    def on_shelf(self, shelf: str, unsure_below: float, unlike_below: float | None) -> NDArray[np.bool_]:
        """Return which files lie on a shelf, (n,)."""
        if shelf == UNREADABLE:
            return self.skipped
        if shelf == ALL:
            return ~self.skipped
        open_ = ~self.skipped & (self.said < 0)
        if shelf == WAITING:
            return open_ & (self.class_index < 0)
        if unlike_below is not None:
            unlike = self.likeness < np.float64(unlike_below)
            if shelf == UNLIKE:
                return open_ & unlike
            open_ &= ~unlike
        elif shelf == UNLIKE:
            return np.zeros(len(self), np.bool_)
        unsure = self.confidence < np.float64(unsure_below)
        if shelf == UNSURE:
            return open_ & unsure
        labelled = np.zeros(len(self), np.bool_)
        if shelf in self.labels:
            labelled = ~self.skipped & (self.said == self.labels.index(shelf))
        if self.model is None or shelf not in self.model.class_names:
            return labelled
        of_class = self.class_index == self.model.class_names.index(shelf)
        return np.asarray(labelled | (open_ & of_class & ~unsure), np.bool_)

    def found(self, connection: sqlite3.Connection, query: PhotoQuery) -> NDArray[np.int64]:
        """Return the ids of the files that a query asks for, in its order."""
        passing = self.narrowed(connection, query) & self.on_shelf(
            query.shelf, query.unsure_below, query.unlike_below
        )
        if query.sort in (SortOrder.MOST_CERTAIN, SortOrder.LEAST_CERTAIN):
            places = self.by_id[passing[self.by_id]]
            worth = self.confidence[places]
            worth = -worth if query.sort is SortOrder.MOST_CERTAIN else worth
            return self.file_ids[places[np.argsort(worth, kind="stable")]]  # NaN last
        if query.sort is SortOrder.NAME:
            places = self.by_name(connection)
            return self.file_ids[places[passing[places]]]
        places = np.flatnonzero(passing)
        if query.sort is not SortOrder.PATH:
            taken = self.taken[places]
            when = -taken if query.sort is SortOrder.NEWEST else taken
            places = places[np.argsort(np.where(taken < 0, _LATEST, when), kind="stable")]
        return self.file_ids[places]


def distinct(photo_keys: NDArray[np.int64]) -> int:
    """Return how many photos there are among keys, without sorting a million of them."""
    seen = np.zeros(int(photo_keys.max(initial=0)) + 1, np.bool_)
    seen[photo_keys] = True
    return int(np.count_nonzero(seen))


def _day(date: str) -> int:
    """Return the first moment of an ISO date as digits."""
    return int(date[:10].replace("-", "") or 0) * 1_000_000


def joined_numbers(joined: str | None) -> NDArray[np.int64]:
    """Return what group_concat joined."""
    return np.fromstring(joined or "", np.int64, sep=",")
