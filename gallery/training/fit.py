"""The training loop of every recipe: epochs that can be watched, stopped, killed and taken up again.

Keras does the arithmetic of a batch, on whatever backend it runs; what makes an
epoch follow from the last is here and in `history`, so that a resumed training
equals an undisturbed one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.evaluation.calibration import cross_entropy
from gallery.jobs.progress import Stopped
from gallery.network.architectures import get_weights, set_weights
from gallery.network.engine import keras
from gallery.network.preprocessing import preprocess
from gallery.training.augmentation import augment
from gallery.training.checkpoint import (
    Tensors,
    TrainingState,
    arrays_of,
    best_file,
    drop_other_bests,
    load_state,
    save_arrays,
    save_state,
)
from gallery.training.history import (
    HISTORY_FILE,
    TRAINING,
    Epoch,
    FitResult,
    Tell,
    TrainingProgress,
    best_epoch,
    next_rate,
    photos_per_second,
    stops_early,
    write_history,
)
from gallery.training.recipes import Recipe
from gallery.training.sampling import class_weights, epoch_order

REPORT_S = 1.0
"""How often those who watch are told."""

BATCH = 32
"""Photos that a network is asked about at once, whatever batches it is trained in."""


@dataclass(frozen=True, slots=True)
class FitData:
    """The training and validation photos of a network.

    Attributes:
        inputs: some rows' inputs: uint8 photos, or float features.
        labels: class indices of all rows, (N,).
        train, validation: rows.
        class_count: outputs of the network.
        preprocessing: of photos; None for features, which are taken as they are.
    """

    inputs: Callable[[NDArray[np.int64]], NDArray[Any]]
    labels: NDArray[np.int64]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    class_count: int
    preprocessing: str | None

    def given(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Return the network's input of photos or features."""
        if self.preprocessing is None:
            return np.asarray(images, np.float32)
        return preprocess(images, self.preprocessing)


Lesson = Callable[
    [NDArray[Any], NDArray[np.int64], np.random.Generator],
    tuple[NDArray[np.float32], Any, NDArray[np.int64]],
]
"""Photos, labels, dice -> photos as they are to be shown, 0..255, what shall be said, and the labels left."""


def fit(
    network: keras.Model,
    data: FitData,
    recipe: Recipe,
    *,
    folder: Path,
    on_progress: Tell = lambda _: None,
    learner: keras.Model | None = None,
    lesson: Lesson | None = None,
) -> FitResult:
    """Train a network, or take up its training where the folder's last whole epoch ended.

    The folder shows ``history.csv``, a row an epoch. Stopped, it ends with the best epoch so far.

    Args:
        network: with its first weights, and `trainable` set layer by layer; it
            ends with the weights of the epoch with the lowest validation loss.
        data: at least one training and one validation row.
        recipe: how.
        folder: of this training alone; existing.
        on_progress: is told about every second; may raise `Stopped`.
        learner: is trained in its place, by a loss of its own, and stored while that lasts; it shares the
            network's layers and may have more.
        lesson: what the learner is shown and asked for; labels may then be -1 for none.

    Raises:
        TrainingError: the loss is no number any more, or the folder holds another network's training.
    """
    learner = learner or network
    _compile(learner, recipe, by_labels=lesson is None)
    history = _resume(learner, folder)
    ended = "finished"
    while len(history) < recipe.epochs:
        if stops_early(history, recipe.patience):
            ended = "stopped early"
            break
        begun, rate = time.monotonic(), next_rate(recipe, history)
        learner.optimizer.learning_rate = rate
        try:
            learnt = _train_epoch(learner, data, recipe, history, on_progress, lesson)
        except Stopped:
            ended = "stopped"
            if history:
                break
            if int(learner.optimizer.iterations.value) == 0:
                raise TrainingError("Stopped before anything was learnt; there is nothing to keep.") from None
            learnt = {"cross_entropy": math.nan, "accuracy": math.nan}  # of a part of the first epoch
        logits = predict(network, data, data.validation)
        row = Epoch(
            epoch=len(history) + 1,
            loss=learnt["cross_entropy"],
            accuracy=learnt["accuracy"],
            val_loss=cross_entropy(logits, data.labels[data.validation]),
            val_accuracy=float((logits.argmax(1) == data.labels[data.validation]).mean()),
            learning_rate=rate,
            seconds=time.monotonic() - begun,
        )
        weights = get_weights(learner)
        if not (
            math.isfinite(row.val_loss) and all(np.isfinite(tensor).all() for tensor in weights.values())
        ):
            if not history:
                raise TrainingError("The loss is no number after the first epoch. Lower the learning rate.")
            ended = "stopped early"  # it has come apart; the best epoch is still there
            break
        history = [*history, row]
        _store(learner, weights, history, folder)
        if ended == "stopped":
            break
    best = history[best_epoch(history)]
    set_weights(learner, arrays_of(best_file(folder, best.epoch)))
    return FitResult(tuple(history), best, ended)


