"""Connections to the catalog's file: many threads, many processes, no half-written batch."""

from __future__ import annotations

import contextlib
import re
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

_FAULTS = {
    "locked|busy": "Another program kept the catalog {file} busy for over {busy_s:.0f} s. Try again; if it "
    "stays so, close the other program that uses this catalog.",
    "full": "The disk of the catalog {file} is full. Free some space, then go on: nothing is lost.",
    "readonly|unable to open": "The catalog {file} cannot be written ({said}). Check that you may write to "
    "its folder, or set GALLERY_HOME to another one.",
    "disk I/O": "The disk of the catalog {file} does not answer as it should ({said}). Check that it is "
    "connected and sound, then try again.",
    "malformed|not a database": "The file {file} is damaged or is no catalog ({said}). Move it aside or put "
    "back a copy; the photos themselves are untouched.",
    "": "The catalog {file} refused an operation: {said}.",
}
"""What to say of an error of SQLite in whose words a pattern is found, the first that fits."""

_OPENING_TRIES = 100  # 50 ms apart: SQLite does not wait by itself while the journal mode is changed


def read_only(file: Path) -> contextlib.closing[sqlite3.Connection]:
    """Open a file of SQLite that is not to be written, until the block ends."""
    return contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True))


def integrity_problem(file: Path) -> str | None:
    """Return what is wrong with a catalog's SQLite file, None when nothing is.

    A file that is not there yet has no problem: it is made when first needed.
    """
    if not file.exists():
        return None
    try:
        with read_only(file) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            said += [
                f"a row of {row[0]} lacks its partner"
                for row in connection.execute("PRAGMA foreign_key_check")
            ]
    except sqlite3.Error as exc:
        said = [str(exc)]
    return None if said == ["ok"] else "; ".join(line for line in said if line != "ok")


class Database:
    """The catalog's SQLite file, in WAL mode: readers never wait for a writer.

    Connections are lent for one transaction and go back to a small stock, so
    that the short-lived threads of a web server leave none behind.
    """

    def __init__(
        self,
        file: Path,
        before_migration: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self._file = file
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
        with self.aside() as connection:
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
            self._file, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
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
            fault = next(fault for signs, fault in _FAULTS.items() if re.search(signs, str(exc)))
            raise CatalogError(fault.format(file=self._file, said=exc, busy_s=BUSY_TIMEOUT_S)) from exc
