"""Reads the listing of a collection from the database: whole, or what has changed since."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.catalog.clock_store import TAKEN
from gallery.catalog.listing import CHANGING, Listing, joined_numbers
from gallery.catalog.prediction_records import ModelRow
from gallery.types import FloatArray

_SEVERAL = 20
"""Of so many photos one or more asked for, a walk through a whole table is quicker than a search for each."""

_UNKNOWN = 9
"""In place of a likeness, which is a cosine, where there is none: group_concat leaves NULL out."""

_FEW_FILES = 5_000
"""So few files are asked for one by one."""

_ROW = np.dtype([("file_ids", "i8"), ("photo_keys", "i8"), ("skipped", "?"), ("sequence", "i8")])
_DIGITS = "coalesce(CAST(replace(replace(replace({}, '-', ''), 'T', ''), ':', '') AS INTEGER), -1)"

_FILES = """
    SELECT file_id, coalesce(photo_key, 0), skip_reason IS NOT NULL, coalesce(sequence, 0)
    FROM files INDEXED BY sqlite_autoindex_files_1
    WHERE collection_id = :collection AND missing = 0 ORDER BY path
"""
_FOLDERS = """
    SELECT folder, group_concat(file_id) FROM files INDEXED BY files_by_folder
    WHERE collection_id = ? AND missing = 0 GROUP BY folder
"""
_CHANGED = """
    SELECT file_id, coalesce(photo_key, 0), skip_reason IS NOT NULL, coalesce(sequence, 0) FROM files
    WHERE collection_id = :collection AND missing = 0 AND file_id IN (
        SELECT file_id FROM changes WHERE change_id > :seen AND file_id IS NOT NULL
        UNION ALL
        SELECT f.file_id FROM changes c
        CROSS JOIN files f INDEXED BY files_by_photo ON f.photo_key = c.photo_key
        WHERE c.change_id > :seen
    )
"""


def newest_change(connection: sqlite3.Connection) -> int:
    """Return the number of the last change, 0 before the first."""
    return int(connection.execute("SELECT coalesce(max(change_id), 0) FROM changes").fetchone()[0])


def read_listing(connection: sqlite3.Connection, collection_id: int, model: ModelRow | None) -> Listing:
    """Return the listing of a collection; a million files take seconds."""
    arrays = _columns(connection, _FILES, {"collection": collection_id})
    arrays["folder"] = np.zeros(len(arrays["file_ids"]), np.int32)
    listing = Listing(collection_id, model, newest_change(connection), folders=(), **arrays)
    folders = connection.execute(_FOLDERS, (collection_id,)).fetchall()
    for number, (_, file_ids) in enumerate(folders):
        listing.folder[listing.places(joined_numbers(file_ids))] = number
    return _with_photos(connection, replace(listing, folders=tuple(folder for folder, _ in folders)))


def brought_up_to_date(connection: sqlite3.Connection, known: Listing, model: ModelRow | None) -> Listing:
    """Return a listing with what has changed since; itself where nothing has."""
    newest = newest_change(connection)
    if newest == known.seen and model == known.model:
        return known
    (oldest,) = connection.execute("SELECT coalesce(min(change_id), 0) FROM changes").fetchone()
    (listed,) = connection.execute(
        "SELECT count(*) FROM changes WHERE change_id > ? AND collection_id = ? AND file_id IS NULL",
        (known.seen, known.collection_id),
    ).fetchone()
    same = model is not None and known.model is not None and model.model_key == known.model.model_key
    if oldest > known.seen + 1 or listed or not (same or model is known.model):
        return read_listing(connection, known.collection_id, model)
    arrays = _columns(connection, _CHANGED, {"collection": known.collection_id, "seen": known.seen})
    file_ids = arrays["file_ids"]
    added = file_ids[~known.holds(file_ids)]
    if len(file_ids) > len(known) // _SEVERAL + 1000 or len(added) > _FEW_FILES:
        return read_listing(connection, known.collection_id, model)
    if len(added):
        known = _with_added(connection, known, added)
    places = known.places(file_ids)
    part = replace(known, model=model, folder=known.folder[places], found_once={}, **arrays)
    part = _with_photos(connection, part)
    fresh: dict[str, Any] = {}
    for name in CHANGING:  # in copies: whoever still reads the old ones is not disturbed
        fresh[name] = getattr(known, name).copy()
        fresh[name][places] = getattr(part, name)
    return replace(known, model=model, seen=newest, labels=part.labels, **fresh)


def _columns(connection: sqlite3.Connection, question: str, values: dict[str, int]) -> dict[str, Any]:
    """Return the arrays that files give, by their names in a listing."""
    rows = np.fromiter(connection.execute(question, values), _ROW)
    return {name: rows[name].copy() for name in _ROW.names or ()}


def _with_added(connection: sqlite3.Connection, known: Listing, file_ids: NDArray[np.int64]) -> Listing:
    """Return a listing with files that were added, in their places; what `CHANGING` names is still 0."""
    rows = connection.execute(
        "SELECT path, file_id, folder FROM files WHERE file_id IN (SELECT value FROM json_each(?)) "
        "ORDER BY path",
        (json.dumps(file_ids.tolist()),),
    ).fetchall()

    def path_at(place: int) -> bytes:
        asked = (int(known.file_ids[place]),)
        path: bytes = connection.execute("SELECT path FROM files WHERE file_id = ?", asked).fetchone()[0]
        return path

    before = [bisect_left(range(len(known)), path, key=path_at) for path, _, _ in rows]
    numbers = {folder: number for number, folder in enumerate(known.folders)}
    fresh: dict[str, Any] = dict.fromkeys(CHANGING, 0)
    fresh["file_ids"] = [file_id for _, file_id, _ in rows]
    fresh["folder"] = [numbers.setdefault(folder, len(numbers)) for _, _, folder in rows]
    wider: dict[str, Any] = {
        name: np.insert(getattr(known, name), before, values) for name, values in fresh.items()
    }
    return replace(known, folders=tuple(numbers), found_once={}, **wider)


def _with_photos(connection: sqlite3.Connection, listing: Listing) -> Listing:
    """Return a listing with what is known of its photos: tags, labels, dates."""
    (photos,) = connection.execute("SELECT coalesce(max(photo_key), 0) FROM photos").fetchone()
    keys = np.unique(listing.photo_keys)
    few = len(keys) * _SEVERAL < photos
    asked = {
        "keys": json.dumps(keys.tolist()) if few else "",
        "model": listing.model.model_key if listing.model else None,
    }

    def of_photos(table: str) -> str:
        return f"json_each(:keys) CROSS JOIN {table} t ON t.photo_key = value" if few else f"{table} t"

    def spread(photo_keys: NDArray[np.int64], values: NDArray[Any], absent: float) -> NDArray[Any]:
        """Return the value of each file's photo, (n,), from m photos and their values."""
        spread = np.full(len(listing), absent, values.dtype)
        if len(photo_keys):
            order = np.argsort(photo_keys, kind="stable")
            at = np.searchsorted(photo_keys, listing.photo_keys, sorter=order)
            at = order[np.minimum(at, len(order) - 1)]
            known = photo_keys[at] == listing.photo_keys
            spread[known] = values[at[known]]
        return spread

    tagged, classes, confidences, likenesses = connection.execute(
        "SELECT group_concat(photo_key), group_concat(class_index), group_concat(confidence), "
        f"group_concat(coalesce(likeness, {_UNKNOWN})) "
        f"FROM {of_photos('predictions')} WHERE t.model_key = :model",
        asked,
    ).fetchone()
    digits = _DIGITS.format("taken_at")
    read, dates = connection.execute(
        f"SELECT group_concat(photo_key), group_concat({digits}) FROM {of_photos('photos')}", asked
    ).fetchone()
    words = {word: number for number, word in enumerate(listing.labels)}

    def coded(table: str) -> NDArray[np.int32]:
        rows = connection.execute(
            f"SELECT photo_key, label FROM {of_photos(table)} WHERE label IS NOT NULL", asked
        ).fetchall()
        codes = [words.setdefault(label, len(words)) for _, label in rows]
        keys_of = np.array([key for key, _ in rows], np.int64)
        return spread(keys_of, np.array(codes, np.int32), -1)

    known = _floats(likenesses)
    label, boxed = coded("labels"), coded("detections")
    complete = replace(
        listing,
        class_index=spread(joined_numbers(tagged), joined_numbers(classes).astype(np.int16), -1),
        confidence=spread(joined_numbers(tagged), _floats(confidences), np.nan),
        likeness=spread(
            joined_numbers(tagged), np.where(known == _UNKNOWN, np.float32("nan"), known), np.nan
        ),
        label=label,
        boxed=boxed,
        said=np.where(label >= 0, label, boxed),
        labels=tuple(words),
        taken=spread(joined_numbers(read), joined_numbers(dates), -1),
    )
    return _with_stacks(connection, complete)


