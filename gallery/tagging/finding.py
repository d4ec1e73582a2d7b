"""What lies in a collection's folder, and what of it is to be tagged."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import PhotoError
from gallery.tagging.parts import LOOKING, READING, TAGGING, TaggingCatalog, TaggingProgress, TaggingRun
from gallery.types import Collection, FileEntry, SkippedFile, display_path
from gallery.words import photo_count, without_surrogates

_REPORT_EVERY_S = 0.2

_RECOGNISED_TOGETHER = 32
"""Files noted in one transaction."""

LARGE = 50_000
"""Photos of a collection whose whole scan takes more than a few seconds."""

AHEAD = 5_000
"""With so many new photos found, no more are searched for ahead of that scan; it finds the rest."""


def look_ahead(run: TaggingRun) -> Sequence[Path]:
    """Note new photos of folders that hold more than the catalog knows; return which of them are to be read.

    Only a `LARGE` collection is worth it. Names are counted, and only those folders' files are asked for size
    and date, so it takes seconds. What it misses, as a photo in the place of one that is gone, the whole scan
    finds.

    Raises:
        PhotoError: the folder is not there (any more).
        CatalogError: the catalog cannot be written.
    """
    catalog, collection = run.catalog, run.collection
    if collection.photo_count < LARGE:
        return ()
    require_folder(collection)
    known = catalog.files_by_folder(collection.collection_id)
    root = Path(os.path.abspath(collection.root))  # noqa: PTH100 - as the scan writes it

    def holds_more(folder: Path, count: int) -> bool:
        found_files.may_stop()
        shown = "/".join(without_surrogates(part) for part in folder.relative_to(root).parts)
        return count > known.get(shown, 0)

    found_files = _FoundFiles(run, run.scan(root, holds_more))
    new: list[int] = []
    try:
        while len(new) < AHEAD and (part := list(itertools.islice(found_files, AHEAD))):
            new += catalog.add_files(collection.collection_id, part)
        if new:
            recognise(catalog, collection.collection_id, cancelled=run.cancelled)
    except _Cancelled:
        return ()
    return catalog.pending_files(collection.collection_id, run.model_id, new) if new else ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan found: the files that the model has yet to see, and how far the work is before that."""

    pending: Sequence[Path]
    begin: TaggingProgress
    files: int
    gone: int


def look_through(run: TaggingRun, *, only: Container[Path] | None = None, tagged: int = 0) -> Found | None:
    """Note what lies in a collection's folder, and return what is to be done; None if cancelled.

    Args:
        run: whose folder, and where it is noted.
        only: files to which what is to be done is limited.
        tagged: photos that were tagged in this run before.

    Raises:
        PhotoError: the folder is not there (any more).
        CatalogError: the catalog cannot be written.
    """
    catalog, collection = run.catalog, run.collection
    require_folder(collection)
    found_files = _FoundFiles(run, run.scan(collection.root), tagged)
    try:
        first = list(itertools.islice(found_files, 1))
        if collection.photo_count and not first:
            raise _gone(collection)
        gone = catalog.record_scan(collection.collection_id, itertools.chain(first, found_files))
    except _Cancelled:
        return None
    unopened = found_files.unopened
    if unopened:
        catalog.record_skipped(collection.collection_id, unopened)
    recognise(catalog, collection.collection_id, cancelled=run.cancelled)
    pending = catalog.pending_files(collection.collection_id, run.model_id)
    if only is not None:
        pending = [path for path in pending if path in only]
    unreadable = {file.path for file in catalog.skipped_files(collection.collection_id)}
    skipped = len(unreadable)
    if unreadable:
        skipped -= sum(path in unreadable for path in pending)  # tried again
    total = found_files.files + len(unopened)
    begin = TaggingProgress(
        READING if pending else TAGGING,
        done=total - len(pending),
        total=total,
        tagged=tagged,
        unchanged=total - len(pending) - skipped - tagged,
        skipped=skipped,
    )
    run.on_progress(begin)
    return Found(pending, begin, found_files.files, gone)


def recognise(catalog: TaggingCatalog, collection_id: int, *, cancelled: Callable[[], bool]) -> None:
    """Find the unread files of a collection that hold the bytes of a photo in the catalog.

    Nothing of them is decoded again. Only files as large as one that was read are opened, to take their
    SHA-256: a new folder costs one query.

    Args:
        catalog: where they are noted.
        collection_id: whose files; a scan has found them.
        cancelled: asked between files whether to stop.

    Raises:
        CatalogError: the catalog cannot be written.
    """
    alike = iter(catalog.files_like_read_ones(collection_id))
    while not cancelled() and (some := list(itertools.islice(alike, _RECOGNISED_TOGETHER))):
        digests = []
        for path in some:
            with contextlib.suppress(OSError), path.open("rb") as file:  # the reader will say what is wrong
                digests.append((path, hashlib.file_digest(file, "sha256").hexdigest()))
            if cancelled():
                break
        catalog.record_known(collection_id, digests)


def require_folder(collection: Collection) -> None:
    """Go on if a collection's folder is there.

    Raises:
        PhotoError: it is not there (any more).
    """
    if not collection.root.is_dir():
        raise _gone(collection)


def _gone(collection: Collection) -> PhotoError:
    """Return the error of a folder that is not there, or empty although photos were in it."""
    shown = display_path(collection.root)
    what = (
        f"{photo_count(collection.photo_count)} that {'was' if collection.photo_count == 1 else 'were'} in "
        f"{shown} {'is' if collection.photo_count == 1 else 'are'} gone"
        if collection.photo_count
        else f"The folder {shown} is not there (any more)"
    )
    return PhotoError(
        f"{what}: is the disk connected? Connect it, or open the folder at its new place if it was moved or "
        "renamed. Nothing was removed from the gallery: tags and labels are kept."
    )


class _Cancelled(Exception):
    """Somebody asked to stop while a folder was looked through."""


class _FoundFiles(Iterator[FileEntry]):
    """The files of a folder as they are found, telling how many they are.

    Attributes:
        files: found so far.
        unopened: sub-folders that could not be opened, so far.
    """

    def __init__(self, run: TaggingRun, scan: Iterable[FileEntry | SkippedFile], tagged: int = 0) -> None:
        self._run = run
        self._scan = iter(scan)
        self._tagged = tagged
        self._reported = 0.0
        self.files = 0
        self.unopened: list[SkippedFile] = []

    def __next__(self) -> FileEntry:
        """Return the next one.

        Raises:
            _Cancelled: it shall end.
        """
        for found in self._scan:
            self.may_stop()
            if isinstance(found, FileEntry):
                self.files += 1
                return found
            self.unopened.append(found)
        raise StopIteration

    def may_stop(self) -> None:
        """Tell how far it is, about five times a second.

        Raises:
            _Cancelled: it shall end.
        """
        if time.monotonic() - self._reported >= _REPORT_EVERY_S:
            if self._run.cancelled():
                raise _Cancelled
            self._run.on_progress(TaggingProgress(LOOKING, total=self.files, tagged=self._tagged))
            self._reported = time.monotonic()
