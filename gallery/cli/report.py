"""``report DIR --out FILE.html``: the whole evaluation of a folder as one file that opens anywhere."""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

from gallery.cli.labelled import check_label_options, labels_for, labels_for_second, tag_and_evaluate
from gallery.cli.output import answer, note, note_skipped, say
from gallery.cli.stopping import STOPPED
from gallery.errors import DatasetError
from gallery.evaluation import FolderEvaluation
from gallery.exchange.report import REPORT_LIMIT_BYTES, check_report_place, write_html_report
from gallery.services import report as report_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path


def report(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tag a labelled folder where needed, and write its evaluation as one HTML file.

    Raises:
        GalleryError: the place cannot be meant for a report (said before the long
            work), the folder or a model does not fit, or the file cannot be written.
    """
    check_report_place(arguments.out)
    folder = settings.allow(arguments.folder)
    check_label_options(arguments)
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
        other_card = None if arguments.compare is None else parts.models.card(arguments.compare)
        if other_card is not None and other_card.model_id == card.model_id:
            raise DatasetError(f"{card.model_id} cannot be compared with itself. Name another model.")
        labels = labels_for(arguments, folder, card)
        measured = [(card, labels)]
        if other_card is not None:
            measured.append((other_card, labels_for_second(labels, folder, card, other_card)))
        table_sha256 = _sha256(arguments.labels)
        results: list[FolderEvaluation] = []
        for one, of_one in measured:
            result = tag_and_evaluate(parts, folder, one, of_one)
            if result is None:
                note("Stopped before the end, so there is no report. Start again to go on.")
                if arguments.json:
                    answer({"error": "stopped before the end"})
                return STOPPED
            results.append(result)
        evaluation = results[0]
        began = time.monotonic()
        made = report_service.html_report(
            parts,
            evaluation,
            card,
            root=folder,
            other=None if other_card is None else (other_card, results[1]),
            labels_from=_labels_from(arguments),
            label_table_sha256=table_sha256,
            show_path=arguments.full_path,
            on_progress=note,
        )
    write_html_report(arguments.out, made)
    if arguments.json:
        answer(
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
            }
        )
        return 0
    note_skipped(evaluation.skipped)
    say(
        f"{display_path(arguments.out)}: {made.size_bytes / 1e6:.1f} MB, {made.photos:,} photos evaluated, "
        f"pictures of {made.photos_shown:,} of them inside. It opens in any browser, without a server."
    )
    if made.lowered:
        say(
            f"To stay below {REPORT_LIMIT_BYTES / 1e6:.0f} MB it shows {made.level.per_cell} of a cell "
            f"at most, {made.level.thumbnail_px} pixels each."
        )
    return 0


def _labels_from(arguments: argparse.Namespace) -> str:
    if arguments.labels is None:
        return "the names of the sub-folders"
    split = "" if arguments.split is None else f', split "{arguments.split}"'
    return f"the table {display_path(Path(arguments.labels.name))}{split}"


def _sha256(table: Path | None) -> str | None:
    return None if table is None else hashlib.sha256(table.read_bytes()).hexdigest()