def _with_stacks(connection: sqlite3.Connection, listing: Listing) -> Listing:
    """Return a listing with the tags of sequences, and with the dates by the right clock."""
    stack_class = np.full(len(listing), -1, np.int16)
    stack_confidence = np.full(len(listing), np.nan, np.float32)
    taken = listing.taken
    asked = {
        "collection": listing.collection_id,
        "model": listing.model.model_key if listing.model else None,
        "files": json.dumps(listing.file_ids.tolist()) if len(listing) < _FEW_FILES else None,
    }
    of_files = "json_each(:files) JOIN sequences s ON s.sequence = value"
    source = "sequences s" if asked["files"] is None else of_files
    sequences, classes, confidences = connection.execute(
        "SELECT group_concat(t.sequence), group_concat(t.class_index), group_concat(t.confidence) "
        f"FROM {source} CROSS JOIN sequence_tags t ON t.sequence = s.sequence AND t.model_key = :model "
        "WHERE s.collection_id = :collection",
        asked,
    ).fetchone()
    if sequences is not None:
        heads = joined_numbers(sequences)
        there = listing.holds(heads)
        places = listing.places(heads[there])
        stack_class[places] = joined_numbers(classes)[there]
        stack_confidence[places] = _floats(confidences)[there]
    shifted = connection.execute(
        "SELECT 1 FROM clock_shifts WHERE collection_id = :collection", asked
    ).fetchone()
    if shifted is not None:
        rows = connection.execute(
            f"SELECT f.file_id, {_DIGITS.format(TAKEN)} FROM files f CROSS JOIN photos USING (photo_key) "
            "WHERE f.collection_id = :collection AND f.missing = 0"
            + ("" if asked["files"] is None else " AND f.file_id IN (SELECT value FROM json_each(:files))"),
            asked,
        ).fetchall()
        files, dates = np.array(rows, np.int64).reshape(-1, 2).T
        there = listing.holds(files)  # of many, all of the collection are asked for
        taken = taken.copy()
        taken[listing.places(files[there])] = dates[there]
    return replace(listing, taken=taken, stack_class=stack_class, stack_confidence=stack_confidence)


def _floats(joined: str | None) -> FloatArray:
    return np.fromstring(joined or "", np.float64, sep=",").astype(np.float32)
