"""``restore``: what a backup holds and the catalog does not."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import answer, say
from gallery.services import backups
from gallery.settings import Settings


def restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take in a backup, and print what it brought.

    Raises:
        GalleryError: it is no backup, or a newer program wrote it.
    """
    taken = backups.restore(settings, arguments.file.expanduser())
    if arguments.json:
        answer(asdict(taken))
    else:
        say(
            f"Taken in: {taken.labels:,} changes of labels, {taken.verdicts:,} verdicts, {taken.settings:,} "
            "settings. What was there already, or was said since then, stands."
        )
    return 0
