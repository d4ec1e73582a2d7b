"""The tagging that a job of the catalog asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gallery.jobs.process import JobStore, RunningJob
from gallery.tagging.parts import Decode, Scan, StoreThumbnail, TaggingCatalog, TaggingProgress, TaggingResult
from gallery.tagging.pipeline import tag_collection
from gallery.types import Classifier, Collection, JobState


class JobCatalog(TaggingCatalog, JobStore, Protocol):
    """What running jobs need of the catalog."""

    def collection(self, collection_id: int) -> Collection: ...


def run_tagging_job(
    running: RunningJob,
    *,
    catalog: JobCatalog,
    decode: Decode,
    scan: Scan,
    load_classifier: Callable[[str], Classifier],
    store_thumbnail: StoreThumbnail,
) -> TaggingResult:
    """Tag the job's collection, report its progress, and return what was done.

    Args:
        running: a job that this process has claimed.
        catalog: holds the job and all it makes.
        decode: reads files in other processes.
        scan: finds the photos of a folder.
        load_classifier: gives the model of an id.
        store_thumbnail: keeps a photo's small picture.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """
    job = running.job

    def report(progress: TaggingProgress) -> None:
        running.report(
            progress, tagged=progress.tagged, unchanged=progress.unchanged, skipped=progress.skipped
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
        cancelled=running.stop_requested,
    )
    if result.cancelled:
        catalog.finish_job(job.job_id, JobState.CANCELLED)
    return result
