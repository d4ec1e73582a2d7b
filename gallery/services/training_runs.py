"""Trainings and searches: run, start, watch, stop, discard; what came of one beside the active model."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from gallery import settings as limits
from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import GalleryError, TrainingError
from gallery.jobs.process import JobStore, RunningJob, claim_named, job_named, start_named, working
from gallery.services import wiring
from gallery.services.training_parts import known_to_start, page_parts, training_parts
from gallery.settings import Settings
from gallery.training import trainings as stored
from gallery.training.history import Tell, TrainingProgress
from gallery.training.recipes import RECIPES, Recipe, recipe_named
from gallery.training.request import TrainingRequest, refuse_taken, remember
from gallery.training.trainings import SEARCH_SUFFIX as SEARCH_SUFFIX
from gallery.training.trainings import TrainingRun, candidate_folder, kind_of
from gallery.types import JobKind, JobState, ModelCard, display_path

if TYPE_CHECKING:
    from gallery.evaluation.comparison import ModelComparison
    from gallery.jobs.task import Report, Task
    from gallery.models import ModelStore
    from gallery.training.held_out import HeldOut, HeldOutPhoto
    from gallery.training.request import TrainingResult
    from gallery.training.search import SearchResult
    from gallery.types import Classifier, PhotoId

TRIALS_ASKED_FILE = "trials.txt"
TRIALS = 12
"""Of a search, if nobody says how many."""

Outcome = TypeVar("Outcome")
JOB_COMMAND = (sys.executable, "-m", "gallery", "train-job")


# Watching


def trainings() -> list[TrainingRun]:
    """Return the trainings of this home, the latest first."""
    here = wiring.settings()
    return stored.trainings(here.trainings, wiring.catalog(), cache=here.training_cache)


def searches() -> list[TrainingRun]:
    """Return the searches of this home, the latest first."""
    here = wiring.settings()
    return stored.trainings(here.trainings, wiring.catalog(), cache=here.training_cache, kind=JobKind.SEARCH)


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
    stored.discard(run.request.folder, wiring.catalog())


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
    kind = JobKind.TRAINING if trials is None else JobKind.SEARCH
    _refuse_second(jobs, kind, folder.name)
    remember(request)
    if trials is not None:
        (folder / TRIALS_ASKED_FILE).write_text(str(trials), encoding="ascii")
    words = [*command, "--home", str(here.home), "--training", folder.name]
    return start_named(jobs, kind, folder.name, words, here.logs / "training.log")


def resume(run: TrainingRun, *, more_trials: int = 0) -> None:
    """Take up a training or a search whose process is gone, or add trials to a search.

    Raises:
        GalleryError: as `start`.
    """
    search = kind_of(run.request.folder) is JobKind.SEARCH
    start(run.request, trials=_trials_asked(run.request.folder) + more_trials if search else None)


def run_job_process(settings: Settings, name: str) -> None:
    """Be the process that runs the training or the search of a name, if it still waits.

    Raises:
        GalleryError: it cannot start or go on.
    """
    from gallery.jobs.process import lower_priority

    lower_priority()
    folder = settings.trainings / name
    request = TrainingRequest.from_folder(folder, cache=settings.training_cache)
    with wiring.composed(settings) as parts:
        job = claim_named(parts.catalog, kind_of(folder), name)
        if job is None:
            return  # somebody has cancelled it, or was quicker
        with working(parts.catalog, job) as running:
            if job.kind is JobKind.SEARCH:
                _search(settings, request, _trials_asked(folder), running.report_often)
            else:
                place = candidate_folder(folder)
                shutil.rmtree(place, ignore_errors=True)  # of a training that was killed while saving
                result = _train(settings, request, running.report_often, candidate_in=place)
                if result.ended != "finished":
                    parts.catalog.finish_job(job.job_id, JobState.DONE, result.ended)


def is_taken(settings: Settings, model_id: str) -> bool:
    """Return whether there is a model of that id, or there was one."""
    return training_parts(settings).taken(model_id)


def train_now(settings: Settings, request: TrainingRequest, *, on_progress: Tell) -> TrainingResult:
    """Train in this process, seen by pages as any other training; the model goes among the home's.

    Raises:
        GalleryError: the data, the weights or the disk do not allow it, or it is running already.
    """
    refuse_taken(request, training_parts(settings))
    return _now(
        settings, request, JobKind.TRAINING, on_progress, lambda tell: _train(settings, request, tell)
    )


def search_now(
    settings: Settings,
    request: TrainingRequest,
    *,
    trials: int,
    then_epochs: int,
    on_progress: Tell,
) -> SearchResult:
    """Search for hyperparameters in this process, seen by pages as any other search.

    Raises:
        GalleryError: the data do not allow it, no trial could be trained, or it is running already.
    """
    return _now(
        settings,
        request,
        JobKind.SEARCH,
        on_progress,
        lambda tell: _search(settings, request, trials, tell, then_epochs),
    )


def _now(
    settings: Settings,
    request: TrainingRequest,
    kind: JobKind,
    on_progress: Tell,
    work: Callable[[Tell], Outcome],
) -> Outcome:
    with wiring.composed(settings) as parts:
        jobs, name = parts.catalog, request.folder.name
        remember(request)
        job = claim_named(jobs, kind, name)  # a page may have queued it a moment ago
        if job is None:
            _refuse_second(jobs, kind, name)
            jobs.queue_job(None, name, kind=kind)
            job = claim_named(jobs, kind, name)
        if job is None:
            raise TrainingError(_running_already(kind, name))
        with working(jobs, job) as running:
            return work(_both(running, on_progress))


def _both(running: RunningJob, on_progress: Tell) -> Tell:
    def tell(progress: TrainingProgress) -> None:
        on_progress(progress)
        running.report_often(progress)

    return tell


def _train(
    settings: Settings, request: TrainingRequest, tell: Tell, *, candidate_in: Path | None = None
) -> TrainingResult:
    from gallery.training.run import train

    return train(request, training_parts(settings, candidate_in=candidate_in), on_progress=tell)


def _search(
    settings: Settings,
    request: TrainingRequest,
    trials: int,
    tell: Tell,
    then_epochs: int | None = None,
) -> SearchResult:
    from gallery.training.search import search

    parts = training_parts(settings)
    return search(request, parts, trials=trials, then_epochs=then_epochs, on_progress=tell)


def _refuse_second(jobs: JobStore, kind: JobKind, name: str) -> None:
    job = job_named(jobs, kind, name)
    if job is not None and job.live:
        raise TrainingError(_running_already(kind, name))


def _running_already(kind: JobKind, name: str) -> str:
    return f"The {kind} {name} is running already. Watch it, or stop it first."


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


# What came of a training


@dataclass(frozen=True)
class Trained:
    """The model that a training became, kept or not.

    Attributes:
        store: where it lies.
        kept: it is among the home's models.
        active: it tags.
        rival: the model to compare it with: the active one, or the shipped one where it is active itself.
    """

    run: TrainingRun
    store: ModelStore
    card: ModelCard
    kept: bool
    active: bool
    rival: ModelCard | None


def trained(run: TrainingRun) -> Trained:
    """Return the model of a finished training.

    Raises:
        ModelError: it is not there any more.
    """
    model_id, kept = run.request.model_id, run.candidate is None
    store = wiring.models() if kept else wiring.candidates(candidate_folder(run.request.folder))
    card, active = store.card(model_id), wiring.active_model()
    rival = active
    if active is None or active.model_id == model_id:
        try:
            rival = wiring.models().card(limits.DEFAULT_MODEL_ID)
        except GalleryError:
            rival = None
    is_active = active is not None and active.model_id == model_id and kept
    return Trained(run, store, card, kept, is_active, rival)


def keep(run: TrainingRun) -> None:
    """Put a training's model among the home's; the active model stays the active one.

    Raises:
        ModelError: the disk refuses.
    """
    if run.candidate is not None:
        wiring.models().adopt(run.candidate)


def held_out(run: TrainingRun) -> HeldOut:
    """Return the photos that a training held back.

    Raises:
        TrainingError: its split is gone.
    """
    from gallery.training.held_out import held_out as read_held_out

    return read_held_out(run.request, page_parts().unzip)


Answers = dict[str, dict["PhotoId", str]]
"""What each model calls each photo, by a key that changes with the model's weights."""


