"""``backup`` and ``restore``: labels with their history, verdicts and settings, in one small file."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gallery.cli.output import tell
from gallery.services import backups
from gallery.settings import Settings
from gallery.types import display_path


def backup(arguments: argparse.Namespace, settings: Settings) -> None:
    """Write a backup, and print where it lies.

    Raises:
        GalleryError: it cannot be written.
    """
    file = backups.back_up(settings, arguments.out.expanduser())
    tell(
        arguments,
        {"file": str(file), "bytes": file.stat().st_size},
        f"Labels, verdicts and settings are in {display_path(file)}. `restore` takes them in again.",
    )


def restore(arguments: argparse.Namespace, settings: Settings) -> None:
    """Take in what a backup holds and the catalog does not, and print what it brought.

    Raises:
        GalleryError: it is no backup, or a newer program wrote it.
    """
    taken = backups.restore(settings, arguments.file.expanduser())
    tell(
        arguments,
        asdict(taken),
        f"Taken in: {taken.labels:,} changes of labels, {taken.verdicts:,} verdicts, {taken.settings:,} "
        "settings. What was there already, or was said since then, stands.",
    )
