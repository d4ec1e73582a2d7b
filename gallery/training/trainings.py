"""The trainings of a home, as pages see them: which there are, how far, start, stop, discard."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.datasets.labelled import Part
from gallery.datasets.split import part_counts
from gallery.errors import TrainingError
from gallery.jobs.child_process import start_apart
from gallery.jobs.lock import is_held, sole_process
from gallery.training.history import Epoch, Progress, read_history, read_progress
from gallery.training.request import REQUEST_FILE, TrainingRequest, remember
from gallery.training.run import HEED_STOP, PROGRESS_FILE, SPLIT_FILE, STOP_FILE

HISTORY_FILE = "history.csv"
SEARCH_SUFFIX = "-search"
"""Ends the name of a search's folder; the rest is the id of the model that its best trial would become."""

STARTED_FILE = "started"
START_PATIENCE_S = 60.0
"""A process that has not reported by then is taken for dead: loading the libraries takes 3 to 20 s."""

_CLEARING_S, _LOOKERS_S = 5.0, 1.0

LIVE_STATES = frozenset(("preparing", "training", "measuring"))


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """One training at one moment: running, finished, or left in the middle.

    Attributes:
        progress: its last report; None before the first one.
        alive: a process is at work on it.
        starting: a process was started that has not reported yet.
    """

    request: TrainingRequest
    progress: Progress | None
    history: tuple[Epoch, ...]
    alive: bool
    starting: bool = False

    @property
    def photos(self) -> int:
        """How many photos are trained on and judged by; 0 before they are split."""
        counts = part_counts(self.request.folder / SPLIT_FILE)
        return counts.get(Part.TRAIN, 0) + counts.get(Part.VALIDATION, 0)

    @property
    def state(self) -> str:
        """The reported one; "starting" before the first report, "interrupted" if the process is gone."""
        if self.alive or self.starting:
            return "starting" if self.progress is None else self.progress.state
        if self.progress is None or self.progress.state in LIVE_STATES:
            return "interrupted"
        return self.progress.state

    @property
    def resumable(self) -> bool:
        return self.state in ("interrupted", "failed")

    @property
    def live(self) -> bool:
        """Whether it is at work, or about to be."""
        return self.state in LIVE_STATES or self.state == "starting"

    @property
    def candidate(self) -> Path | None:
        """The folder of the model that came of it, while nobody has kept it."""
        place = candidate_folder(self.request.folder) / self.request.model_id
        return place if self.state == "finished" and place.is_dir() else None


def candidate_folder(folder: Path) -> Path:
    """Return where a training's model waits to be kept or discarded."""
    return folder / "candidate"


def is_search(folder: Path) -> bool:
    """Return whether a folder of the trainings holds a search for hyperparameters."""
    return folder.name.endswith(SEARCH_SUFFIX) and (
        (folder / "trials.csv").is_file() or _asked_id(folder) == folder.name.removesuffix(SEARCH_SUFFIX)
    )


def trainings(folder: Path, *, cache: Path) -> list[TrainingRun]:
    """Return the trainings in a folder of folders, the latest one first; what is none is passed over."""
    return _runs(folder, cache=cache, searches=False)


def searches(folder: Path, *, cache: Path) -> list[TrainingRun]:
    """Return the searches for hyperparameters, likewise."""
    return _runs(folder, cache=cache, searches=True)


