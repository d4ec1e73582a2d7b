"""The collections: how a folder becomes one, what lies on its shelves, and what each shelf holds."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.errors import GalleryError
from gallery.services import tagging, wiring
from gallery.settings import UNSURE_BELOW, Settings
from gallery.types import (
    WAITING,
    Collection,
    CollectionKind,
    DecodedPhoto,
    FileEntry,
    ModelCard,
    PhotoQuery,
    Shelf,
    SkippedFile,
)

FIRST_PHOTOS = 48
"""Read at once, before the job's process has started: a screen of thumbnails."""

_LISTED = 2_000  # found before the page answers; the job finds the rest
_LISTING_S = 0.4
_RECOGNISING_S = 1.0
_BATCH = 6  # thumbnails that appear together
_log = logging.getLogger(__name__)


# ---- opening ---------------------------------------------------------------


def opened() -> list[Collection]:
    """Return all collections, the one opened last first."""
    return wiring.catalog().collections()


def opened_folders() -> list[Collection]:
    """Return the collections that are folders of this machine, the one opened last first."""
    return [one for one in opened() if one.kind is CollectionKind.FOLDER]


def name_of(collection_id: int) -> str:
    """Return a collection's name.

    Raises:
        CatalogError: there is no such collection.
    """
    return wiring.catalog().collection(collection_id).name


def open_folder(path: str | Path) -> Collection:
    """Return a folder as a collection whose tagging has begun.

    Raises:
        GalleryError: there is no such folder, it may not be opened, or there is no model.
    """
    root = wiring.settings().allow(path if isinstance(path, Path) else Path(path.strip()))
    return take_in(root, CollectionKind.FOLDER)


def take_in(root: Path, kind: CollectionKind) -> Collection:
    """Return a folder that may be opened as a collection whose tagging has begun.

    Of a new one, the first photos are found before this returns. Those that
    another collection holds too are on their shelves by then; the thumbnails of
    the others follow within a second, however busy the machine is: the job gives
    way to everything else.

    Raises:
        GalleryError: the catalog cannot be written, there is no model, or the job cannot start.
    """
    catalog = wiring.catalog()
    known = {one.root for one in catalog.collections()}
    collection = catalog.add_collection(root, kind)
    if collection.root not in known:
        found = list(_quickly(root))
        catalog.record_scan(collection.collection_id, found)
        _recognise(collection.collection_id)
        if first := catalog.unread_files(collection.collection_id, FIRST_PHOTOS):
            threading.Thread(
                target=_read_first, args=(collection.collection_id, first), name="first photos", daemon=True
            ).start()
    tagging.start_job(collection.collection_id)
    return collection


def warm_up() -> None:
    """Start the readers while a person still chooses a folder, so that they wait for it, not it for them."""
    nowhere = wiring.settings().home / "no photo"

    def start() -> None:
        with contextlib.suppress(GalleryError):
            wiring.decode_pool().large_jpeg(nowhere, 16)

    for _ in range(2):
        threading.Thread(target=start, name="warm-up", daemon=True).start()


def _quickly(root: Path) -> Iterator[FileEntry]:
    """Yield the photos of a folder that are found in a moment."""
    until = time.monotonic() + _LISTING_S
    for entry in islice((one for one in wiring.scan(root) if isinstance(one, FileEntry)), _LISTED):
        yield entry
        if time.monotonic() > until:
            return


def _recognise(collection_id: int) -> None:
    """Find, for a moment, photos whose bytes are known; the job goes on with it."""
    from gallery.tagging.known import recognise

    until = time.monotonic() + _RECOGNISING_S
    recognise(wiring.catalog(), collection_id, cancelled=lambda: time.monotonic() > until)


def _read_first(collection_id: int, paths: list[Path]) -> None:
    """Read some photos and keep their thumbnails; what fails here, the job will name."""
    try:
        readable = (one for one in wiring.decode_pool().decode(paths) if isinstance(one, DecodedPhoto))
        while batch := list(islice(readable, _BATCH)):
            for photo in batch:
                wiring.thumbnails().put(photo.photo_id, photo.thumbnail_jpeg)
            wiring.catalog().record_photos(
                collection_id, [(photo.path, photo.photo_id, photo.metadata) for photo in batch]
            )
    except GalleryError as error:
        _log.info("reading the first photos was broken off: %s", error)


