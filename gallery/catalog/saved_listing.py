"""Listings of large collections on the disk, so that a new process need not read a million rows.

A listing is kept as it was at some change; what has changed since is read from the table of changes. The
catalog notes the name of the file, which is drawn at random: beside a catalog's file of another day it is not
taken for its own.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from gallery.catalog.listing import CHANGING, Listing
from gallery.catalog.prediction_records import ModelRow
from gallery.errors import CatalogError
from gallery.files import open_atomic, read_arrays

FOLDER = "listings"
"""Beside the catalog's file."""

VERSION = 1
"""Of the file; it rises when an array gets another meaning."""

KEPT = 2
"""Saved listings of a collection, each with another model's tags."""

_ARRAYS = ("file_ids", "folder", *CHANGING)
_TEXTS = ("folders", "labels")
_FORGOTTEN_S = 3600.0
"""So old is a file that nobody is writing any more."""

_log = logging.getLogger(__name__)


def saved_listing(
    connection: sqlite3.Connection, catalog: Path, collection_id: int, model: ModelRow | None
) -> Listing | None:
    """Return a collection as it was when it was saved, with a model's tags; None where that was not done.

    Args:
        connection: to the catalog.
        catalog: the folder of its file.
        collection_id: of the collection.
        model: whose tags; None for one that has tagged nothing.
    """
    if model is None:
        return None
    noted = connection.execute(
        "SELECT name, seen FROM saved_listings WHERE collection_id = ? AND model_key = ?",
        (collection_id, model.model_key),
    ).fetchone()
    if noted is None:
        return None
    try:
        stored = read_arrays(catalog / FOLDER / noted[0], limit_bytes=math.inf)
        kept: dict[str, Any] = {name: tuple(json.loads(stored[name].tobytes())) for name in _TEXTS}
        arrays = {name: stored[name] for name in _ARRAYS}
        whole = int(stored["version"]) == VERSION and len({len(array) for array in arrays.values()}) == 1
    except (ValueError, LookupError, TypeError) as exc:
        _log.info("The saved listing %s is not used: %s", noted[0], exc)
        return None
    return Listing(collection_id, model, noted[1], **kept | arrays) if whole else None


def save_listing(
    listing: Listing, catalog: Path, writing: Callable[[], AbstractContextManager[sqlite3.Connection]]
) -> None:
    """Save a listing in place of its collection's older one; where that fails, none is used."""
    if listing.model is None:
        return
    folder, name = catalog / FOLDER, f"{secrets.token_hex(8)}.npz"
    arrays = {one: getattr(listing, one) for one in _ARRAYS} | {"version": np.array(VERSION)}
    for one in _TEXTS:
        arrays[one] = np.frombuffer(json.dumps(getattr(listing, one)).encode(), np.uint8)
    of_it = "SELECT name FROM saved_listings WHERE collection_id = ?"
    try:
        folder.mkdir(exist_ok=True)
        with open_atomic(folder / name, durable=False) as file:
            np.savez(file, **arrays)
        with writing() as connection:
            before = {row[0] for row in connection.execute(of_it, (listing.collection_id,))}
            connection.execute(
                "INSERT OR REPLACE INTO saved_listings (collection_id, model_key, name, seen) "
                "VALUES (?, ?, ?, ?)",
                (listing.collection_id, listing.model.model_key, name, listing.seen),
            )
            connection.execute(
                "DELETE FROM saved_listings WHERE collection_id = ?1 AND name NOT IN "
                f"({of_it.replace('?', '?1')} ORDER BY number DESC LIMIT {KEPT})",
                (listing.collection_id,),
            )
            after = {row[0] for row in connection.execute(of_it, (listing.collection_id,))}
            noted = {row[0] for row in connection.execute("SELECT name FROM saved_listings")}
        forget_listings(catalog, [*(before - after), *_forgotten(folder, noted)])
    except (OSError, CatalogError, sqlite3.Error) as exc:
        _log.info("A listing is not saved: %s", exc)
        forget_listings(catalog, [name])


def forget_listings(catalog: Path, names: Iterable[str]) -> None:
    """Remove the files of listings that the catalog no longer notes."""
    for name in names:
        with contextlib.suppress(OSError):  # on Windows another process may read it
            (catalog / FOLDER / name).unlink(missing_ok=True)


def _forgotten(folder: Path, noted: set[str]) -> list[str]:
    """Return the files that a killed process, or a catalog of another day, has left."""
    before = time.time() - _FORGOTTEN_S
    return [
        file.name for file in folder.iterdir() if file.name not in noted and file.stat().st_mtime < before
    ]
