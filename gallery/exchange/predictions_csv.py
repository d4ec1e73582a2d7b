"""The table of predictions: one line a file, what is shown, who says so, and all probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gallery.exchange.csv_text import Cell, csv_lines, shortest, write_whole
from gallery.exchange.rows import PredictionRow

COLUMNS = (
    "path",  # absolute, or below the folder that was opened
    "label",  # the class shown: the person's, else the model's
    "source",  # who says so: person, model, or waiting
    "person_label",
    "person",
    "labelled_at",  # ISO 8601, UTC
    "model_label",
    "confidence",  # the model's, of its own label, calibrated
    "model_id",
    "animals",  # boxes of animals that a detector found; empty where none has seen the photo
    "taken_at",  # camera-local, as the file says; empty if it does not
    "width_px",
    "height_px",
    "picture_sha256",
)
"""Then follows one column a class, ``probability_<class>``."""


def predictions_csv(
    rows: Iterable[PredictionRow], class_names: Sequence[str], *, separator: str = ",", below: bool = False
) -> Iterator[str]:
    """Yield the table line by line, UTF-8 text that spreadsheets open as it is meant.

    Args:
        rows: the photos.
        class_names: the model's classes.
        separator: of cells; where it is ";" the numbers have a decimal comma, as such spreadsheets want it.
        below: write each path below the folder that was opened instead of the absolute one.
    """
    header = [*COLUMNS, *(f"probability_{name}" for name in class_names)]
    return csv_lines(header, (_cells(row, below=below) for row in rows), separator=separator)


def write_predictions_csv(
    file: Path,
    rows: Iterable[PredictionRow],
    class_names: Sequence[str],
    *,
    separator: str = ",",
    below: bool = False,
) -> None:
    """Write the table to a file, whole or not at all; the options are those of `predictions_csv`.

    Raises:
        ExchangeError: the place cannot be written.
    """
    write_whole(file, predictions_csv(rows, class_names, separator=separator, below=below))


def _cells(row: PredictionRow, *, below: bool) -> list[Cell]:
    shares, about, given = row.probabilities, row.photo.metadata, row.given
    values: list[float | None] = (
        [None] * len(row.class_names) if shares is None else [shortest(p) for p in shares]
    )
    return [
        row.relative if below else str(row.photo.path),
        row.label,
        row.source,
        row.person_label,
        None if given is None else given.person,
        None if given is None else given.made_at,
        row.model_label,
        row.confidence,
        row.model_id,
        row.animals,
        about.taken_at,
        about.width_px,
        about.height_px,
        row.photo.photo_id,
        *values,
    ]
