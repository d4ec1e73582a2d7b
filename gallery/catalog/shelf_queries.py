"""What Browse asks: shelves, which photos lie on one and in what order, and how each is shown.

A file lies on exactly one shelf. In this order: unreadable, when it was
skipped; that of the label a person gave it; waiting, before the model has seen
it; unlike anything learnt, when its features lie too far from those the model
has learnt from; unsure, when the model's confidence lies below the threshold;
else that of the model's class.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.collection_store import root_of
from gallery.catalog.file_store import METADATA_COLUMNS, metadata_of
from gallery.catalog.paths import decode_below
from gallery.catalog.photo_filter import FILES, IS_UNLIKE, SAID, STACKS, as_sql, narrowing
from gallery.catalog.prediction_records import model_row
from gallery.catalog.store import Store
from gallery.errors import CatalogError
from gallery.types import (
    UNLIKE,
    UNREADABLE,
    UNSURE,
    WAITING,
    GridItem,
    Photo,
    PhotoId,
    PhotoQuery,
    Shelf,
)

# CROSS JOIN and INDEXED BY hold SQLite to the order and the index that are quick: without statistics it
# guesses, and guesses wrong by a factor of a thousand.

_CODES = {-1: WAITING, -2: UNLIKE, -3: UNREADABLE}
_CODE = "coalesce(2 * class_index + ({0}.confidence < :unsure_below), -1)"
_FIGURES = "count(*), max(p.confidence), total(p.confidence), f.photo_key"  # the key is that of the maximum

_UNLABELLED = f"""
    SELECT CASE WHEN {IS_UNLIKE} THEN -2 ELSE {_CODE.format("p")} END AS code, NULL, {_FIGURES}, 0
    FROM files f INDEXED BY files_by_collection {FILES} {{joins}}
    WHERE f.collection_id = :collection AND f.missing = 0 AND f.skip_reason IS NULL AND {SAID} IS NULL
    AND {{condition}} GROUP BY code
"""

_LABELLED = f"""
    SELECT NULL, l.label, {_FIGURES}, count(*)
    FROM labels l CROSS JOIN files f INDEXED BY files_by_photo ON f.photo_key = l.photo_key
    LEFT JOIN predictions p ON p.model_key = :model AND p.photo_key = l.photo_key {{joins}}
    WHERE f.collection_id = :collection AND f.missing = 0 AND f.skip_reason IS NULL
    AND {{condition}} GROUP BY l.label
"""

_BOXED = f"""
    SELECT NULL, d.label, {_FIGURES}, 0
    FROM detections d CROSS JOIN files f INDEXED BY files_by_photo ON f.photo_key = d.photo_key
    LEFT JOIN predictions p ON p.model_key = :model AND p.photo_key = d.photo_key
    LEFT JOIN labels l ON l.photo_key = d.photo_key {{joins}}
    WHERE f.collection_id = :collection AND f.missing = 0 AND f.skip_reason IS NULL
    AND l.label IS NULL AND d.label IS NOT NULL AND {{condition}} GROUP BY d.label
"""

_STACKED = f"""
    {STACKS} SELECT CASE WHEN f.skip_reason IS NOT NULL THEN -3 WHEN said IS NOT NULL THEN NULL
    WHEN likeness < :unlike_below THEN -2 ELSE {_CODE.format("f")} END AS code, said, sum(photos),
    max(confidence), total(photos * confidence), f.photo_key, sum(photos * (label IS NOT NULL))
    FROM stacks f {{joins}} WHERE {{condition}} GROUP BY code, said
"""

_COUNT_UNREADABLE = f"""
    SELECT count(*) FROM files f {FILES} {{joins}}
    WHERE f.collection_id = :collection AND f.missing = 0 AND f.skip_reason IS NOT NULL AND {{condition}}
"""

_PHOTO = f"""
    SELECT f.file_id, photo_id, f.collection_id, f.path, {METADATA_COLUMNS}
    FROM files f JOIN photos p USING (photo_key)
