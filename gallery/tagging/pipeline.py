"""From a folder to a catalog of tagged photos: scan, read, classify, store.

Every step leaves the catalog in order, so a run may be cancelled or killed at
any moment, and the next one does only what is left.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gallery.errors import GalleryError, ModelError, PhotoError
from gallery.jobs.progress import SmoothedRate
from gallery.settings import TAG_BATCH
from gallery.tagging.known import recognise
from gallery.tagging.parts import (
    LOADING,
    LOOKING,
    READING,
    TAGGING,
    Decode,
    LoadClassifier,
    Scan,
    ScanSome,
    StoreThumbnail,
    TaggingCatalog,
    TaggingProgress,
    TaggingResult,
)
from gallery.tagging.reading import PhotoReader
from gallery.types import (
    BatchPrediction,
    Classifier,
    Collection,
    DecodedPhoto,
    FileEntry,
    SkippedFile,
    display_path,
)
from gallery.words import photo_count, without_surrogates

_PATIENCE_S = 0.2
"""How long to wait for something to do before looking at the cancel flag again."""

LARGE = 50_000
"""Photos of a collection whose whole scan takes more than a few seconds."""

AHEAD = 5_000
"""So many new photos are tagged ahead of that at most; who adds more waits for long anyway."""

FIRST_BATCH = 8
"""Photos of the first batch: the first tags are seen while the others are still being made."""

_BATCH_PATIENCE_S = 1.0
"""Where photos come slowly, a batch that is not full goes on after this time."""


def tag_collection(
    *,
    catalog: TaggingCatalog,
    collection: Collection,
    decode: Decode,
    scan: Scan,
    load_classifier: LoadClassifier,
    model_id: str,
    store_thumbnail: StoreThumbnail,
    scan_some: ScanSome | None = None,
    on_progress: Callable[[TaggingProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    only: Container[Path] | None = None,
) -> TaggingResult:
    """Tag what a model has not seen of a collection, and return what was done.

    Files whose bytes are known are not read, and the model loads, while more
    photos are read, as soon as one is found that it has not seen. Photos are in
    the catalog as soon as they are read, predictions after each batch.

    Args:
        catalog: where everything is kept.
        collection: whose folder is looked through.
        decode: reads files in other processes.
        scan: finds the photos of a folder.
        load_classifier: gives the model; called once, in a thread, and only if
            there is a photo that it has not seen.
        model_id: the model's id, by which its predictions are kept.
        store_thumbnail: keeps a photo's small picture.
        scan_some: finds the photos of some folders. With it, new photos of a large collection are tagged
            before the whole of it is looked through.
        on_progress: told how far it is, about five times a second.
        cancelled: asked between batches whether to stop.
        only: files to which reading is limited; the whole folder is still scanned.

    Raises:
        PhotoError: the folder is not there (any more).
        ModelError: the model cannot be loaded, or failed on a batch; earlier batches are kept.
        CatalogError: the catalog cannot be written.
    """
    started = time.monotonic()
    with _Loading(load_classifier) as loading:
        if only is None and catalog.awaits_model(collection.collection_id, model_id):
            loading.begin()

        def read_and_tag(pending: Sequence[Path], begin: TaggingProgress) -> tuple[TaggingProgress, bool]:
            if not pending:
                return begin, False
            with PhotoReader(
                pending,
                catalog=catalog,
                collection_id=collection.collection_id,
                model_id=model_id,
                decode=decode,
                store_thumbnail=store_thumbnail,
            ) as reader:
                return _classify_all(catalog, model_id, reader, loading, begin, on_progress, cancelled)

        ahead = 0
        if scan_some is not None and only is None and collection.photo_count >= LARGE:
            new = look_ahead(
                catalog, collection, scan_some, model_id, on_progress=on_progress, cancelled=cancelled
            )
            known = collection.photo_count
            begin = TaggingProgress(READING, done=known, total=known + len(new), unchanged=known)
            ahead = read_and_tag(new, begin)[0].tagged
        found = look_through(
            catalog, collection, scan, model_id,
            on_progress=on_progress, cancelled=cancelled, only=only, tagged=ahead,
        )  # fmt: skip
        if found is None:
            return stopped_early(catalog, collection, model_id, started, ahead)
        progress, stopped = read_and_tag(found.pending, found.begin)
    return result_of(catalog, collection, model_id, found, progress, started, stopped=stopped)


def look_ahead(
    catalog: TaggingCatalog,
    collection: Collection,
    scan_some: ScanSome,
    model_id: str,
    *,
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
) -> Sequence[Path]:
    """Note new photos of folders that hold more than the catalog knows; return what is to be done of them.

    Names are counted, and other folders' files not asked for size and date, so this takes seconds. What it
    misses, a photo in the place of one that went, for example, is found by the whole scan.

    Raises:
        PhotoError: the folder is not there (any more).
        CatalogError: the catalog cannot be written.
    """
    _require(collection)
    known = catalog.files_by_folder(collection.collection_id)
    root = Path(os.path.abspath(collection.root))  # noqa: PTH100 - as the scan writes it

    def holds_more(folder: Path, count: int) -> bool:
        found_files.may_stop()
        shown = "/".join(without_surrogates(part) for part in folder.relative_to(root).parts)
        return count > known.get(shown, 0)

    def listed() -> Iterator[FileEntry | SkippedFile]:  # begins once `found_files` is there
        yield from scan_some(root, holds_more)

    found_files = _FoundFiles(listed(), on_progress, cancelled)
    new: set[Path] = set()
    try:
        while len(new) < AHEAD and (part := list(itertools.islice(found_files, AHEAD))):
            new.update(catalog.add_files(collection.collection_id, part))
        if new:
            recognise(catalog, collection.collection_id, cancelled=cancelled)
    except _Cancelled:
        return ()
    pending = catalog.pending_files(collection.collection_id, model_id) if new else ()
    return [path for path in pending if path in new]


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan found: the files that the model has yet to see, and how far the work is before that."""

    pending: Sequence[Path]
    begin: TaggingProgress
    files: int
    gone: int


