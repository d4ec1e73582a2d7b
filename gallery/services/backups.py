"""Backups of labels, verdicts and settings: by hand, and by themselves once a day."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from gallery.catalog.backup import Restored
from gallery.errors import GalleryError
from gallery.services import wiring
from gallery.settings import Settings

EVERY_S = 24 * 3600.0

_log = logging.getLogger(__name__)
_turn = threading.Lock()
_looked = 0.0


def back_up(settings: Settings, backup: Path) -> Path:
    """Write a backup, and return its place: the file, or one of a name of its own in a folder.

    Raises:
        CatalogError: it cannot be written.
    """
    if backup.is_dir():
        backup = backup / f"smart-gallery-labels-{time.strftime('%Y-%m-%d')}.sqlite3"
    with wiring.composed(settings) as parts:
        parts.catalog.back_up(backup)
    return backup


def restore(settings: Settings, backup: Path) -> Restored:
    """Take in what a backup holds and the catalog does not.

    Raises:
        CatalogError: the file is no backup, or a newer program wrote it.
    """
    with wiring.composed(settings) as parts:
        return parts.catalog.restore(backup)


def when_due() -> None:
    """Write the automatic backup in the background, if the last is a day old and labels were given since."""
    global _looked
    with _turn:
        if _looked and time.monotonic() - _looked < EVERY_S / 24:
            return
        _looked = time.monotonic()
    threading.Thread(target=_write, name="backup", daemon=True).start()


def _write() -> None:
    try:
        wiring.catalog().back_up_by_itself(EVERY_S)
    except (GalleryError, OSError) as exc:
        _log.warning("no automatic backup: %s", exc)
