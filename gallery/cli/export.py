"""``export --out CSV``: the table of predictions and of people's labels, or that of their verdicts."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, say
from gallery.services import export as export_service
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path


def export(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write one line for each tagged photo of one collection or of all, or one for each verdict.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be written.
    """
    write = export_service.verdicts if arguments.verdicts else export_service.predictions
    with wiring.composed(settings) as parts:
        made = write(parts, arguments.out, folder=arguments.collection, model_id=arguments.model)
    out = display_path(arguments.out)
    if arguments.verdicts:
        data: dict[str, object] = {"out": out, "verdicts": made.rows, "collections": made.collections}
        sentence = f"{out}: {made.rows:,} verdicts on labels."
        none = (
            "Nobody has judged a label yet: do so on the Evaluate page, under “Labels that are probably "
            "wrong”."
        )
    else:
        data = {"out": out, "photos": made.rows, "collections": made.collections, "model_id": made.model_id}
        sentence = f"{out}: {made.rows:,} photos tagged by {made.model_id}."
        none = "Nothing has been tagged by this model yet: run `python -m gallery tag DIR` first."
    if arguments.json:
        answer(data)
        return 0
    say(sentence)
    if not made.rows:
        say(none)
    return 0
