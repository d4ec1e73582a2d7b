"""What Browse asks: shelves, which photos lie on one and in what order, and how each is shown.

A file lies on exactly one shelf. In this order: unreadable, when it was
skipped; that of the label a person gave it; waiting, before the model has seen
it; unlike anything learnt, when its features lie too far from those the model
has learnt from; unsure, when the model's confidence lies below the threshold;
else that of the model's class.
"""

from __future__ import annotations

import functools
import json
import os
import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.database import Database
from gallery.catalog.file_store import METADATA_COLUMNS, metadata_of
from gallery.catalog.listing import Listing, distinct
from gallery.catalog.listing_reading import brought_up_to_date, read_listing
from gallery.catalog.paths import decode_below
from gallery.catalog.prediction_records import model_row
from gallery.catalog.saved_listing import save_listing, saved_listing
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

_LISTED = 3_000_000
"""Files whose listings are kept in memory, of all collections and models: 220 MB."""

WORTH_SAVING = 20_000
"""Files of a collection; of fewer a new process reads the listing as quickly."""

_PHOTO = f"""
    SELECT f.file_id, photo_id, f.collection_id, root, f.path, {METADATA_COLUMNS}
    FROM files f JOIN photos p USING (photo_key) JOIN collections USING (collection_id)
"""


_BESIDE = (UNLIKE, UNSURE, WAITING, UNREADABLE)


