"""``clock DIR --add SHIFT``: correct the dates of a camera whose clock was set wrongly."""

from __future__ import annotations

import argparse

from gallery.cli.output import tell
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import display_path


def clock(arguments: argparse.Namespace, settings: Settings) -> None:
    """Keep what is added to the dates of a folder's photos, or say what is.

    Raises:
        GalleryError: the folder was never opened, it has no such sub-folder, or that is no shift.
    """
    with wiring.composed(settings) as parts:
        (collection,) = wiring.collections_of(parts, arguments.folder)
        number, below = collection.collection_id, arguments.below.replace("\\", "/").strip("/")
        if arguments.add is not None or arguments.remove:
            parts.catalog.shift_clock(number, below, None if arguments.remove else arguments.add)
        kept = parts.catalog.clock_shifts(number)
    root = display_path(collection.root)
    lines = [
        f"{sub or 'all other photos'}: {shift} added to the dates in the files" for sub, shift in kept.items()
    ]
    tell(
        arguments,
        {"folder": root, "shifts": kept},
        *(lines or [f"The dates of {root} are those in the files."]),
    )
