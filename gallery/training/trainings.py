"""The trainings of a home, as pages see them: which there are, how far they are, and how they are removed."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from gallery.datasets.labelled import Part
from gallery.datasets.split import part_counts
from gallery.errors import TrainingError
from gallery.jobs.process import JobStore, job_named
from gallery.jobs.progress import Progress
from gallery.training.history import MEASURING, PREPARING, TRAINING, Epoch, read_history
from gallery.training.request import REQUEST_FILE, SPLIT_FILE, TrainingRequest
from gallery.types import Job, JobKind, JobState

HISTORY_FILE = "history.csv"

_OTHERS_S = 1.0
"""So long at most Windows keeps a folder that somebody reads at that moment."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One training or search at one moment: running, finished, or left in the middle.

    Attributes:
        job: its newest one; None where it is older than the table of jobs.
    """

    request: TrainingRequest
    job: Job | None
    history: tuple[Epoch, ...]

    @property
    def progress(self) -> Progress:
        """Its last report."""
        return Progress() if self.job is None else Progress.of(self.job)

    @property
    def message(self) -> str:
        """A sentence, where it failed."""
        return "" if self.job is None else self.job.message or ""

    @property
    def photos(self) -> int:
        """How many photos are trained on and validated with; 0 before they are split."""
        counts = part_counts(self.request.folder / SPLIT_FILE)
        return counts.get(Part.TRAIN, 0) + counts.get(Part.VALIDATION, 0)

    @property
    def state(self) -> str:
        """What it does: "starting", "preparing", "training", "measuring"; or how it ended.

        That is "finished", "failed", or "interrupted" if the process is gone.
        """
        if self.job is None:
            return "finished" if candidate_folder(self.request.folder).is_dir() else "interrupted"
        if self.job.state is JobState.RUNNING:
            stage = self.job.stage
            return (stage if stage in (PREPARING, MEASURING) else TRAINING) if stage else "starting"
        ends = {
            JobState.QUEUED: "starting",
            JobState.DONE: "finished",
            JobState.FAILED: "failed",
        }
        return ends.get(self.job.state, "interrupted")

    @property
    def resumable(self) -> bool:
        return self.state in ("interrupted", "failed")

    @property
    def live(self) -> bool:
        """Whether it is at work, or about to be."""
        return self.job is not None and self.job.live

    @property
    def epoch(self) -> int:
        """The epoch under way, or the last one."""
        return min(len(self.history) + 1, self.request.recipe.epochs)

    @property
    def candidate(self) -> Path | None:
        """The folder of the model that came of it, while nobody has kept it."""
        place = candidate_folder(self.request.folder) / self.request.model_id
        return place if self.state == "finished" and place.is_dir() else None


def candidate_folder(folder: Path) -> Path:
    """Return where a training's model waits to be kept or discarded."""
    return folder / "candidate"


def trainings(
    folder: Path, jobs: JobStore, *, cache: Path, kind: JobKind = JobKind.TRAINING
) -> list[TrainingRun]:
    """Return the trainings, or the searches, in a folder of folders, the latest first."""
    if not folder.is_dir():
        return []
    found = []
    for place in folder.iterdir():
        with contextlib.suppress(TrainingError, OSError):  # it is none, or is just being discarded
            asked_at = (place / REQUEST_FILE).stat().st_mtime
            request = TrainingRequest.from_folder(place, cache=cache)
            if request.kind is kind:
                found.append((asked_at, place.name, training_run(request, jobs)))
    return [run for *_, run in sorted(found, key=lambda one: one[:2], reverse=True)]


def training_run(request: TrainingRequest, jobs: JobStore) -> TrainingRun:
    """Return how far a training or a search is."""
    job = job_named(jobs, request.kind, request.folder.name)
    return TrainingRun(request, job, tuple(read_history(request.folder / HISTORY_FILE)))


def discard(request: TrainingRequest, jobs: JobStore) -> None:
    """Remove a training's folder; a model that it became stays in the store.

    Raises:
        TrainingError: it is running, or the disk refuses.
    """
    until, folder = time.monotonic() + _OTHERS_S, request.folder
    while folder.exists():
        job = job_named(jobs, request.kind, folder.name)
        if job is not None and job.live:
            raise TrainingError(f"The training {folder.name} is running. Stop it first.")
        try:
            shutil.rmtree(folder)
        except OSError as exc:
            if folder.exists() and time.monotonic() > until:
                raise TrainingError(f"{folder} could not be removed: {exc}. Close what has it open.") from exc
            time.sleep(0.05)  # Windows: somebody may just be reading in it
