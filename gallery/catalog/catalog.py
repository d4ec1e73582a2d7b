"""The catalog: the one source of truth about photos, predictions, corrections and jobs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from gallery.catalog.backup import BackupStore, automatic_backup, holds_words
from gallery.catalog.choice_store import ChoiceStore
from gallery.catalog.clock_store import ClockStore
from gallery.catalog.collection_store import CollectionStore
from gallery.catalog.correction_store import CorrectionStore
from gallery.catalog.database import Database
from gallery.catalog.file_store import FileStore
from gallery.catalog.head_store import HeadStore
from gallery.catalog.job_store import JobStore
from gallery.catalog.scan_store import ScanStore
from gallery.catalog.sequence_store import SequenceStore
from gallery.catalog.shelf_queries import ShelfQueries
from gallery.catalog.vector_store import VectorStore
from gallery.catalog.verdict_store import VerdictStore
from gallery.errors import CatalogError
from gallery.types import display_path


class Catalog(
    CollectionStore,
    ScanStore,
    FileStore,
    VectorStore,
    HeadStore,
    ChoiceStore,
    ShelfQueries,
    SequenceStore,
    ClockStore,
    CorrectionStore,
    VerdictStore,
    JobStore,
    BackupStore,
):
    """All that is known, in one folder; any number of threads and processes may use it at once.

    Example:
        >>> import tempfile
        >>> from gallery.types import CollectionKind
        >>> with tempfile.TemporaryDirectory() as folder, Catalog.open(Path(folder)) as catalog:
        ...     catalog.add_collection(Path("/photos/2024"), CollectionKind.FOLDER).name
        '2024'
    """

    @classmethod
    def open(cls, folder: Path, *, now: Callable[[], float] = time.time) -> Catalog:
        """Return the catalog of a folder, made if there is none, brought up to date if it is older.

        Args:
            folder: `Settings.catalog_dir`.
            now: the clock by which running jobs are known to be alive, in seconds.

        Raises:
            CatalogError: it cannot be written, is damaged, or is of a newer program.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise CatalogError(
                f"The folder {display_path(folder)} for the catalog cannot be made ({exc.strerror}). Check "
                "that you may write there, or set GALLERY_HOME to another folder."
            ) from exc
        file = folder / "catalog.sqlite3"

        def keep_words(connection: sqlite3.Connection) -> None:
            if holds_words(connection):
                automatic_backup(file)

        return cls(Database(file, before_migration=keep_words), folder, now)

    def identity(self) -> str:
        """Return a name that no other catalog has."""
        return str(self._row("SELECT value FROM identity")[0])

    def close(self) -> None:
        """Close the connections; the catalog cannot be used any more."""
        self.finish_saving()
        self._database.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
