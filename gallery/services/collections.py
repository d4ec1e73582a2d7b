"""The collections: how a folder becomes one, what lies on its shelves, and what each shelf holds."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery import words
from gallery.errors import CatalogError, GalleryError, JobError, PhotoError
from gallery.services import heads, tagging, wiring
from gallery.services.folders import typed_path
from gallery.settings import UNSURE_BELOW
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
    display_path,
)

if TYPE_CHECKING:
    from gallery.jobs.task import Report

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
"""Photos in the public domain (docs/CREDITS.md) that come with the app, one sub-folder a class."""

FIRST_PHOTOS = 48
"""Read at once, before the job's process has started: a screen of thumbnails."""

_LISTED = 2_000  # found before the page answers; the job finds the rest
_LISTING_S = 0.4
_RECOGNISING_S = 1.0
_SEEKING_S = 2.0
_BATCH = 6  # thumbnails that appear together
_STOPPING_S = 20.0  # a batch and what surrounds it, on a slow laptop
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
    root = wiring.settings().allow(path if isinstance(path, Path) else typed_path(path))
    return take_in(root, CollectionKind.FOLDER)


def sample_photos() -> Path | None:
    """Return the folder of the sample photos, one sub-folder a class; None where it may not be opened."""
    try:
        return wiring.settings().allow(SAMPLES)
    except GalleryError:
        return None


def are_samples(collection: Collection) -> bool:
    """Return whether a collection is the sample photos."""
    return collection.root == SAMPLES


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
    for entry in islice(wiring.photos_in(root), _LISTED):
        yield entry
        if time.monotonic() > until:
            return


# ---- a collection's life ---------------------------------------------------


def rename(collection_id: int, name: str) -> None:
    """Call a collection otherwise; its folder keeps its name.

    Raises:
        CatalogError: the name is empty, or there is no such collection.
    """
    if not name.strip():
        raise CatalogError("A collection needs a name. Type one, or close this window.")
    wiring.catalog().rename_collection(collection_id, name.strip()[:200])


def move(collection_id: int, path: str | Path) -> int:
    """Let a collection lie in the folder to which it was moved; return how many of its photos it holds.

    Raises:
        PhotoError: the folder may not be opened, or holds none of the photos.
        CatalogError: it is another collection already.
        JobError: a tagging of it does not stop.
        GalleryError: no job can start.
    """
    catalog = wiring.catalog()
    root = wiring.settings().allow(path if isinstance(path, Path) else typed_path(path))
    collection = catalog.collection(collection_id)
    found = found_in(collection_id, root)
    if collection.photo_count and not found:
        raise PhotoError(
            f"None of the {words.photo_count(collection.photo_count)} of {collection.name} lies "
            f"in {display_path(root)}. Choose the folder that holds them, or open this one by itself."
        )
    _stop_tagging(collection_id)
    catalog.move_collection(collection_id, root)
    _recognise(collection_id)
    tagging.start_job(collection_id)
    return found


def found_in(collection_id: int, root: Path) -> int:
    """Return how many photos of a collection are seen in a folder, looking for a moment only.

    A photo is seen at its place below the folder, with its size; or, where no
    place has kept its name, at any place, by the digest of its bytes.
    """
    known = wiring.catalog().known_files(collection_id)
    until = time.monotonic() + _SEEKING_S
    found = 0
    for below, size, _ in known:
        with contextlib.suppress(OSError):
            found += (root / below).stat().st_size == size
        if time.monotonic() > until:
            break
    if found:
        return found
    digests = {sha256 for _, _, sha256 in known}
    sizes = {size for _, size, _ in known}
    for entry in wiring.photos_in(root):
        if entry.size_bytes in sizes:
            with contextlib.suppress(OSError), entry.path.open("rb") as file:
                found += hashlib.file_digest(file, "sha256").hexdigest() in digests
        if time.monotonic() > until + _SEEKING_S:
            break
    return found


def is_gone(collection: Collection) -> bool:
    """Return whether a collection's folder is not there, or is as empty as a mount point without its disk."""
    try:
        with os.scandir(collection.root) as entries:
            return collection.photo_count > 0 and next(iter(entries), None) is None
    except OSError:
        return True


