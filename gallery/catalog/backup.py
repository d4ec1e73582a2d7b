"""Backups of what people said: labels with their history, verdicts, and settings.

All else in a catalog can be made again from the photos. A backup is a small SQLite file with the tables that
hold these, and the rows of the photos they are about.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gallery.catalog.correction_store import settle_label
from gallery.catalog.database import read_only
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import display_path

BACKUPS = "backups"
"""The folder of automatic backups, beside the catalog's file."""

KEPT = 5
"""Automatic backups: the latest ones; older ones are deleted."""

HISTORIES = {"corrections": "correction_id", "verdicts": "verdict_id"}
"""Tables of what people said, each with the number of its rows; only ever added to."""

SETTINGS = ("class_map", "unsure_thresholds")
"""Tables of few rows that people chose."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup brought that was not there: rows of the histories, and settings."""

    labels: int
    verdicts: int
    settings: int


def write_backup(catalog: Path, backup: Path) -> None:
    """Write a backup of a catalog's file, of this version or an older one; an older backup there is replaced.

    Raises:
        CatalogError: the catalog cannot be read, or the place cannot be written.
    """
    staging = backup.with_name(f".{backup.name}.part")
    try:
        backup.parent.mkdir(parents=True, exist_ok=True)
        staging.unlink(missing_ok=True)
        with read_only(catalog) as connection:
            connection.isolation_level = None
            connection.execute("ATTACH ? AS backup", (str(staging),))
            there = {row[0] for row in connection.execute("SELECT name FROM main.sqlite_master")}
            connection.execute("BEGIN")
            (version,) = connection.execute("PRAGMA main.user_version").fetchone()
            histories = [table for table in HISTORIES if table in there]
            for table in (*histories, *(one for one in SETTINGS if one in there)):
                connection.execute(f"CREATE TABLE backup.{table} AS SELECT * FROM main.{table}")
            about = " UNION ".join(f"SELECT photo_key FROM main.{table}" for table in histories)
            connection.execute(
                f"CREATE TABLE backup.photos AS SELECT * FROM main.photos WHERE photo_key IN ({about})"
            )
            connection.execute(f"PRAGMA backup.user_version = {version}")
            connection.execute("COMMIT")
            connection.execute("DETACH backup")
        staging.replace(backup)
    except (sqlite3.Error, OSError) as exc:
        with contextlib.suppress(OSError):
            staging.unlink(missing_ok=True)
        raise CatalogError(
            f"No backup could be written to {display_path(backup)} ({exc}). Check that you may write there "
            "and that the disk has room."
        ) from exc


