"""Collections: folders that were opened, and uploads."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from gallery.catalog.paths import utc_now
from gallery.catalog.saved_listing import forget_listings
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import Collection, CollectionKind, display_path
from gallery.words import without_surrogates

_SELECT = """
    SELECT collection_id, kind, root, name, opened_at,
        (SELECT count(*) FROM files f
         WHERE f.collection_id = c.collection_id AND f.missing = 0 AND f.skip_reason IS NULL),
        (SELECT count(*) FROM files f
         WHERE f.collection_id = c.collection_id AND f.missing = 0 AND f.skip_reason IS NOT NULL)
    FROM collections c
"""


def _collection(collection_id: int, kind: str, root: bytes, *facts: Any) -> Collection:
    return Collection(collection_id, CollectionKind(kind), Path(os.fsdecode(root)), *facts)


def root_of(connection: sqlite3.Connection, collection_id: int) -> Path:
    """Return the folder of a collection.

    Raises:
        CatalogError: there is no such collection.
    """
    row = connection.execute(
        "SELECT root FROM collections WHERE collection_id = ?", (collection_id,)
    ).fetchone()
    if row is None:
        raise CatalogError(f"There is no collection {collection_id} (any more). Open its folder again.")
    return Path(os.fsdecode(row[0]))


class CollectionStore(Store):
    """What the catalog knows of collections."""

    def add_collection(self, root: Path, kind: CollectionKind, name: str | None = None) -> Collection:
        """Return the collection of a folder, made if new, and now the newest opened.

        Args:
            root: the folder; made absolute, links in it are kept.
            kind: a folder in place, or an upload; that of a known folder is kept.
            name: what to call it; the folder's own name unless told.
        """
        root = root.absolute()
        called = without_surrogates(name if name is not None else root.name or str(root))
        with self._database.writing() as connection:
            row = connection.execute(
                """
                INSERT INTO collections (kind, root, name, opened_at, opening)
                VALUES (?, ?, ?, ?, (SELECT coalesce(max(opening), 0) + 1 FROM collections))
                ON CONFLICT (root) DO UPDATE SET opened_at = excluded.opened_at, opening = excluded.opening,
                    name = CASE WHEN ? THEN excluded.name ELSE name END
                RETURNING collection_id
                """,
                (str(kind), os.fsencode(root), called, utc_now(), name is not None),
            ).fetchone()
        return self.collection(row[0])

    def collections(self) -> list[Collection]:
        """Return all collections, the newest opened first."""
        return [_collection(*row) for row in self._rows(_SELECT + "ORDER BY opening DESC")]

    def collection(self, collection_id: int) -> Collection:
        """Return a collection.

        Raises:
            CatalogError: there is none of that number.
        """
        with self._database.reading() as connection:
            root_of(connection, collection_id)
            question = _SELECT + "WHERE collection_id = ?"
            return _collection(*connection.execute(question, (collection_id,)).fetchone())

    def rename_collection(self, collection_id: int, name: str) -> None:
        """Call a collection otherwise; its folder keeps its name.

        Raises:
            CatalogError: there is none of that number.
        """
        with self._database.writing() as connection:
            root_of(connection, collection_id)
            connection.execute(
                "UPDATE collections SET name = ? WHERE collection_id = ?",
                (without_surrogates(name), collection_id),
            )

    def move_collection(self, collection_id: int, root: Path) -> None:
        """Let a collection lie in another folder from now on; the next scan finds its files there.

        Raises:
            CatalogError: there is none of that number, or the folder is another collection.
        """
        root = root.absolute()
        with self._database.writing() as connection:
            taken = connection.execute(
                "SELECT name FROM collections WHERE root = ? AND collection_id <> ?",
                (os.fsencode(root), collection_id),
            ).fetchone()
            if taken:
                raise CatalogError(
                    f"{display_path(root)} is open already, as the collection {taken[0]}. Its photos have "
                    "their tags and labels there; remove this collection if it is not needed any more."
                )
            root_of(connection, collection_id)
            connection.execute(
                "UPDATE collections SET root = ? WHERE collection_id = ?", (os.fsencode(root), collection_id)
            )

    def remove_collection(self, collection_id: int) -> None:
        """Forget a collection and its places; photos keep their predictions and corrections.

        Raises:
            CatalogError: there is none of that number.
        """
        with self._database.writing() as connection:
            root_of(connection, collection_id)
            listed = connection.execute(
                "SELECT name FROM saved_listings WHERE collection_id = ?", (collection_id,)
            ).fetchall()
            connection.execute("DELETE FROM collections WHERE collection_id = ?", (collection_id,))
        forget_listings(self._folder, (row[0] for row in listed))
