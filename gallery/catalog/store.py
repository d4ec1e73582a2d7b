"""What all parts of the catalog stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gallery.catalog.database import Database


class Store:
    """The database, the folder of the files beside it, and the clock."""

    def __init__(self, database: Database, folder: Path, now: Callable[[], float]) -> None:
        self._database = database
        self._folder = folder
        self._now = now  # seconds since 1970

    def _rows(self, question: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[Any]:
        """Yield the rows that answer one question, to be taken at once: they hold a connection."""
        with self._database.reading() as connection:
            yield from connection.execute(question, values)

    def _row(self, question: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """Return the only row that answers a question; None where there is none."""
        with self._database.reading() as connection:
            return connection.execute(question, values).fetchone()
