"""What scans find of a collection: files that are new, changed, or gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from gallery.catalog.collection_store import root_of
from gallery.catalog.paths import encode_below, shown_of
from gallery.catalog.store import Store
from gallery.types import FileEntry

_FOUND = """
    CREATE TEMP TABLE IF NOT EXISTS found (path BLOB PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER)
    WITHOUT ROWID
"""

INSERT_FILE = (
    "INSERT INTO files (collection_id, path, size_bytes, modified_ns, folder, name, name_key) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
"""Of a file that a scan found: `shown_of` its path gives the last three."""


class ScanStore(Store):
    """What the catalog notes of scans."""

    def record_scan(self, collection_id: int, entries: Iterable[FileEntry]) -> int:
        """Set the collection's files to what a full scan found, and return how many are gone since the last.

        The scan may go on meanwhile: others can write until it ends. What it raises changes nothing.

        Changed files lose their photo (and wait to be read again); files that
        were not found are marked missing, and come back when found again.

        Raises:
            CatalogError: no such collection, or a path outside its folder.
        """
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
        with self._database.aside() as aside:
            aside.execute(_FOUND)
            try:
                aside.executemany(
                    "INSERT OR REPLACE INTO found VALUES (?, ?, ?)",
                    ((encode_below(root, one.path), one.size_bytes, one.modified_ns) for one in entries),
                )
                return self._settle_scan(aside, collection_id)
            finally:
                aside.execute("DROP TABLE found")

    def _settle_scan(self, aside: sqlite3.Connection, collection_id: int) -> int:
        with self._database.writing(aside) as connection:
            root_of(connection, collection_id)
            gone = connection.execute(
                "UPDATE files SET missing = 1 WHERE collection_id = ? AND missing = 0 "
                "AND path NOT IN (SELECT path FROM found)",
                (collection_id,),
            ).rowcount
            connection.execute(
                "UPDATE files SET missing = 0, size_bytes = found.size_bytes, modified_ns = "
                "found.modified_ns, former_photo_key = coalesce(photo_key, former_photo_key), "
                "photo_key = NULL, skip_reason = NULL, skip_detail = NULL FROM found "
                "WHERE files.collection_id = ? AND files.path = found.path AND NOT "
                "(found.size_bytes = files.size_bytes AND found.modified_ns = files.modified_ns)",
                (collection_id,),
            )
            connection.execute(
                "UPDATE files SET missing = 0 FROM found "
                "WHERE files.collection_id = ? AND files.path = found.path AND files.missing = 1",
                (collection_id,),
            )
            connection.execute(
                "DELETE FROM found WHERE path IN (SELECT path FROM files WHERE collection_id = ?)",
                (collection_id,),
            )
            new = connection.execute("SELECT * FROM found ORDER BY path")
            connection.executemany(INSERT_FILE, ((collection_id, *row, *shown_of(row[0])) for row in new))
        return gone

    def files_by_folder(self, collection_id: int) -> dict[str, int]:
        """Return how many files the catalog knows in each folder: its path as shown, "" for the root."""
        return dict(
            self._rows(
                "SELECT folder, count(*) FROM files INDEXED BY files_by_folder "
                "WHERE collection_id = ? AND missing = 0 GROUP BY folder",
                (collection_id,),
            )
        )

    def add_files(self, collection_id: int, entries: Iterable[FileEntry]) -> list[int]:
        """Note files that a part of a scan found, and return the ids of those that were not known.

        Raises:
            CatalogError: no such collection, or a path outside its folder.
        """
        with self._database.reading() as connection:
            root = root_of(connection, collection_id)
            known = "SELECT 1 FROM files WHERE collection_id = ? AND path = ?"
            rows = [
                (stored, one)
                for stored, one in ((encode_below(root, one.path), one) for one in entries)
                if connection.execute(known, (collection_id, stored)).fetchone() is None
            ]
        if not rows:
            return []
        with self._database.writing() as connection:
            return [
                file_id
                for stored, one in rows
                for (file_id,) in connection.execute(
                    f"{INSERT_FILE} ON CONFLICT (collection_id, path) DO NOTHING RETURNING file_id",
                    (collection_id, stored, one.size_bytes, one.modified_ns, *shown_of(stored)),
                )
            ]
