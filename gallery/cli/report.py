"""``report DIR --out FILE.html``: the whole evaluation of a folder as one file that opens anywhere."""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

from gallery.cli.evaluate import evaluations
from gallery.cli.output import note, skipped_lines, tell
from gallery.errors import DatasetError
from gallery.services import report as report_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path


def report(arguments: argparse.Namespace, settings: Settings) -> None:
    """Tag a labelled folder where needed, and write its evaluation as one HTML file.

    Raises:
        GalleryError: the place cannot be meant for a report (said before the long
            work), the folder or a model does not fit, or the file cannot be written.
    """
    report_service.check_place(arguments.out)
    folder = settings.allow(arguments.folder)
    with wiring.composed(settings) as parts:
        cards = [wiring.chosen_card(parts.models, arguments.model)]
        if arguments.compare is not None:
            cards.append(parts.models.card(arguments.compare))
            if cards[0].model_id == cards[1].model_id:
                raise DatasetError(f"{cards[0].model_id} cannot be compared with itself. Name another model.")
        table = arguments.labels
        table_sha256 = None if table is None else hashlib.sha256(table.read_bytes()).hexdigest()
        found = evaluations(arguments, parts, folder, cards, what="report")
        card, evaluation = cards[0], found[0]
        began = time.monotonic()
        made = report_service.html_report(
            parts,
            evaluation,
            card,
            other=(cards[1], found[1]) if len(cards) > 1 else None,
            labels_from=_labels_from(arguments),
            label_table_sha256=table_sha256,
            show_path=arguments.full_path,
            on_progress=note,
        )
    report_service.write(arguments.out, made)
    lines = [
        f"{display_path(arguments.out)}: {made.size_bytes / 1e6:.1f} MB, {made.photos:,} photos evaluated, "
        f"pictures of {made.photos_shown:,} of them inside. It opens in any browser, without a server."
    ]
    if made.lowered:
        lines.append(
            f"To stay below {made.limit_bytes / 1e6:.0f} MB it shows {made.level.per_cell} of a cell "
            f"at most, {made.level.thumbnail_px} pixels each."
        )
    tell(
        arguments,
        {
            "out": display_path(arguments.out),
            "size_bytes": made.size_bytes,
            "photos": made.photos,
            "photos_shown": made.photos_shown,
            "photos_per_cell": made.level.per_cell,
            "thumbnail_px": made.level.thumbnail_px,
            "model_id": card.model_id,
            "compared_with": arguments.compare,
            "accuracy": evaluation.report.accuracy,
            "skipped": len(evaluation.skipped),
            "seconds": round(time.monotonic() - began, 2),
        },
        *lines,
        notes=skipped_lines(evaluation.skipped),
    )


def _labels_from(arguments: argparse.Namespace) -> str | None:
    if arguments.labels is None:
        return None
    split = "" if arguments.split is None else f', split "{arguments.split}"'
    return f"the table {display_path(Path(arguments.labels.name))}{split}"
