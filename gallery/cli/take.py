"""``take FILE --collection DIR``: labels of another program, or of an earlier export, as labels of photos."""

from __future__ import annotations

import argparse
import dataclasses

from gallery.cli.output import answer, note, say
from gallery.services import imported_labels, wiring
from gallery.settings import Settings
from gallery.types import display_path
from gallery.words import counted


def take(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take the labels of a file over for an opened folder; labels that people gave there stay.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be read.
    """
    with wiring.composed(settings) as parts:
        taken = imported_labels.take_labels(
            parts, arguments.source, arguments.collection, of_models=arguments.of_models
        )
    if arguments.json:
        answer({**dataclasses.asdict(taken), "unknown": list(taken.unknown)})
        return 0
    if taken.unknown:
        note(
            f"{len(taken.unknown):,} of {counted(taken.read, 'row')} name no photo of "
            f"{display_path(arguments.collection)}; the first is {taken.unknown[0]}."
        )
    if taken.kept:
        note(f"{counted(taken.kept, 'photo')} labelled otherwise by a person here: left as they are.")
    if taken.by_model:
        note(
            f"{counted(taken.by_model, 'label')} by a model, not by a person: not taken over "
            "(--of-models does)."
        )
    already = f", {taken.same:,} had theirs already" if taken.same else ""
    say(f"{counted(taken.labelled, 'photo')} of {taken.read:,} labelled from {arguments.source}{already}.")
    return 0
