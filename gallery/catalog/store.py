"""What all parts of the catalog stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gallery.catalog.database import Database


class Store:
    """The database, the folder of the files beside it, and the clock."""

    def __init__(self, database: Database, folder: Path, now: Callable[[], float]) -> None:
        self._database = database
        self._folder = folder
        self._now = now  # seconds since 1970
