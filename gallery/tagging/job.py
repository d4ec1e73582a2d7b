"""The tagging that a job of the catalog asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gallery.jobs.process import RunningJob
from gallery.tagging.parts import TaggingProgress, TaggingResult
from gallery.types import JobState


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
