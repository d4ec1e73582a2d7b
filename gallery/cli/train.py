"""``train --data DIR --recipe NAME``: a new model from labelled photos."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gallery.cli.output import answer, note, note_skipped, say
from gallery.cli.stopping import STOPPED
from gallery.datasets.split import USUAL, SplitPlan
from gallery.errors import TrainingError
from gallery.services import train as train_service
from gallery.settings import Settings
from gallery.training.history import Progress
from gallery.training.recipes import RECIPES, Recipe, recipe_named
from gallery.training.request import TrainingRequest, TrainingResult
from gallery.training.run import train as run_training
from gallery.training.trainings import candidate_folder
from gallery.types import display_path
from gallery.words import percent

if TYPE_CHECKING:
    from tqdm import tqdm


def train(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train by a recipe, save the model in the home, and print what it came to.

    Raises:
        GalleryError: the data, the recipe or the weights do not allow it.
    """
    recipe, plan = _recipe_and_plan(arguments.recipe)
    recipe = recipe.changed(
        epochs=arguments.epochs,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        balance=arguments.balance,
        seed=arguments.seed,
    )
    return train_and_print(training_request(arguments, settings, recipe, plan), arguments, settings)


def train_job(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run a training that lies in the home: the child process of the app.

    Raises:
        GalleryError: it cannot start or go on.
    """
    from gallery.tagging import lower_priority

    lower_priority()
    folder = settings.trainings / arguments.training
    request = TrainingRequest.from_folder(folder, cache=settings.training_cache)
    parts = train_service.training_parts(settings, candidate_in=candidate_folder(folder))
    result = run_training(request, parts)
    note(f"{result.model_id}: {result.ended} after {len(result.history)} epochs.")
    return 0


def _recipe_and_plan(named: str) -> tuple[Recipe, SplitPlan]:
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
    model_id = arguments.out or model_id_of(recipe.name, data)
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
        ),
        teacher=arguments.teacher,
        unlabelled=unlabelled,
    )


def train_and_print(request: TrainingRequest, arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one training with a progress bar; Ctrl+C leaves it so that the same command goes on with it."""
    try:
        with EpochBar() as show:
            result = run_training(request, train_service.training_parts(settings), on_progress=show)
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


def model_id_of(recipe: str, data: Path) -> str:
    """Return the id that a model gets if the user names none.

    Example:
        >>> model_id_of("cnn-small", Path("/photos/My Owls.zip"))
        'cnn-small-my-owls'
    """
    stem = re.sub(r"[^a-z0-9]+", "-", (data.stem if data.suffix in (".zip", ".csv") else data.name).lower())
    return f"{recipe}-{stem.strip('-') or 'photos'}"[:60].rstrip("-")


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
    """A training's progress on standard error: one bar an epoch."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._shown: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, progress: Progress) -> None:
        if not progress.steps:
            return
        if self._shown != (progress.state, progress.epoch):
            from tqdm import tqdm

            if self._bar is not None:
                self._bar.close()
            what = progress.message or (
                f"epoch {progress.epoch}/{progress.epochs}" if progress.epoch else progress.state
            )
            self._bar = tqdm(
                total=progress.steps, desc=what, unit=" batches" if progress.epoch else " photos",
                mininterval=0.2 if sys.stderr.isatty() else 5.0, file=sys.stderr, ascii=True,
                dynamic_ncols=True,
            )  # fmt: skip
            self._shown = (progress.state, progress.epoch)
        if self._bar is not None:
            if progress.remaining_s is not None:
                self._bar.set_postfix_str(f"{_time(progress.remaining_s)} left at most", refresh=False)
            self._bar.update(progress.step - self._bar.n)


def _time(seconds: float) -> str:
    """Return a time as people say it.

    Example:
        >>> _time(50), _time(150), _time(9000)
        ('50 s', '2.5 min', '2.5 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
