"""``predict DIR --out FILE.csv``: a competition's submission file."""

from __future__ import annotations

import argparse

from gallery.cli.output import ProgressBar, skipped_json, skipped_lines, tell
from gallery.services import export, wiring
from gallery.settings import Settings
from gallery.types import display_path


def predict(arguments: argparse.Namespace, settings: Settings) -> None:
    """Write a row a photo under the user's headings; the catalog is not touched.

    Raises:
        GalleryError: no such folder or model, headings that make no sense, or a place that cannot be written.
    """
    folder = settings.allow(arguments.folder)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    columns = [name.strip() for name in arguments.columns.split(",")]
    with ProgressBar() as bar:
        written = export.submission(
            models, card, folder, arguments.out, columns=columns, ids=arguments.ids, on_progress=bar.step
        )
    tell(
        arguments,
        {
            "model_id": card.model_id,
            "out": str(arguments.out),
            "photos": written.rows,
            "columns": columns,
            "skipped": skipped_json(written.skipped),
        },
        f"{written.rows:,} photos in {display_path(arguments.out)}, labelled by {card.model_id}.",
        notes=skipped_lines(written.skipped),
    )