# ---- shelves, remembered until something in the catalog changes ------------


def shelves(
    collection_id: int,
    model_id: str,
    class_names: tuple[str, ...],
    unsure_below: float,
    filters: PhotoQuery | None = None,
) -> tuple[Shelf, ...]:
    """Return the shelves of a collection, as `Catalog.shelves`."""
    chosen, revision = wiring.settings(), wiring.catalog().revision()
    return _shelves(chosen, revision, collection_id, model_id, class_names, unsure_below, filters)


def find_files(query: PhotoQuery) -> NDArray[np.int64]:
    """Return the files that a query finds, in its order; not to be written to."""
    return _find_files(wiring.settings(), wiring.catalog().revision(), query)


def sub_folders(collection_id: int) -> dict[str, int]:
    """Return the sub-folders of a collection, relative to its root, with their numbers of photos."""
    return _sub_folders(wiring.settings(), wiring.catalog().revision(), collection_id)


def all_tagged(collection_id: int, model_id: str) -> bool:
    """Return whether a model has tagged every photo of a collection that can be read."""
    return _all_tagged(wiring.settings(), wiring.catalog().revision(), collection_id, model_id)


def waiting_count(collection_id: int, card: ModelCard) -> int:
    """Return how many photos of a collection a model has not tagged yet."""
    counted = shelves(collection_id, card.model_id, card.class_names, 0.0)
    return sum(shelf.count for shelf in counted if shelf.name == WAITING)


def skipped_files(collection_id: int) -> list[SkippedFile]:
    """Return the files of a collection that cannot be read, each with its reason."""
    return wiring.catalog().skipped_files(collection_id)


def revision() -> int:
    """Return a number that changes with everything that Browse shows."""
    return wiring.catalog().revision()


@functools.lru_cache(maxsize=32)
def _shelves(
    _chosen: Settings,
    _revision: int,
    collection_id: int,
    model_id: str,
    class_names: tuple[str, ...],
    unsure_below: float,
    filters: PhotoQuery | None,
) -> tuple[Shelf, ...]:
    return tuple(wiring.catalog().shelves(collection_id, model_id, class_names, unsure_below, filters))


@functools.lru_cache(maxsize=16)
def _find_files(_chosen: Settings, _revision: int, query: PhotoQuery) -> NDArray[np.int64]:
    found = wiring.catalog().find_files(query)
    found.setflags(write=False)
    return found


@functools.lru_cache(maxsize=16)
def _sub_folders(_chosen: Settings, _revision: int, collection_id: int) -> dict[str, int]:
    return wiring.catalog().folders(collection_id)


@functools.lru_cache(maxsize=16)
def _all_tagged(_chosen: Settings, _revision: int, collection_id: int, model_id: str) -> bool:
    catalog = wiring.catalog()
    pending = catalog.pending_files(collection_id, model_id)
    unreadable = {file.path for file in catalog.skipped_files(collection_id)} if pending else set()
    return all(path in unreadable for path in pending)


# ---- the Unsure shelf ------------------------------------------------------


def unsure_below(model_id: str, in_view: float | None = None) -> float:
    """Return below which confidence a photo is unsure: as in a view, as chosen for the model, or as usual."""
    if in_view is not None:
        return in_view
    kept = chosen_threshold(model_id)
    return UNSURE_BELOW if kept is None else kept


def chosen_threshold(model_id: str) -> float | None:
    """Return the threshold that people chose for a model; None where nobody did."""
    return wiring.catalog().unsure_threshold(model_id)


def choose_threshold(model_id: str, threshold: float | None) -> None:
    """Keep a model's threshold from now on; None goes back to the usual one.

    Raises:
        CatalogError: it is no share of 1, or cannot be kept.
    """
    wiring.catalog().choose_unsure_threshold(model_id, threshold)