def automatic_backup(catalog: Path) -> Path:
    """Write a backup into the folder beside a catalog's file, delete all but the latest, and return it.

    Raises:
        CatalogError: as `write_backup`.
    """
    folder = catalog.parent / BACKUPS
    backup = folder / f"labels-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.sqlite3"
    write_backup(catalog, backup)
    for old in automatic_backups(catalog)[:-KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return backup


def automatic_backups(catalog: Path) -> list[Path]:
    """Return the automatic backups of a catalog's file, the oldest first."""
    return sorted((catalog.parent / BACKUPS).glob("labels-*.sqlite3"))


def holds_words(connection: sqlite3.Connection) -> bool:
    """Return whether people have said anything yet."""
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    return any(
        connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
        for table in HISTORIES
        if table in there
    )


class BackupStore(Store):
    """Back up and restore what people said."""

    @property
    def file(self) -> Path:
        return self._folder / "catalog.sqlite3"

    def back_up(self, backup: Path) -> None:
        """Write a backup.

        Raises:
            CatalogError: the place cannot be written.
        """
        write_backup(self.file, backup)

    def back_up_by_itself(self, every_s: float) -> Path | None:
        """Write an automatic backup if the latest is older than this and there are words newer than it.

        Raises:
            CatalogError: it cannot be written.
        """
        with self._database.reading() as connection:
            if not holds_words(connection):
                return None
            newest = max(
                connection.execute(f"SELECT coalesce(max(made_at), '') FROM {table}").fetchone()[0]
                for table in HISTORIES
            )
        latest = next(reversed(automatic_backups(self.file)), None)
        if latest is not None:
            written = latest.stat().st_mtime
            if self._now() - written < every_s or newest < datetime.fromtimestamp(written, UTC).isoformat():
                return None
        return automatic_backup(self.file)

    def restore(self, backup: Path) -> Restored:
        """Take in what a backup holds and this catalog does not; what people said since then stands.

        A photo that no opened folder holds keeps its labels until one does.

        Raises:
            CatalogError: the file is no backup, or a newer program wrote it; nothing is taken in then.
        """
        try:
            with read_only(backup) as source:
                return self._taken_in(source)
        except (sqlite3.Error, KeyError) as exc:
            raise CatalogError(
                f"{display_path(backup)} is no backup of a catalog, or is damaged ({exc}). Choose another; "
                f"the automatic ones lie in {display_path(self._folder / BACKUPS)}."
            ) from exc

    def _taken_in(self, source: sqlite3.Connection) -> Restored:
        (version,) = source.execute("PRAGMA user_version").fetchone()
        with self._database.writing(durable=True) as connection:
            (own,) = connection.execute("PRAGMA user_version").fetchone()
            if version > own:
                raise CatalogError(
                    f"A newer Smart Gallery wrote this backup (version {version}, here {own}). Update the "
                    "program, then restore it."
                )
            keys = {}
            for photo in _rows(source, "photos"):
                former = photo.pop("photo_key")
                connection.execute(*_insert("photos", photo, connection))
                (keys[former],) = connection.execute(
                    "SELECT photo_key FROM photos WHERE photo_id = ?", (photo["photo_id"],)
                ).fetchone()
            counts = {table: _take_history(connection, source, table, keys) for table in HISTORIES}
            settings = 0
            for table in SETTINGS:
                for row in _rows(source, table):
                    settings += connection.execute(*_insert(table, row, connection)).rowcount
            for photo_key in keys.values():
                settle_label(connection, photo_key)
        return Restored(counts["corrections"], counts["verdicts"], settings)


def _rows(source: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a backup's table; none where its version had no such table."""
    if source.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is None:
        return
    cursor = source.execute(f"SELECT * FROM {table} ORDER BY rowid")
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _insert(table: str, row: dict[str, Any], connection: sqlite3.Connection) -> tuple[str, Sequence[Any]]:
    """Return the statement that adds a row unless it is there, with the columns that both versions have."""
    own = {column[1] for column in connection.execute(f"PRAGMA table_info({table})")}
    named = {name: value for name, value in row.items() if name in own}
    places = ", ".join("?" * len(named))
    return f"INSERT OR IGNORE INTO {table} ({', '.join(named)}) VALUES ({places})", list(named.values())


def _take_history(
    connection: sqlite3.Connection, source: sqlite3.Connection, table: str, keys: dict[int, int]
) -> int:
    """Add what was said of photos after the last that is known of them here; return how many rows."""
    number = HISTORIES[table]
    latest: dict[int, str] = {}
    numbers: dict[int, int] = {}
    taken = 0
    for row in _rows(source, table):
        former, photo_key = row.pop(number), keys[row["photo_key"]]
        if photo_key not in latest:
            (latest[photo_key],) = connection.execute(
                f"SELECT coalesce(max(made_at), '') FROM {table} WHERE photo_key = ?", (photo_key,)
            ).fetchone()
        same = connection.execute(
            f"SELECT {number} FROM {table} WHERE photo_key = ? AND made_at = ? AND person = ? "
            "AND label IS ? LIMIT 1",
            (photo_key, row["made_at"], row["person"], row["label"]),
        ).fetchone()
        if same is not None:
            (numbers[former],) = same
        elif row["made_at"] > latest[photo_key]:
            undone = row["undoes"]
            if undone is not None and undone not in numbers:
                continue  # what it takes back is not here
            fresh = {**row, "photo_key": photo_key, "undoes": None if undone is None else numbers[undone]}
            (numbers[former],) = connection.execute(
                f"SELECT coalesce(max({number}), 0) + 1 FROM {table}"
            ).fetchone()
            fresh[number] = numbers[former]
            if "collection_id" in fresh:  # for undo; another catalog numbers its collections otherwise
                (fresh["collection_id"],) = connection.execute(
                    "SELECT (SELECT collection_id FROM files WHERE photo_key = ? ORDER BY missing, file_id)",
                    (photo_key,),
                ).fetchone()
            if "action" in fresh:
                fresh["action"] = numbers.get(fresh["action"], numbers[former])
            taken += connection.execute(*_insert(table, fresh, connection)).rowcount
    return taken
