"""``predict DIR --out FILE.csv``: a competition's submission file."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, note_skipped, say
from gallery.services import export, wiring
from gallery.settings import Settings
from gallery.types import display_path


def predict(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a row a photo under the user's headings; the catalog is not touched.

    Raises:
        GalleryError: no such folder or model, headings that make no sense, or a place that cannot be written.
    """
    from tqdm import tqdm

    folder = settings.allow(arguments.folder)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    columns = [name.strip() for name in arguments.columns.split(",")]
    with tqdm(unit=" photos", ascii=True) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        written = export.submission(
            models, card, folder, arguments.out, columns=columns, ids=arguments.ids, on_progress=show
        )
    if arguments.json:
        answer({"model_id": card.model_id, **written.to_json()})
    else:
        note_skipped(written.skipped)
        say(f"{written.rows:,} photos in {display_path(written.file)}, labelled by {card.model_id}.")
    return 0
