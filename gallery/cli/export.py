"""``export --out CSV``: the table of predictions and of people's labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from gallery import composition
from gallery.cli.output import answer, say
from gallery.errors import CatalogError
from gallery.exchange import PredictionRow, prediction_rows, write_predictions_csv
from gallery.settings import Settings
from gallery.types import Collection, display_path


def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write one line for each tagged photo of one collection or of all.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be written.
    """
    with composition.composed(settings) as parts:
        card = composition.chosen_card(parts.models, arguments.model)
        collections = parts.catalog.collections()
        if arguments.collection is not None:
            collections = [_of_folder(collections, arguments.collection)]
        rows: dict[Path, PredictionRow] = {}
        for collection in collections:
            for row in prediction_rows(
                parts.catalog, collection.collection_id, card.model_id, card.class_names
            ):
                rows.setdefault(row.photo.path, row)  # a folder inside another is opened twice, written once
    write_predictions_csv(arguments.out, rows.values(), card.class_names)
    if arguments.json:
        out = display_path(arguments.out)
        answer({"out": out, "photos": len(rows), "collections": len(collections), "model_id": card.model_id})
        return 0
    say(f"{display_path(arguments.out)}: {len(rows):,} photos tagged by {card.model_id}.")
    if not rows:
        say("Nothing has been tagged by this model yet: run `python -m gallery tag DIR` first.")
    return 0


def _of_folder(collections: list[Collection], folder: Path) -> Collection:
    """Return the collection of a folder, which may be gone by now.

    Raises:
        CatalogError: it was never opened.
    """
    wanted = folder.expanduser().resolve()
    for collection in collections:
        if collection.root == wanted:
            return collection
    opened = ", ".join(display_path(collection.root) for collection in collections) or "none"
    raise CatalogError(
        f"{display_path(folder)} has not been opened yet. Tag it first, or choose one of these: {opened}."
    )