def predict(
    network: keras.Model,
    data: FitData,
    rows: NDArray[np.int64],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> NDArray[np.float32]:
    """Return a network's outputs for rows as they are, (len(rows), ...), without dropout."""
    outputs = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        outputs.append(np.asarray(network.predict_on_batch(data.given(data.inputs(batch))), np.float32))
        on_progress(start + len(batch), len(rows))
    return np.concatenate(outputs)


def _compile(network: keras.Model, recipe: Recipe, *, by_labels: bool) -> None:
    optimisers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        "rmsprop": keras.optimizers.RMSprop,
    }
    losses, metrics = keras.losses, keras.metrics
    judged: dict[str, Any] = {}  # for a learner with a loss of its own
    if by_labels and recipe.loss == "categorical_crossentropy":
        judged["loss"] = losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        )
        judged["metrics"] = [
            metrics.CategoricalAccuracy("accuracy"),
            metrics.CategoricalCrossentropy("cross_entropy", from_logits=True),
        ]
    elif by_labels:
        judged["loss"] = losses.SparseCategoricalCrossentropy(from_logits=True)
        judged["metrics"] = [
            metrics.SparseCategoricalAccuracy("accuracy"),
            metrics.SparseCategoricalCrossentropy("cross_entropy", from_logits=True),
        ]
    optimiser = optimisers[recipe.optimiser](float(recipe.learning_rate))
    # XLA loses what bfloat16 gains on a CPU, and compiles for minutes.
    network.compile(optimizer=optimiser, jit_compile=False, **judged)
    network.optimizer.build(network.trainable_variables)


def _resume(network: keras.Model, folder: Path) -> list[Epoch]:
    state = load_state(folder)
    if state is None:
        return []
    variables = network.optimizer.variables
    shapes = [tuple(value.shape) for value in state.optimiser]
    if shapes != [tuple(variable.shape) for variable in variables]:
        raise TrainingError(f"{folder} holds the training of another network. Choose another folder.")
    set_weights(network, state.weights)
    for variable, value in zip(variables, state.optimiser, strict=True):
        variable.assign(value)
    return list(state.history)


def _train_epoch(
    network: keras.Model,
    data: FitData,
    recipe: Recipe,
    history: list[Epoch],
    on_progress: Tell,
    lesson: Lesson | None,
) -> dict[str, float]:
    epoch, weigh = len(history), None
    if recipe.balance == "class weights":
        weigh = class_weights(data.labels[data.train], data.class_count)
    _throw_dice(network, recipe.seed, epoch)
    rng = np.random.default_rng([recipe.seed, epoch])
    order = epoch_order(data.labels[data.train], rng, oversample=recipe.balance == "oversample")
    rows = data.train[order]
    steps = math.ceil(len(rows) / recipe.batch)
    begun = told = time.monotonic()

    def tell(step: int) -> None:
        share, elapsed_s = step / steps, time.monotonic() - begun
        shown = epoch * len(rows) + min(step * recipe.batch, len(rows))
        on_progress(
            TrainingProgress(
                TRAINING,
                shown,
                recipe.epochs * len(rows),
                rate=photos_per_second(history, len(rows), share_done=share, elapsed_s=elapsed_s),
                epoch=epoch + 1,
                epochs=recipe.epochs,
            )
        )

    tell(0)
    sums, labelled = dict.fromkeys(("cross_entropy", "accuracy"), 0.0), 0
    for step in range(steps):
        chosen = rows[step * recipe.batch : (step + 1) * recipe.batch]
        images = data.inputs(chosen)
        if recipe.augmentation.changes_something:
            images = augment(images, recipe.augmentation, rng)
        labels = data.labels[chosen]
        targets: Any = labels
        if lesson is not None:
            images, targets, labels = lesson(images, labels, rng)
        elif recipe.loss == "categorical_crossentropy":
            targets = np.eye(data.class_count, dtype=np.float32)[labels]
        network.reset_metrics()
        weights = None if weigh is None else weigh[labels]
        learnt = network.train_on_batch(data.given(images), targets, weights, return_dict=True)
        labelled += (here := int(np.count_nonzero(labels >= 0)))
        for name in sums:
            sums[name] += float(learnt[name]) * here
        now = time.monotonic()
        if step == 0 or now - told >= REPORT_S or step == steps - 1:
            told = now
            tell(step + 1)
    return {name: total / max(1, labelled) for name, total in sums.items()}


def _throw_dice(network: keras.Model, seed: int, epoch: int) -> None:
    """Set dropout's random state from seed and epoch, as it would be had nothing interrupted."""
    for number, layer in enumerate(network.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            state = np.random.default_rng([seed, epoch, number]).integers(0, 2**31, 2)
            generator.state.assign(keras.ops.cast(state, generator.state.dtype))


def _store(network: keras.Model, weights: Tensors, history: list[Epoch], folder: Path) -> None:
    """Store the epoch; in this order, so that a kill between two steps loses the epoch and nothing else."""
    best = best_epoch(history)
    if best == len(history) - 1:
        save_arrays(best_file(folder, history[best].epoch), weights)
    optimiser = [
        keras.ops.convert_to_numpy(keras.ops.copy(variable.value)) for variable in network.optimizer.variables
    ]
    save_state(folder, TrainingState(tuple(history), weights, optimiser))
    write_history(folder / HISTORY_FILE, history)
    drop_other_bests(folder, history[best].epoch)