def comparison_task(new: Trained, rival: ModelCard, held: HeldOut) -> Task[Answers]:
    """Return the work of asking both models about photos held back: done, under way, failed, or begun now."""
    from gallery.training.held_out import answers_of

    folder = new.run.request.folder
    load: dict[str, Callable[[], Classifier]] = {
        answers_key(rival): lambda: wiring.classifier(rival.model_id),
        answers_key(new.card): lambda: wiring.load_classifier(new.store, new.card.model_id),
    }
    key = ("held-out answers", str(folder), *load)
    known: Task[Answers] | None = wiring.tasks().known(key)
    if known is not None:
        return known

    def work(report: Report) -> Answers:
        return answers_of(folder, held.photos, page_parts(), load, report)

    task = wiring.tasks().ask(key, work, lane=key)
    task.wait(ALREADY_KEPT_S)
    return task


ALREADY_KEPT_S = 0.2
"""Answers that are on the disk are there within that."""


def forget_comparison(run: TrainingRun) -> None:
    """Ask the models anew next time, after a failure."""
    wiring.tasks().forget("held-out answers", str(run.request.folder))


def answers_key(card: ModelCard) -> str:
    """Return the key under which a model's answers are kept."""
    return f"{card.model_id}-{card.weights_sha256[:8]}"