"""


_BESIDE = (UNLIKE, UNSURE, WAITING, UNREADABLE)


class ShelfQueries(Store):
    """The catalog as Browse sees it."""

    def shelves(
        self,
        collection_id: int,
        model_id: str,
        class_names: Sequence[str],
        unsure_below: float,
        filters: PhotoQuery | None = None,
        *,
        unlike_below: float | None = None,
    ) -> list[Shelf]:
        """Return the compartments of the sorted gallery.

        The classes in their order (also the empty ones), then UNLIKE, UNSURE,
        WAITING and UNREADABLE; after them, one for each other label that people gave. The
        counts add up to all files found. Cover and mean confidence are of the
        photos that the model put there (a corrected photo covers a shelf that
        has no other). With filters that are stacked, a photo is counted where
        its sequence lies.

        Args:
            collection_id: the collection.
            model_id: whose tags put photos on shelves.
            class_names: the shelves that are there also when empty.
            unsure_below: confidence below which a photo is unsure.
            filters: a query whose filters, besides its shelf, say which photos are counted.
            unlike_below: likeness to what the model has learnt below which a photo lies on UNLIKE; None for
                a model that does not tell, which has no such shelf.
        """
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            narrow = narrowing(filters, model)
            stacked = filters is not None and filters.stacked
            values = {
                "model": model.model_key if model else None,
                "collection": collection_id,
                "unsure_below": unsure_below,
                "unlike_below": unlike_below,
                **narrow.values,
            }

            def rows(statement: str) -> sqlite3.Cursor:
                return connection.execute(
                    statement.format(joins=narrow.joins, condition=narrow.condition), values
                )

            beside = (UNSURE, WAITING, UNREADABLE) if unlike_below is None else _BESIDE
            tallies = {name: _Tally() for name in (*class_names, *beside)}
            for statement in [_STACKED] if stacked else [_UNLABELLED, _LABELLED, _BOXED]:
                for code, said, *figures, corrected in rows(statement):
                    shelf = said if said is not None else _CODES.get(code, "")
                    if said is None and code >= 0 and model:
                        shelf = UNSURE if code % 2 else model.class_names[code // 2]
                    tallies.setdefault(shelf, _Tally()).add(
                        *figures, by_model=said is None, corrected=corrected
                    )
            if not stacked:
                (tallies[UNREADABLE].count,) = rows(_COUNT_UNREADABLE).fetchone()
            covers = dict(
                connection.execute(
                    "SELECT photo_key, photo_id FROM json_each(?) CROSS JOIN photos ON photo_key = value",
                    (json.dumps([tally.cover for tally in tallies.values()]),),
                )
            )
        return [
            Shelf(name, tally.count, tally.corrected, covers.get(tally.cover), tally.mean_confidence)
            for name, tally in tallies.items()
        ]

    def find_files(self, query: PhotoQuery) -> NDArray[np.int64]:
        """Return the ids of the files that a query asks for, in its order.

        ALL is every file that could be read or still waits. A label that is no
        class of the model finds the photos that people gave it. Confidence means
        the model's; a limit on it, or on the date, leaves out photos without one.
        """
        with self._database.reading() as connection:
            model = model_row(connection, query.model_id)
            rows = connection.execute(*as_sql(query, model))
            return np.fromiter((row[0] for row in rows), np.int64)

    def grid_items(
        self,
        file_ids: Sequence[int] | NDArray[np.int64],
        model_id: str,
        *,
        unlike_below: float | None = None,
    ) -> list[GridItem]:
        """Return how files are shown in the grid, in the order given; unknown ids are left out."""
        with self._database.reading() as connection:
            model = model_row(connection, model_id)
            rows = connection.execute(
                f"""
                SELECT f.file_id, photo_id, f.name, f.folder, l.label, d.label, p.class_index, p.confidence,
                    (
                        SELECT c.name
                        FROM corrections k JOIN collections c ON c.collection_id = k.collection_id
                        WHERE k.correction_id = l.correction_id AND k.collection_id <> f.collection_id
                    ),
                    {SAID} IS NULL AND {IS_UNLIKE}
                FROM json_each(:ids) j JOIN files f ON f.file_id = j.value
                {FILES}
                LEFT JOIN photos ON photos.photo_key = f.photo_key
                ORDER BY j.key
                """,
                {
                    "ids": json.dumps(np.asarray(file_ids, np.int64).tolist()),
                    "model": model.model_key if model else None,
                    "unlike_below": unlike_below,
                },
            ).fetchall()
        items = []
        for file_id, photo_id, name, folder, label, boxed, index, confidence, elsewhere, unlike in rows:
            predicted = model.class_names[index] if model and index is not None else None
            said = (("person", label), ("detector", boxed), ("model", predicted))
            source, shown = next(((who, what) for who, what in said if what is not None), ("waiting", None))
            items.append(
                GridItem(
                    file_id,
                    photo_id or "",
                    name,
                    folder,
                    shown,
                    source,
                    None if source == "detector" else confidence,
                    predicted,
                    elsewhere,
                    bool(unlike),
                )
            )
        return items

    def photo(self, file_id: int) -> Photo:
        """Return a photo by the place where it lies.

        Raises:
            CatalogError: there is no such file, or it has not been read.
        """
        found = self._photos("WHERE f.file_id = ?", file_id)
        if not found:
            raise CatalogError(
                f"There is no photo number {file_id} in the catalog: its file has not been read yet, could "
                "not be read, or its collection was removed. Go back to Browse."
            )
        return found[0]

    def photos(self, file_ids: Sequence[int] | NDArray[np.int64]) -> list[Photo]:
        """Return those of the files that have been read, in the given order."""
        wanted = [int(file_id) for file_id in file_ids]
        found = self._photos("WHERE f.file_id IN (SELECT value FROM json_each(?))", json.dumps(wanted))
        by_id = {photo.file_id: photo for photo in found}
        return [by_id[file_id] for file_id in wanted if file_id in by_id]

    def files_of(self, photo_ids: Sequence[PhotoId], collection_id: int) -> NDArray[np.int64]:
        """Return the files of a collection that show one of the photos, in the order of the photos."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT f.file_id FROM json_each(?) j CROSS JOIN photos ON photo_id = j.value "
                "CROSS JOIN files f INDEXED BY files_by_photo ON f.photo_key = photos.photo_key "
                "WHERE f.collection_id = ? AND f.missing = 0 ORDER BY j.key, f.path",
                (json.dumps(list(photo_ids)), collection_id),
            )
            return np.fromiter((row[0] for row in rows), np.int64)

    def photo_at(self, photo_id: PhotoId) -> Photo:
        """Return a photo at any of its places, one that still exists if there is one.

        Raises:
            CatalogError: no collection holds it.
        """
        found = self._photos("WHERE photo_id = ? ORDER BY f.missing, f.file_id", photo_id)
        if not found:
            raise CatalogError(
                f"No opened collection holds the photo {photo_id[:12]}. Open the folder where it lies."
            )
        return next((photo for photo in found if photo.path.is_file()), found[0])

    def reviewed(self, collection_id: int, model_id: str) -> tuple[int, int, int]:
        """Return how many tagged photos are labelled, how many of them otherwise, and how many there are.

        Otherwise means: not as the model's class.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                """
                SELECT count(DISTINCT l.photo_key), count(DISTINCT CASE WHEN l.label !=
                    json_extract(m.class_names, '$[' || p.class_index || ']') THEN l.photo_key END),
                    count(DISTINCT f.photo_key)
                FROM models m
                CROSS JOIN files f INDEXED BY files_by_collection
                JOIN predictions p ON p.model_key = m.model_key AND p.photo_key = f.photo_key
                LEFT JOIN labels l ON l.photo_key = f.photo_key
                WHERE m.model_id = ? AND f.collection_id = ? AND f.missing = 0 AND f.skip_reason IS NULL
                """,
                (model_id, collection_id),
            ).fetchone()
            return int(row[0]), int(row[1]), int(row[2])

    def revision(self) -> int:
        """Return a number that changes whenever what Browse shows could have, whichever process did it."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT value FROM revision").fetchone()[0])

    def _photos(self, condition: str, value: object) -> list[Photo]:
        with self._database.reading() as connection:
            photos = []
            rows = connection.execute(_PHOTO + condition, (value,)).fetchall()
            for file_id, photo_id, collection_id, path, *about in rows:
                place = decode_below(root_of(connection, collection_id), path)
                photos.append(Photo(file_id, photo_id, collection_id, place, metadata_of(about)))
            return photos


class _Tally:
    """What has been counted of a shelf."""

    def __init__(self) -> None:
        self.count = self.corrected = self._tagged = 0
        self._confidence = 0.0
        self._highest = -1.0
        self.cover: int | None = None

    def add(
        self,
        count: int,
        highest: float | None,
        total: float,
        surest: int | None,
        *,
        by_model: bool,
        corrected: int,
    ) -> None:
        self.count += count
        self.corrected += corrected
        if by_model:
            self._tagged += count
        else:  # the model's confidence was in its own label, not in this one
            highest = None
        self._confidence += 0.0 if highest is None else total
        certainty = -0.5 if highest is None else highest
        if certainty > self._highest and surest is not None:
            self._highest, self.cover = certainty, surest

    @property
    def mean_confidence(self) -> float | None:
        return self._confidence / self._tagged if self._tagged and self._highest >= 0 else None
