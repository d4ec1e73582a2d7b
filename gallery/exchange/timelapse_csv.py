"""The CSV that Timelapse imports: `File` and `RelativePath` name the photo, other columns are its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gallery.exchange.csv_text import Cell, csv_lines
from gallery.exchange.rows import PredictionRow

COLUMNS = (
    "File",
    "RelativePath",  # below the folder of the image set, with backslashes, as Timelapse itself writes it
    "DateTime",
    "DeleteFlag",
    "Species",  # the label shown
    "SpeciesBy",  # person, model, or waiting
    "Person",
    "LabelledAt",
    "ModelSpecies",
    "ModelConfidence",
    "ModelName",
    "Count",  # boxes of animals that a detector found
)
"""A template's fields must be called so to take the values up; Timelapse passes over those it lacks."""


def timelapse_csv(rows: Iterable[PredictionRow]) -> Iterator[str]:
    """Yield the table line by line."""
    return csv_lines(COLUMNS, map(_cells, rows))


def _cells(row: PredictionRow) -> list[Cell]:
    given, taken = row.given, row.photo.metadata.taken_at
    return [
        row.place[-1],
        "\\".join(row.place[:-1]),
        None if taken is None else taken.replace("T", " "),
        "false",
        row.label,
        row.source,
        None if given is None else given.person,
        None if given is None else given.made_at,
        row.model_label,
        row.confidence,
        row.model_id,
        row.animals,
    ]
