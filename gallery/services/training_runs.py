"""Trainings and searches: run, start, watch, stop, discard; `trained` is what came of one."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import TrainingError
from gallery.jobs.process import JobStore, claim_named, job_named, start_named, working
from gallery.services import wiring
from gallery.services.training_parts import training_parts
from gallery.settings import Settings
from gallery.training.history import HISTORY_FILE, Tell, TrainingProgress, read_history
from gallery.training.recipes import RECIPES, Recipe, recipe_named
from gallery.training.request import REQUEST_FILE, TrainingRequest, refuse_taken, remember
from gallery.training.request import SEARCH_SUFFIX as SEARCH_SUFFIX
from gallery.training.trainings import TrainingRun, candidate_folder
from gallery.types import JobKind, JobState, display_path

if TYPE_CHECKING:
    from gallery.training.request import TrainingResult
    from gallery.training.search import SearchResult

_OTHERS_S = 1.0
"""So long at most Windows keeps a folder that somebody reads at that moment."""

TRIALS_ASKED_FILE = "trials.txt"
TRIALS = 12
"""Of a search, if nobody says how many."""

JOB_COMMAND = (sys.executable, "-m", "gallery", "train-job")


# Watching


def trainings(kind: JobKind = JobKind.TRAINING) -> list[TrainingRun]:
    """Return the trainings of this home, the latest first."""
    here, found = wiring.settings(), []
    for folder in here.trainings.iterdir() if here.trainings.is_dir() else ():
        with contextlib.suppress(TrainingError, OSError):  # it is none, or is just being discarded
            asked_at = (folder / REQUEST_FILE).stat().st_mtime
            request = TrainingRequest.from_folder(folder, cache=here.training_cache)
            if request.kind is kind:
                found.append((asked_at, folder.name, run_of(request)))
    return [run for *_, run in sorted(found, key=lambda one: one[:2], reverse=True)]


def searches() -> list[TrainingRun]:
    """Return the searches of this home, the latest first."""
    return trainings(JobKind.SEARCH)


def run_of(request: TrainingRequest) -> TrainingRun:
    """Return how far a training or a search is."""
    job = job_named(wiring.catalog(), request.kind, request.folder.name)
    return TrainingRun(request, job, tuple(read_history(request.folder / HISTORY_FILE)))


def is_stopping(run: TrainingRun) -> bool:
    """Return whether somebody has asked a training to end, which it has not yet."""
    return run.job is not None and run.live and run.job.cancel_requested


def stop(run: TrainingRun) -> None:
    """Ask a training to end and to keep its best epoch, a search to keep its trials."""
    if run.job is not None:
        wiring.catalog().request_cancel(run.job.job_id)


def discard(run: TrainingRun) -> None:
    """Remove a training or a search; a model that it became stays in the store.

    Raises:
        TrainingError: it is running, or the disk refuses.
    """
    until, folder = time.monotonic() + _OTHERS_S, run.request.folder
    while folder.exists():
        if run_of(run.request).live:
            raise TrainingError(f"The training {folder.name} is running. Stop it first.")
        try:
            shutil.rmtree(folder)
        except OSError as exc:
            if folder.exists() and time.monotonic() > until:
                raise TrainingError(f"{folder} could not be removed: {exc}. Close what has it open.") from exc
            time.sleep(0.05)  # Windows: somebody may just be reading in it


def search_result(run: TrainingRun) -> SearchResult | None:
    """Return the trials of a search that are done, and the recipe of the best; None before the first."""
    from gallery.training.search import read_result

    try:
        return read_result(run.request, then_epochs=RECIPES["cnn-small"].epochs)
    except TrainingError:
        return None


# Running


def start(
    request: TrainingRequest, *, trials: int | None = None, command: Sequence[str] = JOB_COMMAND
) -> subprocess.Popen[bytes]:
    """Start a training or a search, or take it up, in a process that survives browser and server.

    Args:
        request: is stored in its folder, where the process finds it; a search's ends with `SEARCH_SUFFIX`.
        trials: of a search, in all.
        command: what to start; ``--home``, ``--training`` and their values are added.

    Raises:
        TrainingError: it is running already, or its folder belongs to another one.
        JobError: it could not be started.
    """
    jobs, here, folder = wiring.catalog(), wiring.settings(), request.folder
    _refuse_second(jobs, request)
    remember(request)
    if trials is not None:
        (folder / TRIALS_ASKED_FILE).write_text(str(trials), encoding="ascii")
    words = [*command, "--home", str(here.home), "--training", folder.name]
    return start_named(jobs, request.kind, folder.name, words, here.logs / "training.log")


def resume(run: TrainingRun, *, more_trials: int = 0) -> None:
    """Take up a training or a search whose process is gone, or add trials to a search.

    Raises:
        GalleryError: as `start`.
    """
    search = run.request.kind is JobKind.SEARCH
    start(run.request, trials=_trials_asked(run.request.folder) + more_trials if search else None)


def run_job_process(settings: Settings, name: str) -> None:
    """Be the process that runs the training or the search of a name, if it still waits.

    Raises:
        GalleryError: it cannot start or go on.
    """
    from gallery.jobs.process import lower_priority
    from gallery.training.run import train
    from gallery.training.search import search

    lower_priority()
    folder = settings.trainings / name
    request = TrainingRequest.from_folder(folder, cache=settings.training_cache)
    with wiring.composed(settings) as parts:
        job = claim_named(parts.catalog, request.kind, name)
        if job is None:
            return  # somebody has cancelled it, or was quicker
        with working(parts.catalog, job) as running:
            tell = running.report_often
            if job.kind is JobKind.SEARCH:
                trials, epochs = _trials_asked(folder), RECIPES["cnn-small"].epochs
                search(request, training_parts(settings), trials=trials, then_epochs=epochs, on_progress=tell)
            else:
                place = candidate_folder(folder)
                shutil.rmtree(place, ignore_errors=True)  # of a training that was killed while saving
                result = train(request, training_parts(settings, candidate_in=place), on_progress=tell)
                if result.ended != "finished":
                    parts.catalog.finish_job(job.job_id, JobState.DONE, result.ended)


def is_taken(settings: Settings, model_id: str) -> bool:
    """Return whether there is a model of that id, or there was one."""
    return wiring.model_store(settings).taken(model_id)


def train_now(settings: Settings, request: TrainingRequest, *, on_progress: Tell) -> TrainingResult:
    """Train in this process, seen by pages as any other training; the model goes among the home's.

    Raises:
        GalleryError: the data, the weights or the disk do not allow it, or it is running already.
    """
    from gallery.training.run import train

    parts = training_parts(settings)
    refuse_taken(request, parts)
    with _working_here(settings, request, on_progress) as tell:
        return train(request, parts, on_progress=tell)


def search_now(
    settings: Settings, request: TrainingRequest, *, trials: int, then_epochs: int, on_progress: Tell
) -> SearchResult:
    """Search for hyperparameters in this process, seen by pages as any other search.

    Raises:
        GalleryError: the data do not allow it, no trial could be trained, or it is running already.
    """
    from gallery.training.search import search

    parts = training_parts(settings)
    with _working_here(settings, request, on_progress) as tell:
        return search(request, parts, trials=trials, then_epochs=then_epochs, on_progress=tell)


@contextmanager
def _working_here(settings: Settings, request: TrainingRequest, on_progress: Tell) -> Iterator[Tell]:
    """Claim a request's job in this process, and give what tells pages and the caller of its progress."""
    with wiring.composed(settings) as parts:
        jobs, name = parts.catalog, request.folder.name
        remember(request)
        job = claim_named(jobs, request.kind, name)  # a page may have queued it a moment ago
        if job is None:
            _refuse_second(jobs, request)
            jobs.queue_job(None, name, kind=request.kind)
            job = claim_named(jobs, request.kind, name)
        if job is None:
            raise _running_already(request)
        with working(jobs, job) as running:

            def tell(progress: TrainingProgress) -> None:
                on_progress(progress)
                running.report_often(progress)

            yield tell


