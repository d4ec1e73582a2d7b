"""The report's page: its templates, and what they are given.

Whatever a template writes is escaped, and hides nothing (`shown_text`); only
what was made here, pictures, styles and scripts, is marked as safe in them.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gallery.class_styles import style, tile_content
from gallery.evaluation.evidence import BORDER, Group
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.exchange.report.album import LEVELS, Album
from gallery.exchange.report.charts import charts_json, charts_of
from gallery.exchange.report.contents import ReportContents
from gallery.exchange.report.provenance import card_facts, numbers_json
from gallery.settings import FEW_PHOTOS
from gallery.words import class_title, counted, interval, percent, photo_count, shown_text

FOLDER = Path(__file__).parent

EXPECTED_STYLE = re.compile(r'if\(!document\.getElementById\("([0-9a-f]{64})"\)\)')
"""Styles of maps that plotly adds as it loads where they are not there; the policy forbids to add any."""

SHADES = 10
FULL_ERROR_SHARE = 0.5
"""Errors on half of a class have the strongest shade: on a scale to 1 the usual few percent would vanish."""

CONSTANTS = {
    "BORDER": BORDER,
    "BORDERS_NAMED": 3,
    "FEW_PHOTOS": FEW_PHOTOS,
    "HEAT_OPACITY": 0.65,  # of the hottest place: the animal beneath is still to be recognised
    "NAMED_COPIES": 20,  # groups of copies; the table of all photos has the rest
    "SLICES_LISTED": 60,
    "SUSPECTS_LISTED": 200,
}


class Page:
    """The page of a report, to be written with more or fewer photos.

    Args:
        contents: what is written down.
        table_csv: the table of all photos; None where it would make the file too large.
    """

    def __init__(self, contents: ReportContents, table_csv: bytes | None) -> None:
        from plotly.offline import get_plotlyjs

        charts = charts_of(contents, dark=False)
        sheet, script, plotly = style_sheet(), (FOLDER / "report.js").read_text("utf-8"), get_plotlyjs()
        self._contents = contents
        self._template = environment().get_template("page.html")
        self._given = {
            **_findings(contents),
            "contents": contents,
            "evaluation": contents.evaluation,
            "report": contents.evaluation.report,
            "diagnosis": contents.evaluation.diagnosis,
            "overlap": contents.evaluation.overlap,
            "sections": sections(contents),
            "card": card_facts(contents.card),
            "charts": charts,
            "charts_json": charts_json(charts, charts_of(contents, dark=True)),
            "table_csv": table_csv,
            "numbers_json": numbers_json(contents),
            "style": sheet,
            "script": script,
            "plotly": plotly,
            "style_ids": EXPECTED_STYLE.findall(plotly),
            "policy": content_policy(styles=(sheet, ""), scripts=(script, plotly)),
        }

    def written(self, album: Album) -> str:
        """Return the page with an album's photos."""
        return self._template.render(self._given, album=album, notes=_notes(self._contents, album))


def sections(contents: ReportContents) -> list[tuple[str, str]]:
    """Return the sections that have something to say: name in the contents, anchor and template."""
    made = (
        ("Before the numbers", "before", True),
        ("At a glance", "glance", True),
        ("The numbers", "numbers", True),
        ("Confusion matrix", "matrix", True),
        ("Class by class", "classes", True),
        ("Confidence", "confidence", True),
        ("Site, time, quality", "slices", bool(contents.evaluation.slices_by())),
        ("Labels", "labels", True),
        ("Verdicts", "verdicts", contents.judged is not None),
        ("Compare models", "comparison", contents.pair is not None and contents.other_card is not None),
        ("Photos", "photos", True),
        ("Curves", "curves", True),
        ("Model card", "card", True),
        ("Tables and hashes", "files", True),
    )
    return [(name, anchor) for name, anchor, there in made if there]


def style_sheet() -> str:
    """Return the sheet, with a class for each shade of the matrix.

    The strongest shades are chosen so that the page's own ink reads on them.
    """
    shaded = "".join(
        f".{kind}.s{shade}{{background:rgba(var(--{kind}),{shade / SHADES:.2g})}}"
        for kind in ("right", "wrong")
        for shade in range(SHADES + 1)
    )
    return (FOLDER / "style.css").read_text("utf-8") + shaded


