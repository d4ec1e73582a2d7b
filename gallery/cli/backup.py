"""``backup``: labels with their history, verdicts and settings, in one small file."""

from __future__ import annotations

import argparse

from gallery.cli.output import answer, say
from gallery.services import backups
from gallery.settings import Settings
from gallery.types import display_path


def backup(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write a backup, and print where it lies.

    Raises:
        GalleryError: it cannot be written.
    """
    file = backups.back_up(settings, arguments.out.expanduser())
    if arguments.json:
        answer({"file": str(file), "bytes": file.stat().st_size})
    else:
        say(f"Labels, verdicts and settings are in {display_path(file)}. `restore` takes them in again.")
    return 0
