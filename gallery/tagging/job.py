"""Runs the tagging jobs that wait in the catalog; the work of the child process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from gallery.errors import GalleryError
from gallery.tagging.parts import Decode, Scan, StoreThumbnail, TaggingCatalog, TaggingProgress
from gallery.tagging.pipeline import tag_collection
from gallery.types import Classifier, Collection, Job, JobState

_log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
"""How often a running job says that it is alive: 15 missed beats declare it dead."""


class JobCatalog(TaggingCatalog, Protocol):
    """What running jobs need of the catalog."""

    def collection(self, collection_id: int) -> Collection: ...
    def claim_job(self, pid: int) -> Job | None: ...
    def waiting_job(self) -> Job | None: ...
    def update_job(self, job_id: int, **progress: int | float | str | None) -> bool: ...
    def finish_job(self, job_id: int, state: JobState, message: str | None = None) -> None: ...
    def cancel_requested(self, job_id: int) -> bool: ...


def run_queued_jobs(
    catalog: JobCatalog,
    run_one: Callable[[Job], None],
    pid: int,
    *,
    heartbeat_s: float = HEARTBEAT_S,
) -> int:
    """Run jobs until none waits, and return how many ran.

    While another process runs a job, this one waits for its turn, so that a job
    behind a process that dies is not forgotten. A job that fails gets its
    sentence and does not keep the next one from running.

    Args:
        catalog: holds the jobs.
        run_one: does the work of one and calls `finish_job`; `run_tagging_job`
            with its parts filled in.
        pid: this process.
        heartbeat_s: seconds between signs of life.
    """
    ran = 0
    while True:
        job = catalog.claim_job(pid)
        if job is not None:
            _run(catalog, run_one, job, heartbeat_s)
            ran += 1
        elif catalog.waiting_job() is None:
            return ran
        else:
            time.sleep(heartbeat_s)


def run_tagging_job(
    job: Job,
    *,
    catalog: JobCatalog,
    decode: Decode,
    scan: Scan,
    load_classifier: Callable[[str], Classifier],
    store_thumbnail: StoreThumbnail,
) -> None:
    """Tag the job's collection, report its progress, and note its end.

    Args:
        job: a job that this process has claimed.
        catalog: holds the job and all it makes.
        decode: reads files in other processes.
        scan: finds the photos of a folder.
        load_classifier: gives the model of an id.
        store_thumbnail: keeps a photo's small picture.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """

    def report(progress: TaggingProgress) -> None:
        catalog.update_job(
            job.job_id,
            stage=progress.stage,
            total=progress.total,
            done=progress.done,
            tagged=progress.tagged,
            unchanged=progress.unchanged,
            skipped=progress.skipped,
            photos_per_second=progress.rate,
        )

    result = tag_collection(
        catalog=catalog,
        collection=catalog.collection(job.collection_id),
        decode=decode,
        scan=scan,
        load_classifier=lambda: load_classifier(job.model_id),
        model_id=job.model_id,
        store_thumbnail=store_thumbnail,
        on_progress=report,
        cancelled=lambda: catalog.cancel_requested(job.job_id),
    )
    catalog.finish_job(job.job_id, JobState.CANCELLED if result.cancelled else JobState.DONE)


def _run(catalog: JobCatalog, run_one: Callable[[Job], None], job: Job, heartbeat_s: float) -> None:
    with _Heartbeat(catalog, job.job_id, heartbeat_s):
        try:
            run_one(job)
        except GalleryError as exc:
            _log.warning("Job %d failed: %s", job.job_id, exc)
            catalog.finish_job(job.job_id, JobState.FAILED, str(exc))
        except Exception as exc:
            _log.exception("Job %d met an error in the program", job.job_id)
            catalog.finish_job(
                job.job_id,
                JobState.FAILED,
                f"Tagging stopped at an error in the program ({type(exc).__name__}: {exc}). What was tagged "
                "is kept; start again to go on. The file tagging.log holds the details.",
            )
        except BaseException:  # the process is asked to end
            catalog.finish_job(
                job.job_id,
                JobState.INTERRUPTED,
                "Tagging was stopped from outside. What was tagged is kept; start again to do the rest.",
            )
            raise
        else:
            catalog.finish_job(job.job_id, JobState.DONE)  # unless run_one has noted another end


class _Heartbeat:
    """Says every second that a job is alive, whatever it is busy with."""

    def __init__(self, catalog: JobCatalog, job_id: int, every_s: float) -> None:
        self._catalog = catalog
        self._job_id = job_id
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self._catalog.update_job(self._job_id)
            except GalleryError as exc:  # a busy catalog: the next beat may get through
                _log.warning("Heartbeat of job %d: %s", self._job_id, exc)