def label_count(collection_id: int) -> int:
    """Return how many photos of a collection a person has labelled."""
    return wiring.catalog().label_count(collection_id)


def remove(collection_id: int) -> None:
    """Forget a collection; of an upload its files are deleted too.

    Those of an upload that lies elsewhere are left alone, as after the home or the collection was moved.

    Labels, verdicts and tags belong to the pictures: they are kept, and are
    there again when the same photos are opened again.

    Raises:
        GalleryError: there is no such collection, its tagging does not stop, or its files cannot be deleted.
    """
    catalog = wiring.catalog()
    collection = catalog.collection(collection_id)
    if holds_files(collection):
        _stop_tagging(collection_id)
        wiring.uploads().remove(collection.root)
    else:
        _ask_to_stop(collection_id)
    catalog.remove_collection(collection_id)


def holds_files(collection: Collection) -> bool:
    """Return whether a collection is an upload of this home, whose files are deleted with it."""
    return collection.kind is CollectionKind.UPLOAD and wiring.uploads().holds(collection.root)


def _ask_to_stop(collection_id: int) -> bool:
    """Ask the tagging of a collection to stop, and return whether there is one.

    Beside its newest job, which may wait, an older one may still run.
    """
    catalog = wiring.catalog()
    jobs = (catalog.live_job(), catalog.latest_job(collection_id))
    live = [job for job in jobs if job is not None and job.live and job.collection_id == collection_id]
    for job in live:
        catalog.request_cancel(job.job_id)
    return bool(live)


def _stop_tagging(collection_id: int) -> None:
    """Let the tagging of a collection stop, and wait until it has.

    Raises:
        JobError: it still runs.
    """
    until = time.monotonic() + _STOPPING_S
    while _ask_to_stop(collection_id):
        if time.monotonic() > until:
            raise JobError(
                "The tagging of this collection has not stopped yet; it does after the photos that it reads "
                "now. Try again in a minute."
            )
        time.sleep(0.1)


def _recognise(collection_id: int) -> None:
    """Find, for a moment, photos whose bytes are known; the job goes on with it."""
    from gallery.tagging.finding import recognise

    until = time.monotonic() + _RECOGNISING_S
    recognise(wiring.catalog(), collection_id, cancelled=lambda: time.monotonic() > until)


def _read_first(collection_id: int, paths: Sequence[Path]) -> None:
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
    asked = collection_id, model_id, class_names, unsure_below, filters
    return _shelves(asked, heads.unlike_below(model_id))


@wiring.until_changed(32)
def _shelves(
    asked: tuple[int, str, tuple[str, ...], float, PhotoQuery | None], unlike_below: float | None
) -> tuple[Shelf, ...]:
    return tuple(wiring.catalog().shelves(*asked, unlike_below=unlike_below))


def measure_likeness(card: ModelCard) -> None:
    """See to it, in the background, that photos tagged before likeness was measured find their shelf."""

    def work(_report: Report) -> None:
        heads.measure_likeness(wiring.parts(), card)

    key = ("likeness", wiring.settings(), card.model_id, card.weights_sha256)
    wiring.tasks().ask(key, work, lane="likeness")


def find_files(query: PhotoQuery) -> NDArray[np.int64]:
    """Return the files that a query finds, in its order; not to be written to."""
    return _find_files(replace(query, unlike_below=heads.unlike_below(query.model_id)))


@wiring.until_changed(4)  # each takes 8 MB of a million photos, and is found in 0.1 s
def _find_files(query: PhotoQuery) -> NDArray[np.int64]:
    found = wiring.catalog().find_files(query)
    found.setflags(write=False)
    return found


@wiring.until_changed(16)
def sub_folders(collection_id: int) -> dict[str, int]:
    """Return the sub-folders of a collection, relative to its root, with their numbers of photos."""
    return wiring.catalog().folders(collection_id)


def all_tagged(collection_id: int, model_id: str) -> bool:
    """Return whether a model has tagged every photo of a collection that can be read."""
    return wiring.catalog().untagged(collection_id, model_id) == 0


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