@dataclass(frozen=True)
class HeldOutComparison:
    """Two models on photos that a training held back; model A is the rival, B the new one.

    Attributes:
        photos: those of classes that the rival knows, in the order of `models`' rows.
        left_out: how many others there are.
        known_to_rival, known_to_start: how many photos the rival, and the model that the new one began
            from, were trained on.
    """

    models: ModelComparison
    photos: tuple[HeldOutPhoto, ...]
    left_out: int
    known_to_rival: int
    known_to_start: int

    def right(self, *, new: bool) -> tuple[int, float, float]:
        """Return how many photos a model classifies correctly, and its accuracy's 95 % interval."""
        from gallery.evaluation.metrics import wilson_interval

        said = self.models.said_b if new else self.models.said_a
        count = int((said == self.models.y_true).sum())
        low, high = wilson_interval(count, self.models.n)
        return count, low, high

    def matrix(self, *, new: bool) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], list[str]]:
        """Return a model's confusion matrix of the classes that occur, and their names."""
        from gallery.evaluation.metrics import confusion_matrix

        all_said = (self.models.y_true, self.models.said_a, self.models.said_b)
        used = np.unique(np.concatenate(all_said))
        truth, said = (np.searchsorted(used, rows) for rows in (all_said[0], all_said[2 if new else 1]))
        names = [self.models.class_names[int(index)] for index in used]
        return confusion_matrix(truth.astype(np.int64), said.astype(np.int64), len(used)), names


def misclassified(new: Trained, held: HeldOut, answers: Answers) -> list[tuple[HeldOutPhoto, str]]:
    """Return the photos held back that the new model gets wrong, each with the predicted class."""
    predicted = answers[answers_key(new.card)]
    return [
        (photo, predicted[photo.photo_id])
        for photo in held.photos
        if photo.photo_id in predicted and predicted[photo.photo_id] != photo.label
    ]


def compared(new: Trained, rival: ModelCard, held: HeldOut, answers: Answers) -> HeldOutComparison | None:
    """Return both models side by side; None where the rival knows none of the classes."""
    from gallery.evaluation.comparison import ModelComparison

    said_rival, said_new = answers[answers_key(rival)], answers[answers_key(new.card)]
    photos = [
        photo
        for photo in held.photos
        if photo.photo_id in said_rival and photo.photo_id in said_new and photo.label in rival.class_names
    ]
    if not photos:
        return None
    ids = [photo.photo_id for photo in photos]
    truth = [photo.label for photo in photos]
    columns = [truth, [said_rival[each] for each in ids], [said_new[each] for each in ids]]
    names = (*new.card.class_names, *sorted({*truth, *columns[1]} - set(new.card.class_names)))
    place = {name: index for index, name in enumerate(names)}
    y_true, by_rival, by_new = (np.array([place[name] for name in one], np.int64) for one in columns)
    return HeldOutComparison(
        ModelComparison(rival.model_id, new.card.model_id, names, y_true, by_rival, by_new),
        tuple(photos),
        len(held.photos) - len(photos),
        len(wiring.models().training_photos(rival.model_id).intersection(ids)),
        len(known_to_start(new.run.request.weights).intersection(ids)),
    )
