"""A training as pages see it: how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gallery.datasets.labelled import Part
from gallery.datasets.split import part_counts
from gallery.jobs.progress import Progress
from gallery.training.history import MEASURING, PREPARING, TRAINING, Epoch
from gallery.training.request import SPLIT_FILE, TrainingRequest
from gallery.types import Job, JobState


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
