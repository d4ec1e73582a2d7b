"""The table of predictions: one line a file, what is shown, who says so, and all probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.exchange.csv_text import Cell, csv_lines, shortest, write_whole
from gallery.types import Photo, PhotoId, PredictionTable

PERSON, MODEL, WAITING = "person", "model", "waiting"

COLUMNS = (
    "path",  # absolute
    "label",  # the class shown: the person's, else the model's
    "source",  # who says so: person, model, or waiting
    "person_label",
    "model_label",
    "confidence",  # the model's, of its own label, calibrated
    "model_id",
    "taken_at",  # camera-local, as the file says; empty if it does not
    "width_px",
    "height_px",
    "picture_sha256",
)
"""Then follows one column a class, ``probability_<class>``."""


class ExportCatalog(Protocol):
    """What an export needs of the catalog; `gallery.catalog` has the real one."""

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable: ...
    def photos(self, file_ids: Sequence[int] | NDArray[np.int64]) -> list[Photo]: ...
    def labels(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, str]: ...


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """What is known of one file.

    Attributes:
        photo: the file.
        person_label: what a person said, None if nobody did.
        probabilities: the model's, in the order of its classes; None while it has not seen the photo.
        class_names: the model's classes.
        model_id: whose probabilities these are.
    """

    photo: Photo
    person_label: str | None
    probabilities: NDArray[np.float32] | None  # (K,)
    class_names: tuple[str, ...]
    model_id: str

    @property
    def model_label(self) -> str | None:
        return None if self.probabilities is None else self.class_names[int(self.probabilities.argmax())]

    @property
    def source(self) -> str:
        if self.person_label is not None:
            return PERSON
        return WAITING if self.probabilities is None else MODEL

    def cells(self) -> list[Cell]:
        """Return the row's values in the order of `COLUMNS` and the classes."""
        shares = self.probabilities
        values: list[float | None] = (
            [None] * len(self.class_names) if shares is None else [shortest(p) for p in shares]
        )
        about = self.photo.metadata
        return [
            str(self.photo.path),
            self.person_label or self.model_label,
            self.source,
            self.person_label,
            self.model_label,
            None if shares is None else shortest(shares.max()),
            self.model_id,
            about.taken_at,
            about.width_px,
            about.height_px,
            self.photo.photo_id,
            *values,
        ]


def prediction_rows(
    catalog: ExportCatalog,
    collection_id: int,
    model_id: str,
    class_names: Sequence[str],
    *,
    file_ids: Sequence[int] | NDArray[np.int64] | None = None,
) -> list[PredictionRow]:
    """Return what is known of a collection's photos, or of some of them.

    Args:
        catalog: where it is known.
        collection_id: the collection.
        model_id: whose predictions.
        class_names: the model's classes.
        file_ids: which files, in which order; all that the model has tagged, by
            path, if left out. Files that have not been read are passed over.
    """
    table = catalog.prediction_table(collection_id, model_id)
    row_of = {int(file_id): row for row, file_id in enumerate(table.file_ids)}
    photos = catalog.photos(table.file_ids if file_ids is None else file_ids)
    people = catalog.labels([photo.photo_id for photo in photos])
    names = table.class_names or tuple(class_names)
    return [
        PredictionRow(
            photo=photo,
            person_label=people.get(photo.photo_id),
            probabilities=table.probabilities[row_of[photo.file_id]] if photo.file_id in row_of else None,
            class_names=names,
            model_id=model_id,
        )
        for photo in photos
    ]


def predictions_csv(rows: Iterable[PredictionRow], class_names: Sequence[str]) -> Iterator[str]:
    """Yield the table line by line, UTF-8 text that spreadsheets open as it is meant."""
    header = [*COLUMNS, *(f"probability_{name}" for name in class_names)]
    return csv_lines(header, (row.cells() for row in rows))


def write_predictions_csv(file: Path, rows: Iterable[PredictionRow], class_names: Sequence[str]) -> None:
    """Write the table to a file, whole or not at all.

    Raises:
        ExchangeError: the place cannot be written.
    """
    write_whole(file, predictions_csv(rows, class_names))
