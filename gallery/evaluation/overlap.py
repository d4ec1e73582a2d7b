"""Photos that make a score too good, or that contradict themselves: known to the model, or twice there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.metrics import IntVector
from gallery.types import PhotoId
from gallery.words import counted


@dataclass(frozen=True, slots=True)
class SeenPhotos:
    """The photos that a model has seen before an evaluation; empty where its folder does not list them.

    Attributes:
        trained: those that it was trained on.
        validated: those by which its best epoch and temperature were chosen.
    """

    trained: frozenset[PhotoId] = frozenset()
    validated: frozenset[PhotoId] = frozenset()


@dataclass(frozen=True, slots=True)
class PhotoOverlap:
    """What the hashes of n evaluated photos show before any score.

    Attributes:
        n: evaluated photos.
        training_known: whether the model tells the photos it was trained on; without that,
            nothing can be said of them.
        trained_on: rows of photos that the model was trained on.
        repeated: groups of rows that show the same picture, whatever metadata their files hold.
        contradicting: those of the groups whose labels differ: one of them is wrong.
        chosen_by: rows of photos by which the model's best epoch and temperature were chosen.
    """

    n: int
    training_known: bool
    trained_on: IntVector = field(repr=False)
    repeated: tuple[IntVector, ...] = field(repr=False)
    contradicting: tuple[IntVector, ...] = field(repr=False)
    chosen_by: IntVector = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    @property
    def extra_copies(self) -> int:
        """Photos that count once more in every score."""
        return sum(len(rows) - 1 for rows in self.repeated)

    @property
    def unseen(self) -> IntVector:
        """The rows that the model was not trained on: the ones to believe."""
        return np.setdiff1d(np.arange(self.n, dtype=np.int64), self.trained_on)

    def sentences(self) -> list[str]:
        """Return what should be known before any score; nothing where all is well."""
        return [*self.training_sentences(), *self.copies_sentences()]

    def training_sentences(self, name: str | None = None) -> list[str]:
        """Return those of the sentences that are about the model's training, not about copies.

        Args:
            name: the model's, where there are several; "the model" if left out.
        """
        trained = []
        if count := len(self.trained_on):
            trained.append(
                f"{name or 'The model'} was trained on {count:,} of these {self.n:,} photos, so its scores "
                "here are optimistic. Rely on those of photos that it was not trained on."
            )
        return [*trained, *self.validation_sentences(name)]

    def validation_sentences(self, name: str | None = None) -> list[str]:
        """Return the sentence about photos that the model was validated on, if there are any."""
        if not len(self.chosen_by):
            return []
        return [
            f"{len(self.chosen_by):,} of these {self.n:,} photos were used as validation data for "
            f"{name or 'the model'}; its scores on them are slightly optimistic."
        ]

    def copies_sentences(self) -> list[str]:
        """Return those of the sentences that are about photos that are there more than once."""
        found = []
        if extra := self.extra_copies:
            found.append(
                f"{counted(extra, 'photo is', 'photos are each')} a copy of another (the same picture) and "
                "counts once more in every score."
            )
        if count := len(self.contradicting):
            whose = "One photo lies" if count == 1 else f"{count:,} photos lie"
            found.append(f"{whose} in folders of different classes: one of the labels must be wrong.")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and lists."""
        return {
            "n": self.n,
            "training_known": self.training_known,
            "trained_on": self.trained_on.tolist(),
            "chosen_by": self.chosen_by.tolist(),
            "repeated": [rows.tolist() for rows in self.repeated],
            "contradicting": [rows.tolist() for rows in self.contradicting],
        }


def photo_overlap(
    photo_ids: Sequence[PhotoId], y_true: NDArray[np.integer], seen: SeenPhotos
) -> PhotoOverlap:
    """Return the overlap of some evaluated photos with a model's training, and among themselves.

    Only equal bytes are found: a photo that was scaled or saved again has another hash.

    Args:
        photo_ids: SHA-256 of each evaluated photo.
        y_true: (n,) their class indices.
        seen: the photos that the model has seen.
    """
    places: dict[PhotoId, list[int]] = {}
    for row, photo_id in enumerate(photo_ids):
        places.setdefault(photo_id, []).append(row)
    repeated = tuple(np.array(rows, np.int64) for rows in places.values() if len(rows) > 1)
    return PhotoOverlap(
        n=len(photo_ids),
        training_known=bool(seen.trained),
        trained_on=_rows_of(photo_ids, seen.trained),
        repeated=repeated,
        chosen_by=_rows_of(photo_ids, seen.validated - seen.trained),
        contradicting=tuple(rows for rows in repeated if len(set(np.asarray(y_true)[rows].tolist())) > 1),
    )


def _rows_of(photo_ids: Sequence[PhotoId], known: frozenset[PhotoId]) -> IntVector:
    return np.array([n for n, photo_id in enumerate(photo_ids) if photo_id in known], np.int64)
