"""``tune --data DIR``: search for the small network's best form and training."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable

from gallery.cli.output import answer, note, say
from gallery.cli.stopping import STOPPED
from gallery.cli.train import EpochBar, train_and_print, training_request
from gallery.errors import TrainingError
from gallery.services import training_runs
from gallery.settings import Settings
from gallery.training.recipes import RECIPES
from gallery.training.search import SearchResult


def tune(arguments: argparse.Namespace, settings: Settings) -> int:
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
    except KeyboardInterrupt:
        note("\nStopped. The same command goes on with the trial it left.")
        if arguments.json:
            answer({"error": "stopped"})
        return STOPPED
    if arguments.then_train:
        _table(found, note)
        return train_and_print(dataclasses.replace(request, recipe=found.recipe), arguments, settings)
    if arguments.json:
        answer(found.to_json())
    else:
        _table(found, say)
    return 0


def _table(found: SearchResult, show: Callable[[str], None]) -> None:
    show("trial  learning rate  dropout  conv layers  kernel  dense units  val loss  val accuracy")
    for t in found.trials:
        reached = "    failed" if t.val_loss is None else f"{t.val_loss:8.4f}  {t.val_accuracy:11.1%}"
        show(
            f"{t.trial:5}  {t.learning_rate:13.2g}  {t.dropout:7.1f}  {t.conv_layers:11}  {t.kernel_px:6}  "
            f"{t.dense_units:11}  {reached}"
        )
    show(f"Best: trial {found.best.trial}.")
