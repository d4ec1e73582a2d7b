"""What is known of each photo that goes out, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.sequences import mean_of_sequences, sequences_of
from gallery.exchange.csv_text import shortest
from gallery.types import Correction, Detections, Photo, PhotoId, PredictionTable, display_path

PERSON, MODEL, WAITING = "person", "model", "waiting"


class ExportCatalog(Protocol):
    """What an export needs of the catalog; `gallery.catalog` has the real one."""

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable: ...
    def photos(self, file_ids: Sequence[int] | NDArray[np.int64]) -> list[Photo]: ...
    def standing_labels(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Correction]: ...
    def detections(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Detections]: ...


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What is known of one file.

    Attributes:
        photo: the file.
        root: the folder that was opened, in which it lies.
        given: what a person said of it, and when; None if nobody did.
        probabilities: the model's, in the order of its classes; None while it has not seen the photo.
        class_names: the model's classes.
        model_id: whose probabilities these are.
        detections: what a detector found in it; None where none has seen it.
    """

    photo: Photo
    root: Path
    given: Correction | None
    probabilities: NDArray[np.float32] | None  # (K,)
    class_names: tuple[str, ...]
    model_id: str
    detections: Detections | None = None

    @property
    def person_label(self) -> str | None:
        return None if self.given is None else self.given.label

    @property
    def person(self) -> str | None:
        return None if self.given is None else self.given.person

    @property
    def labelled_at(self) -> str | None:
        """When a person labelled it, ISO 8601, UTC."""
        return None if self.given is None else self.given.made_at

    @property
    def model_label(self) -> str | None:
        return None if self.probabilities is None else self.class_names[int(self.probabilities.argmax())]

    @property
    def label(self) -> str | None:
        """The label shown: the person's, else what boxes show, else the model's; None while there is none."""
        by_boxes = None if self.detections is None else self.detections.label
        return self.person_label or by_boxes or self.model_label

    @property
    def animals(self) -> int | None:
        """How many animals a detector found; None where none has seen the photo."""
        return None if self.detections is None else self.detections.animals

    @property
    def confidence(self) -> float | None:
        """The model's, of its own label."""
        return None if self.probabilities is None else shortest(self.probabilities.max())

    @property
    def source(self) -> str:
        if self.person_label is not None:
            return PERSON
        return WAITING if self.label is None else MODEL

    @property
    def place(self) -> tuple[str, ...]:
        """The path below the root in its components, the file's name last."""
        path = self.photo.path
        below = path.relative_to(self.root) if path.is_relative_to(self.root) else Path(path.name)
        return Path(display_path(below)).parts

    @property
    def relative(self) -> str:
        """The path below the root, "/"-separated on every system."""
        return "/".join(self.place)

    @property
    def folder(self) -> str:
        """The folder below the root, "/"-separated, "" for the root itself."""
        return "/".join(self.place[:-1])


def with_sequences(rows: Sequence[PredictionRow]) -> list[PredictionRow]:
    """Return the rows with the model's opinion of a photo's whole sequence in place of that of the photo.

    A sequence's opinion is by the mean of its photos' logits; what people said stays with its photo.
    """
    seen = [row for row in rows if row.probabilities is not None]
    if not seen:
        return list(rows)
    sequence = sequences_of([row.folder for row in seen], [row.photo.metadata.taken_at for row in seen])
    shares = mean_of_sequences(
        np.stack([row.probabilities for row in seen if row.probabilities is not None]), sequence
    )
    of = {row.photo.file_id: shares[number] for row, number in zip(seen, sequence.tolist(), strict=True)}
    return [replace(row, probabilities=of.get(row.photo.file_id)) for row in rows]


def prediction_rows(
    catalog: ExportCatalog,
    collection_id: int,
    root: Path,
    model_id: str,
    class_names: Sequence[str],
    *,
    file_ids: Sequence[int] | NDArray[np.int64] | None = None,
) -> list[PredictionRow]:
    """Return what is known of a collection's photos, or of some of them.

    Args:
        catalog: where it is known.
        collection_id: the collection.
        root: its folder.
        model_id: whose predictions.
        class_names: the model's classes.
        file_ids: which files, in which order; all that the model has tagged, by
            path, if left out. Files that have not been read are passed over.
    """
    table = catalog.prediction_table(collection_id, model_id)
    row_of = {int(file_id): row for row, file_id in enumerate(table.file_ids)}
    photos = catalog.photos(table.file_ids if file_ids is None else file_ids)
    photo_ids = [photo.photo_id for photo in photos]
    people, detections = catalog.standing_labels(photo_ids), catalog.detections(photo_ids)
    names = table.class_names or tuple(class_names)
    return [
        PredictionRow(
            photo=photo,
            root=root,
            given=people.get(photo.photo_id),
            probabilities=table.probabilities[row_of[photo.file_id]] if photo.file_id in row_of else None,
            class_names=names,
            model_id=model_id,
            detections=detections.get(photo.photo_id),
        )
        for photo in photos
    ]