def content_policy(*, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy: pictures in the file, these sheets and scripts, nothing else."""

    def digests(texts: Sequence[str]) -> str:
        made = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
        return " ".join(f"'sha256-{digest}'" for digest in made)

    return (
        f"default-src 'none'; img-src data:; style-src {digests(styles)}; script-src {digests(scripts)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _findings(contents: ReportContents) -> dict[str, Any]:
    """Return what the templates show and no other object has ready."""
    evaluation, report = contents.evaluation, contents.evaluation.report
    names = [class_title(name) for name in report.class_names]
    support = report.scores.support
    enough = np.flatnonzero(support >= FEW_PHOTOS)
    slices = evaluation.slices_by()
    judged, pair = contents.judged, contents.pair

    def outstanding(true: int | None, said: int | None) -> Group | None:
        return next((one for one in contents.outstanding if one.cell == Cell(true, said)), None)

    return {
        "names": names,
        "tiles": [tile_content(style(name, report.class_names)) for name in report.class_names],
        "guessing_loss": math.log(len(names)),
        "weakest": int(enough[np.argmin(report.scores.recall[enough])]) if len(enough) > 1 else None,
        "few_classes": [names[k] for k in range(len(names)) if 0 < support[k] < FEW_PHOTOS],
        "slices": slices,
        "worst_slices": [one for one in slices if one.stands_out and not one.few],
        "outstanding": outstanding,
        "shade": lambda true, said: shade(report, true, said),
        "classes_with_curves": [
            (k, one) for k, one in enumerate(evaluation.diagnosis.curves) if one.positives
        ],
        "judged_rows": [
            (verdict, [row for row, said in sorted(judged.judgements.items()) if said.verdict is verdict])
            for verdict, count in judged.counts.items()
            if count
        ]
        if judged is not None
        else [],
        "compared_names": [class_title(name) for name in pair.comparison.class_names] if pair else [],
    }


def shade(report: EvaluationReport, true: int, said: int) -> int:
    """Return how strongly a cell of the matrix that has photos is shaded, 0 to `SHADES`."""
    share = float(report.row_shares[true, said])
    return round(SHADES * min(1.0, share if true == said else share / FULL_ERROR_SHARE))


def _notes(contents: ReportContents, album: Album) -> list[str]:
    level, richest = album.level, LEVELS[0]
    held = f"Pictures of {len(album):,} of {photo_count(contents.evaluation.report.n)} are in this file"
    if not len(album):
        return [f"{held}, so that it stays small enough to be sent."]
    notes = [
        f"{held}: at most {level.per_cell:,} of a cell, {level.thumbnail_px} pixels on the longer side, JPEG "
        f"of quality {level.quality}."
    ]
    if level != richest:
        notes.append(
            f"There are so many that number and size were lowered (from {richest.per_cell} of a cell, "
            f"{richest.thumbnail_px} pixels and quality {richest.quality}), so that the file stays small "
            "enough to be sent."
        )
    return notes


def environment() -> Environment:
    """Return what the templates are read and written with; every text in them is escaped."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.globals |= CONSTANTS
    made.filters |= {
        "percent": percent,
        "bounds": interval,
        "points": in_points,
        "number": "{:,}".format,
        "photos": photo_count,
        "counted": counted,
        "digits": lambda value: repr(value.item() if isinstance(value, np.generic) else value),
        "data_uri": lambda content, kind: f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}",
    }
    made.tests["finite"] = math.isfinite
    return made


def _finalized(value: object) -> object:
    """Return what a template may write: texts whose every character is seen, whole numbers, markup.

    Raises:
        TypeError: it is none of these, so it must be formatted first.
    """
    if hasattr(value, "__html__"):
        return value
    if isinstance(value, str):
        return shown_text(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    raise TypeError(f"{type(value).__name__} cannot be written into the report: format it first")


def in_points(difference: float) -> str:
    """Return a difference of two shares in words.

    Example:
        >>> in_points(-0.05), in_points(0.012)
        ('5.0 percentage points fewer', '1.2 percentage points more')
    """
    return f"{100 * abs(difference):.1f} percentage points {'fewer' if difference < 0 else 'more'}"
