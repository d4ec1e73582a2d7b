"""The table of predictions: one line a file, what is shown, who says so, and all probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gallery.exchange.csv_text import Cell, shortest, table_lines
from gallery.exchange.rows import PredictionRow

COLUMNS: Mapping[str, Callable[[PredictionRow], Cell]] = {
    "path": lambda row: str(row.photo.path),
    "label": lambda row: row.label,  # the class shown: the person's, else the model's
    "source": lambda row: row.source,  # who says so: person, model, or waiting
    "person_label": lambda row: row.person_label,
    "person": lambda row: row.person,
    "labelled_at": lambda row: row.labelled_at,
    "model_label": lambda row: row.model_label,
    "confidence": lambda row: row.confidence,  # the model's, of its own label, calibrated
    "model_id": lambda row: row.model_id,
    "animals": lambda row: row.animals,  # boxes that a detector found; empty where none has seen the photo
    "taken_at": lambda row: row.photo.metadata.taken_at,  # camera-local, as the file says, if it does
    "width_px": lambda row: row.photo.metadata.width_px,
    "height_px": lambda row: row.photo.metadata.height_px,
    "picture_sha256": lambda row: row.photo.photo_id,
}
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
    columns = {**COLUMNS, **{f"probability_{name}": _share_of(name) for name in class_names}}
    if below:
        columns["path"] = lambda row: row.relative
    return table_lines(columns, rows, separator=separator)


def _share_of(name: str) -> Callable[[PredictionRow], Cell]:
    def share(row: PredictionRow) -> Cell:  # a model's id may have had other classes when a photo was tagged
        if row.probabilities is None or name not in row.class_names:
            return None
        return shortest(row.probabilities[row.class_names.index(name)])

    return share
