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
from collections.abc import Callable
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

WORTH_SAVING = 20_000
"""Files of a collection that are read anew quicker than this is worth."""

FAR_BEHIND = 20_000
"""After so many changes a listing is saved anew."""

_ARRAYS = ("file_ids", "folder", *CHANGING)
_TEXTS = ("folders", "labels")

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
    noted = connection.execute(
        "SELECT name, seen FROM saved_listings WHERE collection_id = ? AND model_key = ?",
        (collection_id, model.model_key if model else 0),
    ).fetchone()
    if noted is None:
        return None
    try:
        stored = read_arrays(catalog / FOLDER / noted[0], limit_bytes=math.inf)
        kept: dict[str, Any] = {name: tuple(json.loads(stored[name].tobytes())) for name in _TEXTS}
        arrays = {name: stored[name] for name in _ARRAYS}
    except (ValueError, LookupError) as exc:
        _log.info("The saved listing %s is not used: %s", noted[0], exc)
        return None
    if len({len(array) for array in arrays.values()}) > 1:
        return None
    return Listing(collection_id, model, noted[1], **kept | arrays)


def save_listing(
    listing: Listing, catalog: Path, writing: Callable[[], AbstractContextManager[sqlite3.Connection]]
) -> None:
    """Save a listing in place of its collection's older one; where that fails, none is used."""
    folder = catalog / FOLDER
    name = f"{secrets.token_hex(8)}.npz"
    arrays = {one: getattr(listing, one) for one in _ARRAYS}
    for one in _TEXTS:
        arrays[one] = np.frombuffer(json.dumps(getattr(listing, one)).encode(), np.uint8)
    try:
        folder.mkdir(exist_ok=True)
        with open_atomic(folder / name, durable=False) as file:
            np.savez(file, **arrays)
        with writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO saved_listings VALUES (?, ?, ?, ?)",
                (listing.collection_id, listing.model.model_key if listing.model else 0, name, listing.seen),
            )
            noted = {row[0] for row in connection.execute("SELECT name FROM saved_listings")}
        for file_there in folder.glob("*.npz"):
            if file_there.name not in noted:
                with contextlib.suppress(OSError):  # on Windows another process may read it
                    file_there.unlink()
    except (OSError, CatalogError) as exc:
        _log.info("A listing is not saved: %s", exc)
