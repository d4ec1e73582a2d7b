"""Hyperparameter search: Bayesian optimisation over a small network's form and training, resumable.

Keras Tuner proposes (a Gaussian process over the trials so far), the training
loop of every recipe answers with its best validation loss.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gallery.errors import GalleryError, TrainingError
from gallery.files import write_atomic
from gallery.jobs.progress import Stopped
from gallery.training.history import (
    HISTORY_FILE,
    PREPARING,
    Tell,
    TrainingProgress,
    best_epoch,
    read_history,
    read_table,
    write_table,
)
from gallery.training.preparing import Prepared, prepare
from gallery.training.recipes import Recipe
from gallery.training.request import TrainingParts, TrainingRequest, remember

TABLE_FILE = "trials.csv"
TUNED = ("learning_rate", "dropout", "conv_layers", "kernel_px", "dense_units")
"""What a trial proposes, by the recipe's names."""

KERNELS = (3, 5)
DENSE_UNITS = (64, 128, 256, 512)
LEARNING_RATES = (1e-4, 1e-2)
MOST_DROPOUT = 0.6
MOST_LAYERS = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """One proposal and what it came to; the numbers are None where it could not be trained."""

    trial: int
    learning_rate: float
    dropout: float
    conv_layers: int
    kernel_px: int
    dense_units: int
    val_loss: float | None
    val_accuracy: float | None
    epochs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """All trials in their order, and the recipe that the best one becomes."""

    trials: tuple[Trial, ...]
    best: Trial
    recipe: Recipe

    def to_json(self) -> dict[str, Any]:
        """Return what ``tune --json`` prints."""
        trials = [asdict(trial) for trial in self.trials]
        return {"trials": trials, "best_trial": self.best.trial, "recipe": asdict(self.recipe)}


def search(
    request: TrainingRequest,
    parts: TrainingParts,
    *,
    trials: int,
    then_epochs: int,
    on_progress: Tell = lambda _: None,
) -> SearchResult:
    """Try out hyperparameters and return the table of trials with the best one as a recipe.

    Asked again with the same folder, it goes on where it was killed, also in the
    middle of a trial, or adds trials to those done. ``trials.csv`` grows with
    each; stopped, it ends with the trials so far.

    Args:
        request: its recipe, of the architecture cnn-small, says what is the same
            in all trials; its epochs are a trial's.
        parts: the adapters.
        trials: how many in all.
        then_epochs: of the recipe returned.
        on_progress: is told about every second; may raise `Stopped`.

    Raises:
        TrainingError: keras-tuner is not installed, or no trial could be trained.
        GalleryError: the data cannot be read.
    """
    if request.recipe.architecture != "cnn-small":
        raise TrainingError(f"The search tunes cnn-small, not {request.recipe.architecture}.")
    remember(request)
    try:
        on_progress(TrainingProgress(PREPARING))
        prepared = prepare(request, parts, on_progress)
    except Stopped:
        raise TrainingError("Stopped while the photos were being read; no trial was begun.") from None
    _propose_and_train(request, prepared, trials, on_progress)
    return read_result(request, then_epochs=then_epochs)


def read_result(request: TrainingRequest, *, then_epochs: int) -> SearchResult:
    """Return the trials that are finished so far, also while a search is running.

    Args:
        request: of the search.
        then_epochs: of the recipe that the best trial becomes.

    Raises:
        TrainingError: none could be trained.
    """
    rows = read_table(request.folder / TABLE_FILE, Trial)
    trained = [trial for trial in rows if trial.val_loss is not None]
    if not trained:
        raise TrainingError("No trial could be trained. Give more photos, or a larger input.")
    best = min(trained, key=lambda trial: trial.val_loss if trial.val_loss is not None else math.inf)
    recipe = request.recipe.changed(
        name=f"{request.recipe.name}-tuned",
        epochs=then_epochs,
        **{name: getattr(best, name) for name in TUNED},
        description=f"{request.recipe.name} as trial {best.trial} of {len(rows)} found it.",
    )
    return SearchResult(tuple(rows), best, recipe)