def _asked_id(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / REQUEST_FILE).read_text(encoding="utf-8"))["model_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _runs(folder: Path, *, cache: Path, searches: bool) -> list[TrainingRun]:
    if not folder.is_dir():
        return []
    found = []
    for place in folder.iterdir():
        with contextlib.suppress(TrainingError, OSError):  # it is none, or is just being discarded
            asked_at = (place / REQUEST_FILE).stat().st_mtime
            if is_search(place) is searches:
                run = training_run(TrainingRequest.from_folder(place, cache=cache))
                found.append((asked_at, place.name, run))
    return [run for *_, run in sorted(found, key=lambda one: one[:2], reverse=True)]


def training_run(request: TrainingRequest) -> TrainingRun:
    """Return how far a training is."""
    folder = request.folder
    progress = read_progress(folder / PROGRESS_FILE)
    starting, alive = is_starting(folder), is_held(folder)
    if not (starting or alive):
        progress = read_progress(folder / PROGRESS_FILE)  # its process may have ended since
    return TrainingRun(
        request=request,
        progress=progress,
        history=tuple(read_history(folder / HISTORY_FILE)),
        alive=alive,
        starting=starting,
    )


def is_at_work(folder: Path) -> bool:
    """Return whether a process is at work on a training, or about to be."""
    return is_starting(folder) or is_held(folder)  # in this order: who has reported holds it


def is_starting(folder: Path) -> bool:
    """Return whether a process was started a moment ago that has not taken hold of its folder yet.

    One that has reported did so while it held the folder: from then on its lock tells.
    """
    if (folder / PROGRESS_FILE).exists():
        return False
    try:
        number, begun = (folder / STARTED_FILE).read_text(encoding="ascii").split()
        if time.time() - float(begun) > START_PATIENCE_S:
            return False
        if sys.platform != "win32":
            os.kill(int(number), 0)
    except (OSError, ValueError):
        return False
    return True


def request_stop(folder: Path) -> None:
    """Ask a training to end at its next batch and to keep its best epoch."""
    (folder / STOP_FILE).touch()


def discard(folder: Path) -> None:
    """Remove a training's folder; a model that it became stays in the store.

    A process that has reported its end may still be clearing up: it is waited for.

    Raises:
        TrainingError: it is running, or the disk refuses.
    """
    until = time.monotonic() + _CLEARING_S
    while is_at_work(folder):
        progress = read_progress(folder / PROGRESS_FILE)
        if progress is None or progress.state in LIVE_STATES:
            raise TrainingError(f"The training {folder.name} is running. Stop it first.")
        if time.monotonic() > until:
            raise TrainingError(
                f"The training {folder.name} has ended but is still clearing up. Try again in a moment."
            )
        time.sleep(0.05)
    until = time.monotonic() + _LOOKERS_S
    while folder.exists():
        if is_at_work(folder):
            raise TrainingError(f"The training {folder.name} has just been started again. Stop it first.")
        try:
            shutil.rmtree(folder)
        except OSError as exc:
            if folder.exists() and time.monotonic() > until:
                raise TrainingError(f"{folder} could not be removed: {exc}. Close what has it open.") from exc
            time.sleep(0.05)  # Windows: somebody may just be looking into it


def start_training_process(
    request: TrainingRequest,
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "gallery", "train-job"),
) -> subprocess.Popen[bytes]:
    """Start a training, or take it up, in a process that survives the browser and the server.

    Args:
        request: is stored in its folder, where the process finds it.
        home: the app's directory; what the process prints goes to logs/training.log there.
        environment: variables for it, besides this process's own.
        command: what to start; ``--home``, ``--training`` and their values are added.

    Raises:
        TrainingError: it is running already, or its folder belongs to another one.
        JobError: it could not be started.
    """
    _take(request, "training")
    return _start(
        [*command, "--home", str(home), "--training", request.model_id], request.folder, home, environment
    )


def start_search_process(
    request: TrainingRequest,
    home: Path,
    *,
    trials: int,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "gallery", "tune"),
) -> subprocess.Popen[bytes]:
    """Start a search for hyperparameters, or take it up, in a process that survives browser and server.

    Args:
        request: its folder's name ends with `SEARCH_SUFFIX`; its recipe's epochs are a trial's.
        home: the app's directory.
        trials: how many in all.
        environment: variables for it, besides this process's own.
        command: what to start; its arguments are added.

    Raises:
        TrainingError: it is running already, or its folder belongs to another one.
        JobError: it could not be started.
    """
    _take(request, "search for")
    recipe, plan = request.recipe, request.plan
    asked = {
        "--home": home, "--data": request.data, "--out": request.model_id, "--trials": trials,
        "--epochs": recipe.epochs, "--batch": recipe.batch, "--seed": recipe.seed,
        "--balance": recipe.balance, "--validation": plan.validation, "--test": plan.test,
    }  # fmt: skip
    words = [*command, *(str(word) for pair in asked.items() for word in pair)]
    return _start([*words, *(["--by-group"] if plan.by_group else [])], request.folder, home, environment)


def _take(request: TrainingRequest, kind: str) -> None:
    """Store what is asked; remove the last report and an old wish to stop: one from now on is heeded."""
    if is_at_work(request.folder):
        raise TrainingError(f"The {kind} {request.model_id} is running already.")
    remember(request)
    with sole_process(request.folder, patience_s=1.0):
        pass  # a disk that knows no locks is said here, not in the log of a process
    for name in (PROGRESS_FILE, STOP_FILE):
        (request.folder / name).unlink(missing_ok=True)


def _start(
    words: Sequence[str], folder: Path, home: Path, environment: Mapping[str, str] | None
) -> subprocess.Popen[bytes]:
    process = start_apart(
        words,
        home / "logs" / "training.log",
        purpose="training",
        environment={**(environment or {}), HEED_STOP: "1"},
    )
    (folder / STARTED_FILE).write_text(f"{process.pid} {time.time()}", encoding="ascii")
    return process
