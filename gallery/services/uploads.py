"""Photos that come through the browser: received file by file, then opened as a collection."""

from __future__ import annotations

import secrets
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.errors import GalleryError, PhotoError
from gallery.services import collections, wiring
from gallery.types import Collection, CollectionKind, display_path

if TYPE_CHECKING:
    from gallery.photos.uploads import IncomingFile

_folders: dict[str, Path] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class FinishedUpload:
    """What an upload has become.

    Attributes:
        collection: None when it holds no photo.
        files: how many it holds.
        skipped: (name, why) of what was left out.
    """

    collection: Collection | None
    files: int
    skipped: list[tuple[str, str]]


def begin(name: str) -> str:
    """Make a new, empty folder for what a browser sends, and return the id of the upload.

    Raises:
        PhotoError: the folder cannot be made.
    """
    folder = wiring.uploads().begin(name)
    upload = secrets.token_hex(16)
    with _lock:
        _folders[upload] = folder
    return upload


def folder_of(upload: str) -> Path:
    """Return the folder of an upload that this process received.

    Raises:
        PhotoError: there is none of this id: it is finished, or the server was restarted.
    """
    with _lock:
        folder = _folders.get(upload)
    if folder is None:
        raise PhotoError(
            "This upload is finished, or not known any more since the server was restarted. Begin a new one."
        )
    return folder


def incoming(upload: str, name: str) -> IncomingFile:
    """Return a file of an upload to write to as its bytes arrive.

    Raises:
        PhotoError: it is no photo and no zip, a limit is reached, or the disk is full.
    """
    return wiring.uploads().incoming(folder_of(upload), name)


def discard(upload: str) -> None:
    """Throw away what was received."""
    shutil.rmtree(_closed(upload), ignore_errors=True)


def finish(upload: str) -> FinishedUpload:
    """Unpack the zips of an upload and open it as a collection.

    Raises:
        PhotoError: there is no such upload.
        CatalogError: the catalog cannot be written.
    """
    folder = _closed(upload)
    skipped = []
    for zip_path in sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip"):
        try:
            left_out = wiring.uploads().unpack_zip(zip_path, folder)
            skipped += [(display_path(one.path), f"{one.reason.value}. {one.detail}") for one in left_out]
        except PhotoError as error:
            skipped.append((display_path(Path(zip_path.name)), str(error)))
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    if not files:
        shutil.rmtree(folder, ignore_errors=True)
        return FinishedUpload(None, 0, skipped)
    try:
        collection = collections.take_in(folder, CollectionKind.UPLOAD)
    except GalleryError as error:  # the photos are there; Browse says what is missing to tag them
        skipped.append(("Tagging", str(error)))
        collection = wiring.catalog().add_collection(folder, CollectionKind.UPLOAD)
    return FinishedUpload(collection, files, skipped)


def _closed(upload: str) -> Path:
    """Return the folder of an upload to which nothing more is sent, and which nothing sent can remove."""
    folder = folder_of(upload)
    with _lock:
        _folders.pop(upload, None)
    return folder
