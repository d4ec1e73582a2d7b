"""The CSV that Timelapse imports: `File` and `RelativePath` name the photo, other columns are its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from gallery.exchange.csv_text import Cell, table_lines
from gallery.exchange.rows import PredictionRow

COLUMNS: Mapping[str, Callable[[PredictionRow], Cell]] = {
    "File": lambda row: row.place[-1],
    "RelativePath": lambda row: "\\".join(row.place[:-1]),  # as Timelapse itself writes it
    "DateTime": lambda row: (row.photo.metadata.taken_at or "").replace("T", " "),
    "DeleteFlag": lambda _: "false",
    "Species": lambda row: row.label,  # the label shown
    "SpeciesBy": lambda row: row.source,  # person, model, or waiting
    "Person": lambda row: row.person,
    "LabelledAt": lambda row: row.labelled_at,
    "ModelSpecies": lambda row: row.model_label,
    "ModelConfidence": lambda row: row.confidence,
    "ModelName": lambda row: row.model_id,
    "Count": lambda row: row.animals,  # boxes of animals that a detector found
}
"""A template's fields must be called so to take the values up; Timelapse passes over those it lacks."""


def timelapse_csv(rows: Iterable[PredictionRow]) -> Iterator[str]:
    """Yield the table line by line."""
    return table_lines(COLUMNS, rows)