class ShelfQueries(Store):
    """The catalog as Browse sees it."""

    def __init__(self, database: Database, folder: Path, now: Callable[[], float]) -> None:
        super().__init__(database, folder, now)
        self._listings = OrderedDict[tuple[int, str], Listing]()  # the latest asked for at the end
        self._saved: dict[tuple[int, str], int] = {}  # the change up to which a listing is saved
        self._saver: threading.Thread | None = None
        self._keeping = threading.Lock()

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
        beside = (UNSURE, WAITING, UNREADABLE) if unlike_below is None else _BESIDE
        with self._database.reading() as connection:
            listing = self._listing(connection, collection_id, model_id)
            if filters is not None and filters.stacked:
                listing = listing.stacks
            passing = listing.narrowed(connection, filters)
            found = [
                _shelf(listing, name, passing & listing.on_shelf(name, unsure_below, unlike_below))
                for name in dict.fromkeys((*class_names, *beside, *sorted(listing.labels)))
            ]
            known = {*class_names, *beside}
            found = [(shelf, cover) for shelf, cover in found if shelf.count or shelf.name in known]
            covers = dict(
                connection.execute(
                    "SELECT photo_key, photo_id FROM json_each(?) CROSS JOIN photos ON photo_key = value",
                    (json.dumps([cover for _, cover in found]),),
                )
            )
        return [replace(shelf, cover_photo_id=covers.get(cover)) for shelf, cover in found]

    def find_files(self, query: PhotoQuery) -> NDArray[np.int64]:
        """Return the ids of the files that a query asks for, in its order.

        ALL is every file that could be read or still waits. A label that is no
        class of the model finds the photos that people gave it. Confidence means
        the model's; a limit on it, or on the date, leaves out photos without one.
        """
        with self._database.reading() as connection:
            listing = self._listing(connection, query.collection_id, query.model_id)
            return (listing.stacks if query.stacked else listing).found(connection, query)

    def folders(self, collection_id: int) -> dict[str, int]:
        """Return the sub-folders with files in or below them, and how many of these are photos.

        "/"-separated, sorted; not the root.
        """
        listing = self._as_now(collection_id)
        photos = np.bincount(listing.folder[~listing.skipped], minlength=len(listing.folders)).tolist()
        counts: Counter[str] = Counter()
        for folder, count in zip(listing.folders, photos, strict=True):
            parts = folder.split("/") if folder else []
            for depth in range(1, len(parts) + 1):
                counts["/".join(parts[:depth])] += count
        return {folder: counts[folder] for folder in sorted(counts, key=lambda folder: folder.split("/"))}

    def label_count(self, collection_id: int) -> int:
        """Return how many photos of a collection a person has labelled."""
        listing = self._as_now(collection_id)
        return distinct(listing.photo_keys[listing.label >= 0])

    def grid_items(
        self,
        file_ids: Sequence[int] | NDArray[np.int64],
        model_id: str,
        *,
        unlike_below: float | None = None,
    ) -> list[GridItem]:
        """Return how files are shown in the grid, in the order given; unknown ids are left out."""
        rows = self._rows(
            """
                SELECT f.file_id, photo_id, f.name, f.folder, l.label, d.label,
                    json_extract(m.class_names, '$[' || p.class_index || ']'), p.confidence,
                    (
                        SELECT c.name
                        FROM corrections k JOIN collections c ON c.collection_id = k.collection_id
                        WHERE k.correction_id = l.correction_id AND k.collection_id <> f.collection_id
                    ),
                    coalesce(l.label, d.label) IS NULL AND coalesce(p.likeness < :unlike_below, 0)
                FROM json_each(:ids) j JOIN files f ON f.file_id = j.value
                LEFT JOIN models m ON m.model_id = :model
                LEFT JOIN predictions p ON p.model_key = m.model_key AND p.photo_key = f.photo_key
                LEFT JOIN labels l ON l.photo_key = f.photo_key
                LEFT JOIN detections d ON d.photo_key = f.photo_key
                LEFT JOIN photos ON photos.photo_key = f.photo_key
                ORDER BY j.key
            """,
            {
                "ids": json.dumps(np.asarray(file_ids, np.int64).tolist()),
                "model": model_id,
                "unlike_below": unlike_below,
            },
        )
        items = []
        for file_id, photo_id, name, folder, label, boxed, predicted, confidence, elsewhere, unlike in rows:
            said = (("person", label), ("detector", boxed), ("model", predicted))
            source, shown = next(((who, what) for who, what in said if what is not None), ("waiting", None))
            sure = None if source == "detector" else confidence
            items.append(
                GridItem(
                    file_id,
                    photo_id or "",
                    name,
                    folder,
                    shown,
                    source,
                    sure,
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
        rows = self._rows(
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
        listing = self._as_now(collection_id, model_id)
        tagged = ~listing.skipped & (listing.class_index >= 0)
        counted = (tagged & (listing.label >= 0), tagged & listing.disagreeing(), tagged)
        labelled, otherwise, photos = (distinct(listing.photo_keys[one]) for one in counted)
        return labelled, otherwise, photos

    def untagged(self, collection_id: int, model_id: str) -> int:
        """Return how many readable files of a collection a model has not tagged."""
        listing = self._as_now(collection_id, model_id)
        return int(np.count_nonzero(~listing.skipped & (listing.class_index < 0)))

    def revision(self) -> int:
        """Return a number that changes whenever what Browse shows could have, whichever process did it."""
        return int(self._row("SELECT value FROM revision")[0])

    def _listing(self, connection: sqlite3.Connection, collection_id: int, model_id: str) -> Listing:
        """Return a collection as it is now, with a model's tags."""
        model, key = model_row(connection, model_id), (collection_id, model_id)
        known = before = self._listings.get(key)
        if known is None:
            known = before = saved_listing(connection, self._folder, collection_id, model)
            self._saved[key] = 0 if known is None else known.seen
        if known is None:
            known = read_listing(connection, collection_id, model)
        else:
            known = brought_up_to_date(connection, known, model)
        with self._keeping:
            self._listings[key] = known
            self._listings.move_to_end(key)
            while len(self._listings) > 1 and sum(map(len, self._listings.values())) > _LISTED:
                self._listings.popitem(last=False)
        of_little_use = known.seen - self._saved.get(key, 0) > len(known) // 40 + 500
        if before is None or before.file_ids is not known.file_ids or of_little_use:
            self._save(key, known)
        return known

    def _save(self, key: tuple[int, str], listing: Listing) -> None:
        """Save the listing of a large collection for the next process, while others go on."""
        if len(listing) < WORTH_SAVING or listing.model is None:
            return
        with self._keeping:
            if self._saver is not None and self._saver.is_alive():
                return
            self._saved[key] = listing.seen
            writing = functools.partial(self._database.writing, shown=False)
            self._saver = threading.Thread(
                target=save_listing, args=(listing, self._folder, writing), name="listing", daemon=True
            )
            self._saver.start()

    def finish_saving(self) -> None:
        """Wait until a listing that is being saved is on the disk."""
        if self._saver is not None:
            self._saver.join()

    def _as_now(self, collection_id: int, model_id: str | None = None) -> Listing:
        """Return a collection as it is now; for None with the tags of the model that was asked for before."""
        if model_id is None:
            with self._keeping:
                model_id = next((model for one, model in self._listings if one == collection_id), "")
        with self._database.reading() as connection:
            return self._listing(connection, collection_id, model_id)

    def _photos(self, condition: str, value: object) -> list[Photo]:
        return [
            Photo(
                file_id,
                photo_id,
                collection_id,
                decode_below(Path(os.fsdecode(root)), path),
                metadata_of(about),
            )
            for file_id, photo_id, collection_id, root, path, *about in self._rows(
                _PHOTO + condition, (value,)
            )
        ]


def _shelf(listing: Listing, name: str, on_it: NDArray[np.bool_]) -> tuple[Shelf, int]:
    """Return what lies on a shelf, with the key of the photo that covers it, 0 for none.

    The model's confidence counts where its class put the photo there.
    """
    places = np.flatnonzero(on_it)
    confidence = listing.confidence[places]
    frames = np.ones(len(places), np.int64) if listing.frames is None else listing.frames[places]
    by_model = (listing.said[places] < 0) & (listing.class_index[places] >= 0) & ~listing.skipped[places]
    mean = None
    if by_model.any():
        mean = float(np.average(confidence[by_model].astype(np.float64), weights=frames[by_model]))
    cover = 0
    if len(places):
        worth = np.where(by_model, confidence, -1)
        cover = int(listing.photo_keys[places[worth.argmax()]])
    corrected = int(frames[listing.label[places] >= 0].sum())
    count = int(frames.sum())
    return Shelf(name, count, 0 if name == UNREADABLE else corrected, mean_confidence=mean), cover