def look_through(
    catalog: TaggingCatalog,
    collection: Collection,
    scan: Scan,
    model_id: str,
    *,
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
    only: Container[Path] | None = None,
    tagged: int = 0,
) -> Found | None:
    """Note what lies in a collection's folder, and return what is to be done; None if cancelled.

    So many were tagged in this run before.

    Raises:
        PhotoError: the folder is not there (any more).
        CatalogError: the catalog cannot be written.
    """
    _require(collection)
    found_files = _FoundFiles(scan(collection.root), on_progress, cancelled, tagged)
    try:
        first = list(itertools.islice(found_files, 1))
        if collection.photo_count and not first:
            raise _gone(collection)
        gone = catalog.record_scan(collection.collection_id, itertools.chain(first, found_files)).gone
    except _Cancelled:
        return None
    unopened = found_files.unopened
    if unopened:
        catalog.record_skipped(collection.collection_id, unopened)
    recognise(catalog, collection.collection_id, cancelled=cancelled)
    pending = catalog.pending_files(collection.collection_id, model_id)
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
    on_progress(begin)
    return Found(pending, begin, found_files.files, gone)


def _require(collection: Collection) -> None:
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

    def __init__(
        self,
        scan: Iterable[FileEntry | SkippedFile],
        on_progress: Callable[[TaggingProgress], None],
        cancelled: Callable[[], bool],
        tagged: int = 0,
    ) -> None:
        self._scan = iter(scan)
        self._on_progress = on_progress
        self._cancelled = cancelled
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
        if time.monotonic() - self._reported >= _PATIENCE_S:
            if self._cancelled():
                raise _Cancelled
            self._on_progress(TaggingProgress(LOOKING, total=self.files, tagged=self._tagged))
            self._reported = time.monotonic()