def _refuse_second(jobs: JobStore, request: TrainingRequest) -> None:
    job = job_named(jobs, request.kind, request.folder.name)
    if job is not None and job.live:
        raise _running_already(request)


def _running_already(request: TrainingRequest) -> TrainingError:
    return TrainingError(
        f"The {request.kind} {request.folder.name} is running already. Watch it, or stop it first."
    )


def _trials_asked(folder: Path) -> int:
    try:
        return int((folder / TRIALS_ASKED_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return TRIALS


# What a command asks


def recipe_and_plan(named: str) -> tuple[Recipe, SplitPlan]:
    """Return a recipe of the project, or that of a model's card with the split it was trained with.

    Raises:
        TrainingError: there is none of that name, or the card tells of none.
    """
    card = Path(named).expanduser()
    if card.is_dir():
        card /= "card.json"
    if card.suffix.lower() != ".json":
        return recipe_named(named), USUAL
    try:
        told = json.loads(card.read_text(encoding="utf-8"))["trained_on"]
        return Recipe.from_json(told["recipe"]), SplitPlan(**told["split"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise TrainingError(
            f"{display_path(card)} does not say how its model was trained ({exc}). Give the card of a model "
            f"that `train` made, or one of {', '.join(RECIPES)}."
        ) from exc


def model_id_of(recipe: str, data: Path) -> str:
    """Return the id that a model gets if the user names none.

    Example:
        >>> model_id_of("cnn-small", Path("/photos/My Owls.zip"))
        'cnn-small-my-owls'
    """
    stem = re.sub(r"[^a-z0-9]+", "-", (data.stem if data.suffix in (".zip", ".csv") else data.name).lower())
    return f"{recipe}-{stem.strip('-') or 'photos'}"[:60].rstrip("-")