def deepest(input_px: int, kernel_px: int) -> int:
    """Return how many pairs of convolution (valid padding) and pooling fit into an input.

    Example:
        >>> deepest(150, 3), deepest(150, 5)  # 150 -> 73 -> 34 -> 15 -> 5 -> 0 with kernels of 5
        (5, 4)
    """
    layers, side = 0, input_px
    while (side := (side - kernel_px + 1) // 2) >= 1:
        layers += 1
    return layers


def _propose_and_train(request: TrainingRequest, prepared: Prepared, trials: int, tell: Tell) -> None:
    try:
        import keras_tuner
    except ImportError as exc:
        raise TrainingError(
            "The search needs two more packages. Install them: pip install keras-tuner scikit-learn."
        ) from exc

    folder = request.folder

    class _Oracle(keras_tuner.oracles.BayesianOptimizationOracle):  # type: ignore[misc]
        """Writes its files whole or not at all: a file cut off by a kill could not be read again."""

        _retry_queue: list[str]

        def save(self) -> None:
            _write_state(self, self._get_oracle_fname())

        def reload(self) -> None:
            """Take up what is on the disk: a kill between two of its files loses and repeats no trial."""
            super().reload()
            again = [one for one in self._retry_queue if self.trials[one].status not in _ENDED]
            running = (name for name, trial in sorted(self.trials.items()) if trial.status == "RUNNING")
            self._retry_queue = again + [name for name in running if name not in again]

        def _save_trial(self, trial: Any) -> None:
            _write_state(trial, Path(self._get_trial_dir(trial.trial_id)) / "trial.json")

    class _Tuner(keras_tuner.Tuner):  # type: ignore[misc]
        def save(self) -> None:
            self.oracle.save()
            _write_state(self, self._get_tuner_fname())

        def run_trial(self, trial: Any, *_: Any, **__: Any) -> float:
            number = int(trial.trial_id) + 1
            recipe = request.recipe.changed(**trial.hyperparameters.values)

            def told(now: TrainingProgress) -> None:
                stage = f"trial {number} of {trials}, epoch {now.epoch}"
                try:
                    tell(replace(now, stage=stage))
                except Stopped as exc:
                    raise _SearchStopped from exc

            try:
                return _train_trial(recipe, prepared, folder / f"trial-{trial.trial_id}", told)
            except _SearchStopped as exc:
                raise keras_tuner.errors.FatalRuntimeError("stopped") from exc
            except GalleryError as exc:
                raise keras_tuner.errors.FailedTrialError(str(exc)) from exc
            except Exception as exc:  # a bug must not pass for a bad proposal
                raise keras_tuner.errors.FatalRuntimeError(repr(exc)) from exc

        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            write_table(folder / TABLE_FILE, Trial, _finished(self.oracle, folder))

    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():  # --json wants stdout alone
        # A Gaussian process through three points warns that they are few.
        warnings.filterwarnings("ignore", module=r"(sklearn|keras_tuner)\.")
        tuner = _Tuner(
            oracle=_Oracle(
                objective=keras_tuner.Objective("default_objective", "min"),
                max_trials=trials,
                num_initial_points=max(3, trials // 3),
                hyperparameters=_space(keras_tuner, request.recipe),
                seed=request.recipe.seed % 2**31 + 1,  # keras_tuner takes 0 for "any"
            ),
            directory=str(folder),
            project_name="tuner",
        )
        tuner.oracle.max_trials = trials  # a resumed search may be asked for more
        if done := _finished(tuner.oracle, folder):  # a kill may have prevented the last row
            write_table(folder / TABLE_FILE, Trial, done)
        try:
            tuner.search(verbose=0)
        except keras_tuner.errors.FatalError as exc:
            if not isinstance(exc.__cause__, _SearchStopped):
                raise exc.__cause__ or exc from None
            if not any(trial.val_loss is not None for trial in _finished(tuner.oracle, folder)):
                raise TrainingError("Stopped before a trial was finished. Start it again to go on.") from None
        except RuntimeError as exc:
            raise TrainingError(f"The trials failed one after another: {exc}") from exc


def _write_state(stateful: Any, file: str | Path) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(Path(file), json.dumps(stateful.get_state()), durable=False)


_ENDED = ("COMPLETED", "FAILED")
"""States of a trial that is not run again."""


class _SearchStopped(Exception):
    """The search shall stop: a trial that heard `Stopped` would end with what it has, as a finished one."""


def _space(keras_tuner: Any, recipe: Recipe) -> Any:
    space = keras_tuner.HyperParameters()
    kernels = [kernel for kernel in KERNELS if deepest(recipe.input_px, kernel) >= 1]
    layers = min(MOST_LAYERS, deepest(recipe.input_px, max(kernels)))
    space.Float("learning_rate", *LEARNING_RATES, sampling="log")
    space.Float("dropout", 0.0, MOST_DROPOUT, step=0.1)
    space.Int("conv_layers", min(2, layers), layers)
    space.Choice("kernel_px", kernels)
    space.Choice("dense_units", list(DENSE_UNITS))
    return space


def _train_trial(recipe: Recipe, prepared: Prepared, folder: Path, tell: Tell) -> float:
    from gallery.network.engine import keras
    from gallery.training.fit import fit
    from gallery.training.learning import fit_data, new_network

    keras.backend.clear_session()
    data = fit_data(prepared, recipe)
    network, _ = new_network(recipe, data.class_count)
    folder.mkdir(parents=True, exist_ok=True)
    result = fit(network, data, recipe, folder=folder, on_progress=tell)
    for file in folder.glob("*.npz"):
        file.unlink(missing_ok=True)
    return result.best.val_loss


def _finished(oracle: Any, folder: Path) -> list[Trial]:
    trials = []
    for trial_id, trial in sorted(oracle.trials.items(), key=lambda item: int(item[0])):
        if trial.status not in (*_ENDED, "INVALID"):
            continue
        values = trial.hyperparameters.values
        whole = {name: int(values[name]) for name in ("conv_layers", "kernel_px", "dense_units")}
        history = read_history(folder / f"trial-{trial_id}" / HISTORY_FILE)
        best = history[best_epoch(history)] if history and trial.status == "COMPLETED" else None
        trials.append(
            Trial(
                trial=int(trial_id) + 1,
                learning_rate=float(values["learning_rate"]),
                dropout=round(float(values["dropout"]), 6),
                **whole,
                val_loss=best.val_loss if best else None,
                val_accuracy=best.val_accuracy if best else None,
                epochs=len(history),
                seconds=round(sum(row.seconds for row in history), 3),
            )
        )
    return trials