def _classify_all(
    catalog: TaggingCatalog,
    model_id: str,
    reader: PhotoReader,
    loading: _Loading,
    begin: TaggingProgress,
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
) -> tuple[TaggingProgress, bool]:
    """Classify what the reader hands on; return how far it came, and whether it was cancelled."""
    rate = SmoothedRate()
    tagged = begin.tagged
    stage = begin.stage

    def report() -> TaggingProgress:
        unchanged, skipped = begin.unchanged + reader.unchanged, begin.skipped + reader.skipped
        done = tagged + unchanged + skipped
        if stage == TAGGING:
            rate.update(done)
        progress = replace(
            begin,
            stage=stage,
            done=done,
            tagged=tagged,
            unchanged=unchanged,
            skipped=skipped,
            rate=rate.per_second,
        )
        on_progress(progress)
        return progress

    while not reader.finished():
        if cancelled():
            return report(), True
        reader.record_when_due()
        if not loading.begun and not reader.wait_for_one(timeout_s=_PATIENCE_S):
            report()
            continue
        loading.begin()
        if stage == READING:
            stage = LOADING
            report()
        classifier = loading.result(timeout_s=0.0 if stage == TAGGING else _PATIENCE_S)
        if classifier is not None:
            stage = TAGGING
            batch = TAG_BATCH if tagged else FIRST_BATCH
            patience_s = _BATCH_PATIENCE_S if reader.waiting() else _PATIENCE_S
            photos = reader.take(batch, timeout_s=patience_s)
            if photos:
                said = what_it_says(model_id, classifier, photos)
                ids = [photo.photo_id for photo in photos]
                catalog.record_predictions(model_id, classifier.class_names, ids, said)
                tagged += len(photos)
        report()
    return report(), False


def what_it_says(model_id: str, classifier: Classifier, photos: Sequence[DecodedPhoto]) -> BatchPrediction:
    """Return what a model says of photos.

    Raises:
        ModelError: it failed.
    """
    try:
        return classifier.classify(np.stack([photo.model_input for photo in photos]))
    except GalleryError:
        raise
    except Exception as exc:
        raise ModelError(
            f"The model {model_id} failed on a batch of {len(photos)} photos ({type(exc).__name__}: {exc}). "
            "What was tagged before is kept. Start again to go on; if it fails again, choose another model."
        ) from exc


def stopped_early(
    catalog: TaggingCatalog, collection: Collection, model_id: str, started: float, tagged: int = 0
) -> TaggingResult:
    """Return the result of a run that was stopped before the folder was looked through."""
    nothing = Found((), TaggingProgress(tagged=tagged), 0, 0)
    return result_of(catalog, collection, model_id, nothing, nothing.begin, started, stopped=True)


def result_of(
    catalog: TaggingCatalog,
    collection: Collection,
    model_id: str,
    found: Found,
    progress: TaggingProgress,
    started: float,
    *,
    stopped: bool,
) -> TaggingResult:
    """Return what a run did that began at a time of the monotonic clock.

    Raises:
        PhotoError: the folder is not there any more: a disk that was unplugged makes every file vanish.
    """
    if found.pending and not stopped:
        _require(replace(collection, photo_count=found.files))
    seconds = time.monotonic() - started
    return TaggingResult(
        photos=found.begin.total,
        tagged=progress.tagged,
        unchanged=progress.unchanged,
        skipped=catalog.skipped_files(collection.collection_id),
        gone=found.gone,
        seconds=seconds,
        photos_per_second=progress.tagged / seconds if seconds > 0 else 0.0,
        model_id=model_id,
        cancelled=stopped,
    )


class _Loading:
    """A classifier that loads in a thread, from when it is first needed."""

    def __init__(self, load_classifier: LoadClassifier) -> None:
        self._load = load_classifier
        self._classifier: Classifier | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="model-loader", daemon=True)
        self.begun = False

    def __enter__(self) -> _Loading:
        return self

    def __exit__(self, *_: object) -> None:
        if self.begun:
            self._thread.join()  # a library that is half imported must not meet the end of the process

    def begin(self) -> None:
        """Load it now, if that has not begun; returns at once."""
        if not self.begun:
            self.begun = True
            self._thread.start()

    def result(self, *, timeout_s: float) -> Classifier | None:
        """Return the classifier, or None if it is not there in time.

        Raises:
            Exception: what kept it from loading.
        """
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        return self._classifier

    def _run(self) -> None:
        try:
            self._classifier = self._load()
        except BaseException as exc:  # raised again in the thread that waits for it
            self._error = exc
