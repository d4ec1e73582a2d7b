"""What the numbers rest on: the model's card, the table of all photos, all numbers for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gallery.exchange.csv_text import csv_lines
from gallery.exchange.report.contents import ReportContents
from gallery.types import ModelCard
from gallery.words import class_title

_CARD_TITLES = {
    "model_id": "Id",
    "name": "Name",
    "description": "Description",
    "limits": "Limits",
    "trained_on": "Trained on",
    "tested_on": "Tested on",
    "class_names": "Classes",
    "architecture": "Architecture",
    "input_px": "Input, pixels",
    "preprocessing": "Preprocessing",
    "resize": "Resizing",
    "target_layer": "Layer of the heatmaps",
    "temperature": "Temperature",
    "parameter_count": "Parameters",
    "weights_file": "File of the weights",
    "weights_sha256": "SHA-256 of the weights",
    "created_at": "Made at",
    "library_versions": "Made with",
}
"""The order in which people want them; fields of later versions follow under their own names."""


def card_facts(card: ModelCard) -> list[tuple[str, Any]]:
    """Return the fields of a model's card as (title, value) for people.

    A value is a text, a list of values, or a mapping of titles to values.
    """
    fields = card.to_json()
    ordered = {name: fields[name] for name in _CARD_TITLES if name in fields} | fields
    return [
        (_CARD_TITLES.get(name, class_title(name)), _shown(value))
        for name, value in ordered.items()
        if value not in ("", (), {}, [])
    ]


def photo_table(contents: ReportContents) -> bytes:
    """Return the table of all photos as CSV: file, label, prediction, probabilities, digest."""
    report = contents.evaluation.report
    names = report.class_names
    header = ["file", "label", "predicted", "correct", *(f"probability_{n}" for n in names), "picture_sha256"]

    def rows() -> Iterator[list[str | int]]:
        for row, photo_id in enumerate(contents.evaluation.photo_ids):
            true, said = int(report.y_true[row]), int(report.y_pred[row])
            shares = map(str, report.probabilities[row])
            yield [contents.names[row], names[true], names[said], int(true == said), *shares, photo_id]

    return "".join(csv_lines(header, rows())).encode("utf-8")


def numbers_json(contents: ReportContents) -> bytes:
    """Return every number as JSON, photos by the names that the report shows."""
    evaluation = contents.evaluation
    paths = [Path(name) for name in contents.names]
    numbers = {
        **evaluation.report.to_json(),
        **evaluation.diagnosis.to_json(paths),
        "weighted_f1": evaluation.report.weighted_f1,
        "overlap": evaluation.overlap.to_json(),
        "slices": [one.to_json() for one in evaluation.slices_by()],
        "verdicts": None if contents.judged is None else contents.judged.to_json(),
        "comparison": None if contents.pair is None else contents.pair.comparison.to_json(),
    }
    return json.dumps(numbers, allow_nan=False).encode("ascii")


def _shown(value: object) -> Any:
    """Return a card's value: objects with titles, lists of long texts as lists, short ones in a line."""
    if isinstance(value, Mapping):
        return {class_title(str(name)): _shown(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        short = all(isinstance(one, int | float) or (isinstance(one, str) and len(one) < 30) for one in value)
        return ", ".join(map(_shown, value)) if short else [_shown(one) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return "" if value is None else str(value)
