"""How a folder becomes a collection: its first photos are looked at here, the rest is the job's work."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gallery.errors import GalleryError
from gallery.photos.scan import scan_folder
from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.types import Collection, CollectionKind, DecodedPhoto, FileEntry

FIRST_PHOTOS = 48
"""Read at once, before the job's process has started: a screen of thumbnails."""

_LISTED = 2_000  # found before the page answers; the job finds the rest
_LISTING_S = 0.4
_BATCH = 6  # thumbnails that appear together
_log = logging.getLogger(__name__)


def take_in(root: Path, kind: CollectionKind) -> Collection:
    """Return the folder as a collection whose tagging has begun.

    Of a new one, the first photos are found before this returns, and their
    thumbnails follow within a second, however busy the machine is: the job
    gives way to everything else.

    Raises:
        GalleryError: the catalog cannot be written, there is no model, or the job cannot start.
    """
    catalog = wiring.catalog()
    known = {one.root for one in catalog.collections()}
    collection = catalog.add_collection(root, kind)
    if collection.root not in known:
        found = list(_quickly(root))
        catalog.record_scan(collection.collection_id, found)
        first = [entry.path for entry in found[:FIRST_PHOTOS]]
        threading.Thread(
            target=_look, args=(collection.collection_id, first), name="first look", daemon=True
        ).start()
    tagging_service.start_job(collection.collection_id)
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
    for entry in islice(scan_folder(root), _LISTED):
        yield entry
        if time.monotonic() > until:
            return


def _look(collection_id: int, paths: list[Path]) -> None:
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
        _log.info("the first look was broken off: %s", error)
