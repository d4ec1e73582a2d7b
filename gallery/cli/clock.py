"""``clock DIR --add SHIFT``: correct the dates of a camera whose clock was set wrongly."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, say
from gallery.services import wiring
from gallery.services.export import collections_of
from gallery.settings import Settings
from gallery.types import display_path


def clock(arguments: argparse.Namespace, settings: Settings) -> int:
    """Keep what is added to the dates of a folder's photos, or say what is.

    Raises:
        GalleryError: the folder was never opened, it has no such sub-folder, or that is no shift.
    """
    with wiring.composed(settings) as parts:
        (collection,) = collections_of(parts, arguments.folder)
        number, below = collection.collection_id, arguments.below.replace("\\", "/").strip("/")
        if arguments.add is not None or arguments.remove:
            parts.catalog.shift_clock(number, below, None if arguments.remove else arguments.add)
        kept = parts.catalog.clock_shifts(number)
    if arguments.json:
        answer({"folder": display_path(collection.root), "shifts": kept})
        return 0
    for folder, shift in kept.items():
        say(f"{folder or 'all other photos'}: {shift} added to the dates in the files")
    if not kept:
        say(f"The dates of {display_path(collection.root)} are those in the files.")
    return 0
