"""What the numbers rest on: the model's card, the hashes of everything, the tables, the methods' sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gallery.exchange.csv_text import csv_lines
from gallery.exchange.report.album import data_uri
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.markup import Markup, joined, tag
from gallery.exchange.report.words import fact_list
from gallery.words import class_title, photo_count

METHODS = (
    ("Intervals", "Wilson 1927, score interval of a share; balanced accuracy: Zou and Donner 2008; F1: "
     "bootstrap; log loss: normal."),
    ("Calibration error", "Guo et al. 2017, On Calibration of Modern Neural Networks; 15 bins."),
    ("Heatmaps", "Selvaraju et al. 2017, Grad-CAM, of the class's logit at the card's target layer."),
    ("Doubtful labels", "Northcutt, Jiang and Chuang 2021, Confident Learning, and the ten nearest photos."),
    ("Compare models", "McNemar 1947, exact binomial form."),
    ("Curves", "Average precision as a sum of steps, without interpolation; ROC area by trapezoids."),
)  # fmt: skip

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


def card_section(contents: ReportContents) -> Markup:
    """Return the model's card, every field of it."""
    card = contents.card.to_json()
    ordered = {name: card[name] for name in _CARD_TITLES if name in card} | card
    facts = [
        (_CARD_TITLES.get(name, class_title(name)), value)
        for name, value in ordered.items()
        if value not in ("", (), {}, [])
    ]
    return tag(
        "section",
        tag("h2", "The model's card", id="card"),
        fact_list((title, _value(value)) for title, value in facts),
    )


def files_section(contents: ReportContents, notes: list[str], table_csv: bytes | None) -> Markup:
    """Return hashes, the embedded tables and what had to be left out.

    Args:
        contents: what is written down.
        notes: sentences on what the file holds.
        table_csv: see `photo_table`; None where it would make the file too large.
    """
    facts: list[tuple[str, object]] = [
        ("SHA-256 of the weights", tag("span", contents.card.weights_sha256 or "none", class_="hash"))
    ]
    if contents.label_table_sha256 is not None:
        facts.append(
            ("SHA-256 of the table of labels", tag("span", contents.label_table_sha256, class_="hash"))
        )
    facts.append(("Written by", contents.made_by))
    if contents.library_versions:
        facts.append(("Computed with", ", ".join(f"{n} {v}" for n, v in contents.library_versions)))
    report = json.dumps(numbers_json(contents), allow_nan=False).encode("ascii")
    if table_csv is None:
        table = tag(
            "p",
            "The table of all photos with their hashes is too large for this file: ",
            tag("code", "python -m gallery export"),
            " writes it.",
        )
    else:
        table = tag(
            "p",
            tag("a", "Table of all photos (CSV)", href=data_uri(table_csv, "text/csv;charset=utf-8"),
                download="photos.csv"),
            f": {photo_count(contents.evaluation.report.n)}, each with its label, the prediction, all "
            "probabilities and the SHA-256 of the file.",
        )  # fmt: skip
    return tag(
        "section",
        tag("h2", "Tables and hashes", id="files"),
        table,
        tag(
            "p",
            tag("a", "All numbers (JSON)", href=data_uri(report, "application/json"),
                download="numbers.json"),
            ": as ", tag("code", "python -m gallery evaluate --json"), " prints them, and those of the other "
            "sections.",
        ),
        fact_list(facts),
        [tag("p", note) for note in notes],
        tag("h3", "Methods"),
        fact_list(METHODS),
    )  # fmt: skip


def photo_table(contents: ReportContents) -> bytes:
    """Return the table of all photos as CSV: file, label, prediction, probabilities, digest."""
    report = contents.evaluation.report
    names = report.class_names
    header = [
        "file",
        "label",
        "predicted",
        "correct",
        *(f"probability_{name}" for name in names),
        "picture_sha256",
    ]

    def rows() -> Iterator[list[str | int]]:
        for row, photo_id in enumerate(contents.evaluation.photo_ids):
            true, said = int(report.y_true[row]), int(report.y_pred[row])
            probabilities = [str(value) for value in report.probabilities[row]]
            yield [
                contents.names[row],
                names[true],
                names[said],
                int(true == said),
                *probabilities,
                photo_id,
            ]

    return "".join(csv_lines(header, rows())).encode("utf-8")


def numbers_json(contents: ReportContents) -> dict[str, Any]:
    """Return every number as plain values, photos by the names that the report shows."""
    evaluation = contents.evaluation
    paths = [Path(name) for name in contents.names]
    return {
        **evaluation.report.to_json(),
        **evaluation.diagnosis.to_json(paths),
        "weighted_f1": evaluation.report.weighted_f1,
        "overlap": evaluation.overlap.to_json(),
        "slices": [one.to_json() for one in evaluation.slices_by()],
        "verdicts": None if contents.judged is None else contents.judged.to_json(),
        "comparison": None if contents.pair is None else contents.pair.comparison.to_json(),
    }


def _value(value: object) -> Markup:
    """Return a card's value: objects as lists of facts, lists of texts as lists, numbers as they are."""
    if isinstance(value, Mapping):
        return fact_list((class_title(str(name)), _value(one)) for name, one in value.items())
    if isinstance(value, list | tuple):
        if all(isinstance(one, int | float) for one in value):
            return joined(", ".join(_number(one) for one in value))
        if all(isinstance(one, str) and len(one) < 30 for one in value):
            return joined(", ".join(value))
        return tag("ul", [tag("li", _value(one)) for one in value])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return joined(_number(value))
    text = "" if value is None else str(value)
    hexadecimal = len(text) == 64 and text.isalnum()
    return tag("span", text, class_="hash") if hexadecimal else joined(text)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
