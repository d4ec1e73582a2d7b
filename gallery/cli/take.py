"""``take FILE --collection DIR``: labels of another program, or of an earlier export, as labels of photos."""

from __future__ import annotations

import argparse
import dataclasses

from gallery.cli.output import tell
from gallery.services import imported_labels, wiring
from gallery.settings import Settings


def take(arguments: argparse.Namespace, settings: Settings) -> None:
    """Take the labels of a file over for an opened folder; labels that people gave there stay.

    Raises:
        GalleryError: the folder was never opened, or the file cannot be read.
    """
    with wiring.composed(settings) as parts:
        taken = imported_labels.take_labels(
            parts, arguments.source, arguments.collection, of_models=arguments.of_models
        )
    first, *others = taken.sentences()
    tell(arguments, dataclasses.asdict(taken), first, notes=others)
