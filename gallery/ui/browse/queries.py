"""What Browse asks of the catalog, remembered until something in it changes."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import PhotoQuery, Shelf


def shelves(
    collection_id: int, model_id: str, class_names: tuple[str, ...], unsure_below: float
) -> tuple[Shelf, ...]:
    """Return the shelves of a collection, as `Catalog.shelves`."""
    return _shelves(
        wiring.settings(), wiring.catalog().revision(), collection_id, model_id, class_names, unsure_below
    )


def find_files(query: PhotoQuery) -> NDArray[np.int64]:
    """Return the files that a query finds, in its order; not to be written to."""
    return _find_files(wiring.settings(), wiring.catalog().revision(), query)


@functools.lru_cache(maxsize=32)
def _shelves(
    _chosen: Settings,
    _revision: int,
    collection_id: int,
    model_id: str,
    class_names: tuple[str, ...],
    unsure_below: float,
) -> tuple[Shelf, ...]:
    return tuple(wiring.catalog().shelves(collection_id, model_id, class_names, unsure_below))


@functools.lru_cache(maxsize=16)
def _find_files(_chosen: Settings, _revision: int, query: PhotoQuery) -> NDArray[np.int64]:
    found = wiring.catalog().find_files(query)
    found.setflags(write=False)
    return found


@functools.lru_cache(maxsize=16)
def _folders(_chosen: Settings, _revision: int, collection_id: int) -> tuple[str, ...]:
    return tuple(wiring.catalog().folders(collection_id))


def folders(collection_id: int) -> tuple[str, ...]:
    """Return the sub-folders of a collection, relative to its root."""
    return _folders(wiring.settings(), wiring.catalog().revision(), collection_id)


def all_tagged(collection_id: int, model_id: str) -> bool:
    """Return whether a model has said something of every photo of a collection that can be read."""
    return _all_tagged(wiring.settings(), wiring.catalog().revision(), collection_id, model_id)


@functools.lru_cache(maxsize=16)
def _all_tagged(_chosen: Settings, _revision: int, collection_id: int, model_id: str) -> bool:
    catalog = wiring.catalog()
    pending = catalog.pending_files(collection_id, model_id)
    unreadable = {file.path for file in catalog.skipped_files(collection_id)} if pending else set()
    return all(path in unreadable for path in pending)
