"""``train``: a new model from labelled photos; ``tune``: the small network's best form and training."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator

from gallery.cli.output import ProgressBar, note, skipped_lines, tell
from gallery.cli.stopping import Stopped
from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import TrainingError
from gallery.services import training_runs
from gallery.settings import Settings
from gallery.training.history import TRAINING, TrainingProgress
from gallery.training.recipes import RECIPES, Recipe
from gallery.training.request import TrainingRequest
from gallery.training.search import SearchResult
from gallery.types import display_path
from gallery.words import about, percent


def train(arguments: argparse.Namespace, settings: Settings) -> None:
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
    train_and_print(training_request(arguments, settings, recipe, plan), arguments, settings)


def tune(arguments: argparse.Namespace, settings: Settings) -> None:
    """Try out hyperparameters, print the table, and train the best ones where that was asked.

    Raises:
        GalleryError: the data do not allow it, or a package is missing.
    """
    usual = RECIPES["cnn-small"]
    recipe = usual.changed(epochs=arguments.epochs or 8, batch=arguments.batch, balance=arguments.balance,
                           seed=arguments.seed)  # fmt: skip
    arguments.weights, arguments.teacher, arguments.unlabelled = "none", None, None
    request = training_request(arguments, settings, recipe)
    name = f"{request.model_id}{training_runs.SEARCH_SUFFIX}"
    if arguments.then_train and training_runs.is_taken(settings, request.model_id):
        raise TrainingError(
            f"There is a model called {request.model_id} already, so the best trial could not be saved under "
            "that name. Give another with --out, or leave out --then-train."
        )
    try:
        with EpochBar() as show:
            found = training_runs.search_now(
                settings,
                dataclasses.replace(request, folder=settings.trainings / name),
                trials=arguments.trials,
                then_epochs=arguments.then_epochs or usual.epochs,
                on_progress=show,
            )
    except KeyboardInterrupt as exc:
        raise Stopped("\nStopped. The same command goes on with the trial it left.") from exc
    if arguments.then_train:
        for line in _table(found):
            note(line)
        train_and_print(dataclasses.replace(request, recipe=found.recipe), arguments, settings)
    else:
        tell(arguments, found.to_json(), *_table(found))


def _table(found: SearchResult) -> Iterator[str]:
    yield "trial  learning rate  dropout  conv layers  kernel  dense units  val loss  val accuracy"
    for t in found.trials:
        reached = "    failed" if t.val_loss is None else f"{t.val_loss:8.4f}  {t.val_accuracy:11.1%}"
        yield (
            f"{t.trial:5}  {t.learning_rate:13.2g}  {t.dropout:7.1f}  {t.conv_layers:11}  {t.kernel_px:6}  "
            f"{t.dense_units:11}  {reached}"
        )
    yield f"Best: trial {found.best.trial}."


def train_job(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run a training or a search that lies in the home: the child process of the app.

    Raises:
        GalleryError: it cannot start or go on.
    """
    training_runs.run_job_process(settings, arguments.training)


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


def train_and_print(request: TrainingRequest, arguments: argparse.Namespace, settings: Settings) -> None:
    """Run one training with a progress bar; Ctrl+C leaves it so that the same command goes on with it."""
    try:
        with EpochBar() as show:
            result = training_runs.train_now(settings, request, on_progress=show)
    except KeyboardInterrupt as exc:
        raise Stopped("\nStopped. The same command goes on after the last whole epoch.") from exc
    inspection, model_id = result.inspection, request.model_id
    counts = ", ".join(f"{count} {part}" for part, count in result.photos.items())
    tell(
        arguments,
        result.to_json(),
        f"{model_id}: {counts} photos, {len(result.history)} epochs in {result.seconds:.0f} s.",
        f"Best epoch {result.best.epoch}: validation accuracy {percent(result.best.val_accuracy)}; "
        f"accuracy on the {result.evaluation['part']} photos {percent(result.evaluation['accuracy'])}.",
        f"Saved in {display_path(result.model_folder)}.",
        notes=[*inspection.summary(), *skipped_lines(inspection.skipped), *result.notes],
    )


class EpochBar(ProgressBar):
    """A training's progress: one bar for reading the photos, one for all epochs."""

    def __call__(self, progress: TrainingProgress) -> None:
        if not progress.total:
            return
        stage, left = progress.stage, ""
        if stage == TRAINING:
            stage = f"epoch {progress.epoch}/{progress.epochs}"
        if progress.remaining_s is not None and progress.epoch:
            left = f"{about(progress.remaining_s)} left at most"
        self.step(progress.done, progress.total, stage, beside=left, unit=progress.unit, keep=True)
