"""From a folder to a catalog of tagged photos: scan, read, classify, store.

Every step leaves the catalog in order, so a run may be cancelled or killed at
any moment, and the next one does only what is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from gallery.errors import GalleryError, ModelError
from gallery.jobs.process import RunningJob
from gallery.jobs.progress import SmoothedRate
from gallery.settings import TAG_BATCH
from gallery.tagging.finding import Found, look_ahead, look_through, require_folder
from gallery.tagging.parts import (
    LOADING,
    READING,
    TAGGING,
    Decode,
    LoadClassifier,
    TaggingProgress,
    TaggingResult,
    TaggingRun,
)
from gallery.tagging.reading import PhotoReader
from gallery.types import BatchPrediction, Classifier, DecodedPhoto, JobState

_PATIENCE_S = 0.2
"""How long to wait for something to do before looking at the cancel flag again."""

FIRST_BATCH = 8
"""Photos of the first batch: the first tags are seen while the others are still being made."""

_BATCH_PATIENCE_S = 1.0
"""Where photos come slowly, a batch that is not full goes on after this time."""


def tag_collection(
    run: TaggingRun,
    *,
    decode: Decode,
    load_classifier: LoadClassifier,
    only: Container[Path] | None = None,
) -> TaggingResult:
    """Tag what a model has not seen of a collection, and return what was done.

    New photos of a large collection are tagged before the whole of it is looked through.
    Files whose bytes are known are not read, and the model loads, while more
    photos are read, as soon as one is found that it has not seen. Photos are in
    the catalog as soon as they are read, predictions after each batch.

    Args:
        run: what is tagged.
        decode: reads files in other processes.
        load_classifier: gives the model; called once, in a thread, and only if
            there is a photo that it has not seen.
        only: files to which reading is limited; the whole folder is still scanned.

    Raises:
        PhotoError: the folder is not there (any more).
        ModelError: the model cannot be loaded, or failed on a batch; earlier batches are kept.
        CatalogError: the catalog cannot be written.
    """
    with _Loading(load_classifier) as loading:
        if only is None and run.catalog.awaits_model(run.collection.collection_id, run.model_id):
            loading.begin()

        def read_and_tag(pending: Sequence[Path], begin: TaggingProgress) -> tuple[TaggingProgress, bool]:
            if not pending:
                return begin, False
            with PhotoReader(run, pending, decode) as reader:
                return _classify_all(run, reader, loading, begin)

        ahead = 0
        if only is None:
            new = look_ahead(run)
            known = run.collection.photo_count
            begin = TaggingProgress(READING, done=known, total=known + len(new), unchanged=known)
            ahead = read_and_tag(new, begin)[0].tagged
        found = look_through(run, only=only, tagged=ahead)
        if found is None:
            return stopped_early(run, ahead)
        progress, stopped = read_and_tag(found.pending, found.begin)
    return result_of(run, found, progress, stopped=stopped)


def _classify_all(
    run: TaggingRun, reader: PhotoReader, loading: _Loading, begin: TaggingProgress
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
        run.on_progress(progress)
        return progress

    while not reader.finished():
        if run.cancelled():
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
                said = what_it_says(run.model_id, classifier, photos)
                ids = [photo.photo_id for photo in photos]
                run.catalog.record_predictions(run.model_id, classifier.class_names, ids, said)
                tagged += len(photos)
        report()
    return report(), False


class Tag(Protocol):
    """Tags a collection."""

    def __call__(
        self, *, on_progress: Callable[[TaggingProgress], None], cancelled: Callable[[], bool]
    ) -> TaggingResult: ...


def tag_as_job(running: RunningJob, tag: Tag) -> TaggingResult:
    """Run a tagging that tells its job how far it is, and is stopped there; return what was done.

    Args:
        running: a job that this process has claimed.
        tag: tags the job's collection.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """

    def report(progress: TaggingProgress) -> None:
        running.report(
            progress, tagged=progress.tagged, unchanged=progress.unchanged, skipped=progress.skipped
        )

    result = tag(on_progress=report, cancelled=running.stop_requested)
    if result.cancelled:
        running.finish(JobState.CANCELLED)
    return result


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


def stopped_early(run: TaggingRun, tagged: int = 0) -> TaggingResult:
    """Return the result of a run that was stopped before the folder was looked through."""
    nothing = Found((), TaggingProgress(tagged=tagged), 0, 0)
    return result_of(run, nothing, nothing.begin, stopped=True)


def result_of(run: TaggingRun, found: Found, progress: TaggingProgress, *, stopped: bool) -> TaggingResult:
    """Return what a run did.

    Raises:
        PhotoError: the folder is not there any more: a disk that was unplugged makes every file vanish.
    """
    if found.pending and not stopped:
        require_folder(replace(run.collection, photo_count=found.files))
    seconds = time.monotonic() - run.started
    return TaggingResult(
        photos=found.begin.total,
        tagged=progress.tagged,
        unchanged=progress.unchanged,
        skipped=run.catalog.skipped_files(run.collection.collection_id),
        gone=found.gone,
        seconds=seconds,
        photos_per_second=progress.tagged / seconds if seconds > 0 else 0.0,
        model_id=run.model_id,
        cancelled=stopped,
    )


class _Loading:
    """A classifier that loads in a thread, from when it is first needed."""

    def __init__(self, load_classifier: LoadClassifier) -> None:
        self._load = load_classifier
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model-loader")
        self._loaded: Future[Classifier] | None = None

    def __enter__(self) -> _Loading:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()  # a library that is half imported must not meet the end of the process

    @property
    def begun(self) -> bool:
        return self._loaded is not None

    def begin(self) -> Future[Classifier]:
        """Load it now, if that has not begun; returns at once."""
        self._loaded = self._loaded or self._thread.submit(self._load)
        return self._loaded

    def result(self, *, timeout_s: float) -> Classifier | None:
        """Return the classifier, or None if it is not there in time.

        Raises:
            Exception: what kept it from loading.
        """
        loaded = self.begin()
        wait([loaded], timeout_s)
        return loaded.result() if loaded.done() else None
