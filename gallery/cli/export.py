"""``export --out CSV``: the table of predictions and of people's labels, or that of their verdicts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from gallery.cli.output import answer, say
from gallery.datasets.class_names import class_of_name
from gallery.errors import CatalogError
from gallery.exchange import (
    PredictionRow,
    prediction_rows,
    verdict_rows,
    write_predictions_csv,
    write_verdicts_csv,
)
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import Collection, PhotoId, PhotoQuery, display_path


def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write one line for each tagged photo of one collection or of all, or one for each verdict.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be written.
    """
    if arguments.verdicts:
        return _verdicts(arguments, settings)
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
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


def _verdicts(arguments: argparse.Namespace, settings: Settings) -> int:
    with wiring.composed(settings) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
        collections = parts.catalog.collections()
        if arguments.collection is not None:
            collections = [_of_folder(collections, arguments.collection)]
        copies: dict[PhotoId, list[Path]] = {}
        for collection in collections:
            files = parts.catalog.find_files(PhotoQuery(collection.collection_id, card.model_id))
            for photo in parts.catalog.photos(files):
                copies.setdefault(photo.photo_id, []).append(photo.path)
        given = parts.catalog.standing_verdicts(None if arguments.collection is None else list(copies))
    places = {
        (one.photo_id, one.label): _bearing(copies[one.photo_id], one.label)
        for one in given.values()
        if one.photo_id in copies
    }
    rows = verdict_rows(given.values(), places)
    write_verdicts_csv(arguments.out, rows)
    if arguments.json:
        answer({"out": display_path(arguments.out), "verdicts": len(rows), "collections": len(collections)})
        return 0
    say(f"{display_path(arguments.out)}: {len(rows):,} verdicts on labels.")
    if not rows:
        say(
            "Nobody has judged a label yet: do so on the Evaluate page, under “Labels that are probably "
            "wrong”."
        )
    return 0


def _bearing(paths: Sequence[Path], label: str) -> Path:
    """Return the copy that lies in a folder named by the label; the first where none does."""
    named = (path for path in paths if any(class_of_name(part, (label,)) == 0 for part in path.parent.parts))
    return next(named, paths[0])


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
