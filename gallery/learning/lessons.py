"""What people's labels teach a head, whether it is better on labels it has not seen, and what it forgets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.duplicates import tied_together
from gallery.datasets.sequences import sequences_of
from gallery.errors import TrainingError
from gallery.learning.classes import LearntClasses
from gallery.learning.fit import LABEL_COUNTS, Examples, Scale, fit_head, labelled
from gallery.learning.head import Head
from gallery.learning.likeness import NEAR_COSINE, units_of
from gallery.types import FloatArray, PhotoId

FOLDS = 5
"""Each label is held back once, with all taken together with it, from a head that learnt the rest."""

BLOCK = 256
"""Labels that are compared with all others at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """The photos that people labelled as one of the classes.

    Attributes:
        photo_ids: n of them.
        features: (n, channels).
        class_indices: (n,) of the new head's classes.
        groups: (n,), equal for photos of one sequence and for near duplicates.
        unseen: (n,), False for those that the shown model was trained on, and those of one group with them:
            they say nothing about it.
    """

    photo_ids: tuple[PhotoId, ...]
    features: FloatArray
    class_indices: NDArray[np.int64]
    groups: NDArray[np.int64]
    unseen: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.photo_ids)


@dataclass(frozen=True, slots=True, eq=False)
class HeldBack:
    """What two heads say of labelled photos: the shown one, and new ones that had not seen the label.

    Attributes:
        rows: (m,) of the lessons.
        before: (m,) whether the shown model is right.
        after: (m,) whether a head is that learnt without this label and those taken together with it.
    """

    rows: NDArray[np.int64]
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]

    @property
    def fixed(self) -> NDArray[np.int64]:
        """Rows of the lessons that become right."""
        return np.asarray(self.rows[~self.before & self.after])

    @property
    def broken(self) -> NDArray[np.int64]:
        """Rows of the lessons that become wrong."""
        return np.asarray(self.rows[self.before & ~self.after])

    @property
    def accuracies(self) -> tuple[float, float] | tuple[None, None]:
        """The shares that are right before and after; None where no label could be held back."""
        return (float(self.before.mean()), float(self.after.mean())) if len(self.rows) else (None, None)


def learn_head(
    shown: Head,
    base: Head,
    classes: LearntClasses,
    lessons: Lessons,
    remembered: Examples,
    scale: Scale,
) -> tuple[Head, HeldBack]:
    """Return a head fitted to all labels, and how good others are on labels that they have not seen.

    Args:
        shown: the head that people see the tags of.
        base: the one that the new head begins from: of the model that has the backbone.
        classes: of the new head.
        lessons: people's labels.
        remembered: examples besides them, of the new classes.
        scale: of the features.

    Raises:
        TrainingError: there is no label to learn from.
    """
    if not len(lessons):
        raise TrainingError(
            "There is nothing to learn from: no photo whose features are stored has a label that counts for "
            "a class. Label photos in Browse or Review, and tag the collection with this model."
        )
    from sklearn.model_selection import GroupKFold
    from threadpoolctl import threadpool_limits

    start = base.with_classes(classes.names, classes.columns)
    count = len(classes.names)

    def fitted(rows: NDArray[np.integer]) -> Head:
        examples = labelled(lessons.features[rows], lessons.class_indices[rows], count, LABEL_COUNTS)
        return fit_head(start, remembered + examples, scale)

    after = np.full(len(lessons), -1, np.int64)
    learnt, asked = [np.arange(len(lessons))], [np.zeros(0, np.int64)]
    folds = min(FOLDS, len(np.unique(lessons.groups)))
    if folds > 1 and lessons.unseen.any():
        parts = GroupKFold(folds, shuffle=True, random_state=0)
        for others, kept_back in parts.split(lessons.features, groups=lessons.groups):
            unseen = kept_back[lessons.unseen[kept_back]]
            if len(unseen):
                learnt.append(others)
                asked.append(unseen)
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        head, *blind = pool.map(fitted, learnt)
    for one, rows in zip(blind, asked[1:], strict=True):
        after[rows] = one.scores(lessons.features[rows]).argmax(axis=1)
    rows = np.flatnonzero(after >= 0)
    truth = lessons.class_indices[rows]
    before = said_by(shown, lessons.features[rows], classes)
    return head, HeldBack(rows, before == truth, after[rows] == truth)


def said_by(head: Head, features: FloatArray, classes: LearntClasses) -> NDArray[np.int64]:
    """Return what a head says of features, (n,), as indices of other classes; -1 where those have it not."""
    found = [classes.index_of(name) for name in head.class_names]
    as_new = np.array([-1 if index is None else index for index in found], np.int64)
    return np.asarray(as_new[head.scores(features).argmax(axis=1)])


def taken_together(
    features: FloatArray, places: Sequence[tuple[int, str]], taken_at: Sequence[str | None]
) -> NDArray[np.int64]:
    """Return a group number of each photo, (n,): those of one sequence, and near duplicates, have the same.

    Args:
        features: (n, channels).
        places: of each photo's folder.
        taken_at: ISO 8601, None where it is not known.
    """
    groups = sequences_of([f"{number} {folder}" for number, folder in places], taken_at)
    units = units_of(features)
    for first in range(0, len(units), BLOCK):
        near = np.argwhere(units[first : first + BLOCK] @ units[first:].T >= NEAR_COSINE) + first
        groups = tied_together(int(groups.max()) + 1, groups[near])[groups]
    return groups
