"""Connections to the catalog's file: many threads, many processes, no half-written batch."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gallery.catalog import schema
from gallery.clock_shift import by_right_clock
from gallery.errors import CatalogError

BUSY_TIMEOUT_S = 60.0
"""How long a writer waits for its turn: longer than the slowest transaction, a scan of 200,000 files."""

_OPENING_TRIES = 100  # 50 ms apart: SQLite does not wait by itself while the journal mode is changed


class Database:
    """The catalog's SQLite file, in WAL mode: readers never wait for a writer.

    Connections are lent for one transaction and go back to a small stock, so
    that the short-lived threads of a web server leave none behind.
    """

    def __init__(
        self,
        file: Path,
        *,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        before_migration: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self._file = file
        self._busy_timeout_s = busy_timeout_s
        self._idle: list[sqlite3.Connection] = []
        self._stock = threading.Lock()
        self._turn = threading.Lock()  # one writing thread a process; SQLite arbitrates between processes
        self._closed = False
        with self._converted(), self._lent() as connection:
            if schema.is_older(connection):
                before_migration(connection)
            schema.migrate(connection, file)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose statements all see the same state of the catalog.

        Raises:
            CatalogError: the file cannot be read.
        """
        with self._converted(), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def aside(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for temporary tables, which keep nobody waiting, to be given to `writing` then.

        Raises:
            CatalogError: the file cannot be read.
        """
        with self._converted(), self._lent() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(
        self, on: sqlite3.Connection | None = None, *, durable: bool = False, shown: bool = True
    ) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose statements take effect together at the end, or not at all.

        Args:
            on: the connection, if `aside` lent one.
            durable: return only once the disk has it, so that a power cut cannot
                take it back; for what people typed.
            shown: what Browse shows may change by it, so the revision goes up.

        Raises:
            CatalogError: the file cannot be written: others keep it busy, the disk is full, and more.
        """
        lent = self._lent() if on is None else contextlib.nullcontext(on)
        with self._converted(), self._turn, lent as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if shown:
                    connection.execute("UPDATE revision SET value = value + 1")
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close every connection that is not lent; the others close when they come back."""
        with self._stock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        with self._stock:
            if self._closed:
                raise CatalogError("The catalog has been closed. Open it again.")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        finally:
            with self._stock:
                keep = not self._closed and not connection.in_transaction
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            for tries_left in reversed(range(_OPENING_TRIES)):
                try:
                    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                    break
                except sqlite3.OperationalError as exc:
                    if "locked" not in str(exc) or not tries_left:
                        raise
                    time.sleep(0.05)
            if mode != "wal":
                raise CatalogError(
                    f"The catalog {self._file} lies on a disk that several programs cannot share safely "
                    f"(SQLite offers only the journal mode {mode!r}). Set GALLERY_HOME to a folder on a disk "
                    "of this computer."
                )
            connection.execute("PRAGMA foreign_keys = ON")
            connection.create_function("by_right_clock", 2, by_right_clock, deterministic=True)
            connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync stays in the drive's cache
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA cache_size = -65536")  # KiB: the indexes of 200,000 photos fit
        except BaseException:
            connection.close()
            raise
        return connection

    @contextlib.contextmanager
    def _converted(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise CatalogError(self._sentence(exc)) from exc

    def _sentence(self, exc: sqlite3.Error) -> str:
        said = str(exc)
        if "locked" in said or "busy" in said:
            return (
                f"Another program kept the catalog {self._file} busy for over {self._busy_timeout_s:.0f} s. "
                "Try again; if it stays so, close the other program that uses this catalog."
            )
        if "full" in said:
            return (
                f"The disk of the catalog {self._file} is full. Free some space, then go on: nothing is lost."
            )
        if "readonly" in said or "unable to open" in said:
            return (
                f"The catalog {self._file} cannot be written ({said}). Check that you may write to its "
                "folder, or set GALLERY_HOME to another one."
            )
        if "disk I/O" in said:
            return (
                f"The disk of the catalog {self._file} does not answer as it should ({said}). Check that it "
                "is connected and sound, then try again."
            )
        if "malformed" in said or "not a database" in said:
            return (
                f"The file {self._file} is damaged or is no catalog ({said}). Move it aside or put back a "
                "copy; the photos themselves are untouched."
            )
        return f"The catalog {self._file} refused an operation: {said}."
