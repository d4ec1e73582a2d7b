"""``train --data DIR --recipe NAME``: a new model from labelled photos."""

from __future__ import annotations

import argparse
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gallery.cli.output import answer, note, note_skipped, say
from gallery.cli.stopping import STOPPED
from gallery.datasets.split import USUAL, SplitPlan
from gallery.services import training_runs
from gallery.settings import Settings
from gallery.training.history import TRAINING, TrainingProgress
from gallery.training.recipes import Recipe
from gallery.training.request import TrainingRequest, TrainingResult
from gallery.types import display_path
from gallery.words import about, percent

if TYPE_CHECKING:
    from tqdm import tqdm


def train(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train by a recipe, save the model in the home, and print what it came to.

    Raises:
        GalleryError: the data, the recipe or the weights do not allow it.
    """
    recipe, plan = training_runs.recipe_and_plan(arguments.recipe)
    recipe = recipe.changed(
        epochs=arguments.epochs,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        balance=arguments.balance,
        seed=arguments.seed,
    )
    return train_and_print(training_request(arguments, settings, recipe, plan), arguments, settings)


def train_job(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run a training or a search that lies in the home: the child process of the app.

    Raises:
        GalleryError: it cannot start or go on.
    """
    training_runs.run_job_process(settings, arguments.training)
    return 0


def training_request(
    arguments: argparse.Namespace, settings: Settings, recipe: Recipe, plan: SplitPlan = USUAL
) -> TrainingRequest:
    """Return what the arguments ask for, in a folder of the home named by the model's id.

    Args:
        arguments: the command's.
        settings: where the home is.
        recipe: how to train.
        plan: of the split, as far as the arguments do not say.

    Raises:
        GalleryError: the data may not be opened.
    """
    data = arguments.data.expanduser().absolute()
    settings.allow(data if data.is_dir() else data.parent)
    unlabelled = arguments.unlabelled and settings.allow(arguments.unlabelled)
    model_id = arguments.out or training_runs.model_id_of(recipe.name, data)
    return TrainingRequest(
        data=data,
        recipe=recipe,
        weights=arguments.weights,
        model_id=model_id,
        folder=settings.trainings / model_id,
        cache=settings.training_cache,
        plan=SplitPlan(
            plan.validation if arguments.validation is None else arguments.validation,
            plan.test if arguments.test is None else arguments.test,
            plan.by_group or arguments.by_group,
            plan.seed,
            plan.by_sequence or arguments.by_sequence,
        ),
        teacher=arguments.teacher,
        unlabelled=unlabelled,
    )


def train_and_print(request: TrainingRequest, arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one training with a progress bar; Ctrl+C leaves it so that the same command goes on with it."""
    try:
        with EpochBar() as show:
            result = training_runs.train_now(settings, request, on_progress=show)
    except KeyboardInterrupt:
        note("\nStopped. The same command goes on after the last whole epoch.")
        if arguments.json:
            answer({"error": "stopped"})
        return STOPPED
    if arguments.json:
        answer(result.to_json())
    else:
        _say(result)
    return 0


def _say(result: TrainingResult) -> None:
    for line in result.inspection.summary():
        note(line)
    note_skipped(result.inspection.skipped)
    for line in result.notes:
        note(line)
    counts = ", ".join(f"{count} {part}" for part, count in result.photos.items())
    accuracy = result.evaluation["accuracy"]
    say(f"{result.model_id}: {counts} photos, {len(result.history)} epochs in {result.seconds:.0f} s.")
    say(
        f"Best epoch {result.best.epoch}: validation accuracy {percent(result.best.val_accuracy)}; "
        f"accuracy on the {result.measured_on} photos {percent(accuracy)}."
    )
    say(f"Saved in {display_path(result.model_folder)}.")


class EpochBar:
    """A training's progress on standard error: one bar for reading the photos, one for all epochs."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._total = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: TrainingProgress) -> None:
        if not progress.total:
            return
        if self._bar is None or self._total != progress.total or progress.done < self._bar.n:
            from tqdm import tqdm

            if self._bar is not None:
                self._bar.close()
            self._total = progress.total
            self._bar = tqdm(
                total=progress.total, unit=f" {progress.unit}",
                mininterval=0.2 if sys.stderr.isatty() else 5.0, file=sys.stderr, ascii=True,
                dynamic_ncols=True,
            )  # fmt: skip
        epoch = f"epoch {progress.epoch}/{progress.epochs}" if progress.stage == TRAINING else progress.stage
        self._bar.set_description_str(epoch, refresh=False)
        if progress.remaining_s is not None and progress.epoch:
            self._bar.set_postfix_str(f"{about(progress.remaining_s)} left at most", refresh=False)
        self._bar.update(progress.done - self._bar.n)
