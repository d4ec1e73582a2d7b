"""Distillation as part of any recipe: the network learns from labels and from a teacher's answers at once.

The teacher looks at the very pixels that the network is shown, whatever was done to them, so a photo needs no
label to be learnt from. What it says goes through a linear adapter that is thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.network.engine import keras
from gallery.network.precision import best_precision
from gallery.training.checkpoint import arrays_of, save_arrays
from gallery.training.distillation.losses import (
    TeacherHeads,
    fit_adapter,
    smoothed_cross_entropy,
    weighted_sum,
)
from gallery.training.distillation.recolouring import recoloured
from gallery.training.distillation.teacher import Teacher, TeacherWeights, fit_ten_class_head
from gallery.training.fit import FitData, FitResult, fit
from gallery.training.history import PREPARING, Tell, TrainingProgress
from gallery.training.recipes import Distillation, Recipe

LESSONS_FILE = "lessons.npz"

ADAPTER = "adapter"

_SAMPLE = 320
"""Photos that the adapter is fitted on: 15,680 places for its 512 numbers a channel."""

_BATCH = 32
_NEVER = -20.0
"""Logit of a class that no training photo shows."""


@dataclass(frozen=True)
class Taught:
    """A finished training, and how good its teacher was."""

    fitted: FitResult
    teacher_accuracy: float  # of its own linear head, on the validation photos


def fit_taught(
    network: keras.Model,
    data: FitData,
    recipe: Recipe,
    *,
    teacher: TeacherWeights,
    target_layer: str,
    folder: Path,
    on_progress: Tell = lambda _: None,
) -> Taught:
    """Train a network on labels and a teacher's answers, as `fit` does on labels alone.

    Args:
        network: its first weights.
        data: photos; a label of -1 means that there is none.
        recipe: with a `distillation`.
        teacher: a ResNet50.
        target_layer: the network's last convolution, whose maps shall tell what the teacher's do.
        folder: of this training; what the teacher says of the photos as they are is kept there.
        on_progress: is told, first of photos "preparing", then of epochs.

    Raises:
        TrainingError: as `fit`; or Keras does not run on TensorFlow, in which the losses are written.
    """
    if recipe.distillation is None:
        raise ValueError(f"{recipe.name} has no teacher")
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"A network is taught on TensorFlow only, and Keras runs on {keras.backend.backend()}. "
            "Set KERAS_BACKEND=tensorflow, or take a recipe without a teacher."
        )
    seeing = Teacher(teacher, dtype=tf.bfloat16 if best_precision() == "bfloat16" else tf.float32)
    channels = int(seeing.head_kernel.shape[0])
    maps = _pooled_maps(network, target_layer)
    file = folder / LESSONS_FILE
    if not file.is_file():
        save_arrays(file, _look(network, maps, data, seeing, recipe, on_progress))
    seen = arrays_of(file)
    heads = TeacherHeads(
        seeing.head_kernel, seeing.head_bias, seen["classes_kernel"], seen["classes_bias"],
        float(seen["map_variance"]), float(seen["pooled_variance"]),
    )  # fmt: skip
    pupil = Pupil(network, maps, channels, heads, recipe)
    pupil.get_layer(ADAPTER).set_weights([seen["adapter_kernel"], seen["adapter_bias"]])
    lessons = Lessons(pupil, seeing, recipe.distillation)
    fitted = fit(network, data, recipe, folder=folder, on_progress=on_progress, teaching=lessons)
    return Taught(fitted, float(seen["teacher_accuracy"]))


class Pupil(keras.Model):  # type: ignore[misc]
    """A network with the adapter at its last maps: image -> (logits, the map that the teacher should have).

    It shares the network's layers; its loss is that of `distillation.losses`.
    """

    def __init__(
        self, network: keras.Model, maps: Any, channels: int, heads: TeacherHeads, recipe: Recipe
    ) -> None:
        """Take ``maps`` of the network, (B, h, w, its channels), to ``channels`` of the teacher."""
        adapted = keras.layers.Dense(channels, dtype="float32", name=ADAPTER)(maps)
        super().__init__(inputs=network.input, outputs=[network.output, adapted], name="pupil")
        self._heads, self._smoothing = heads, recipe.label_smoothing
        weights: Mapping[str, float] = asdict(recipe.distillation or Distillation())
        self._shares = {name: weights[name] for name in ("map", "pooled", "thousand", "labels")}
        self._shares["ten"] = weights["classes"]
        self._cross_entropy = keras.metrics.Mean("cross_entropy")
        self._accuracy = keras.metrics.Mean("accuracy")

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the weighted sum of the terms; ``y`` has the teacher's "map" and "labels", -1 for none."""
        del x, sample_weight, training
        logits, adapted = y_pred
        labels = tf.cast(y["labels"], tf.int32)
        terms = self._heads.terms(adapted, logits, y["map"], labels)
        terms["labels"] = smoothed_cross_entropy(logits, labels, self._smoothing)
        known = tf.cast(labels >= 0, tf.float32)
        right = tf.cast(tf.argmax(logits, -1, tf.int32) == labels, tf.float32)
        self._accuracy.update_state(right, sample_weight=known)
        self._cross_entropy.update_state(smoothed_cross_entropy(logits, labels, 0.0))
        return weighted_sum(terms, self._shares) + sum(self.losses)


class Lessons:
    """What is shown, and what the teacher says of it.

    Attributes:
        learner: the network with its adapter.
    """

    def __init__(self, learner: Pupil, teacher: Teacher, plan: Distillation) -> None:
        """Ask a teacher as planned."""
        self.learner = learner
        self._teacher, self._plan = teacher, plan

    def lesson(
        self, images: NDArray[Any], labels: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]], NDArray[np.int64]]:
        """Return photos as they are shown, (n, side, side, 3) in 0..255, the answers, and the labels left.

        Args:
            images: augmented already.
            labels: -1 for none.
            rng: draws colours and blends.
        """
        coloured = np.stack([_coloured(image, self._plan.colour, rng) for image in images])
        blended = rng.random(len(images)) < self._plan.blended
        share = np.where(blended, rng.uniform(0.1, 0.5, len(images)), 0.0)[:, None, None, None]
        other = coloured[rng.permutation(len(images))]
        shown = ((1 - share) * coloured + share * other).astype(np.float32)
        left = np.where(blended, -1, labels).astype(np.int64)
        answers = {"map": np.asarray(self._teacher.maps(shown), np.float32), "labels": left.astype(np.int32)}
        return shown, answers, left


def _coloured(image: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    pixels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    brightness, contrast, saturation = rng.uniform(1 - share, 1 + share, 3).tolist()
    return recoloured(pixels, brightness=brightness, contrast=contrast, saturation=saturation)


def _pooled_maps(network: keras.Model, layer: str) -> Any:
    """Return the layer's output at half its resolution, (B, h, w, channels): the teacher's stride is 32."""
    maps = network.get_layer(layer).output
    return keras.layers.AveragePooling2D(2, data_format="channels_last", dtype="float32", name="to_teacher")(
        maps
    )


def _look(
    network: keras.Model,
    maps: Any,
    data: FitData,
    teacher: Teacher,
    recipe: Recipe,
    on_progress: Tell,
) -> dict[str, NDArray[Any]]:
    """Return the teacher's head for the data's classes, the adapter to begin with, and the variances."""
    labelled = data.train[data.labels[data.train] >= 0]
    asked = np.concatenate([labelled, data.validation])
    features = np.empty((len(asked), teacher.head_kernel.shape[0]), np.float32)
    for start in range(0, len(asked), _BATCH):
        rows = asked[start : start + _BATCH]
        features[start : start + len(rows)] = np.asarray(teacher.maps(data.inputs(rows))).mean((1, 2))
        on_progress(TrainingProgress(PREPARING, start + len(rows), len(asked), epochs=recipe.epochs))
    labels = data.labels[asked]
    taught = labels[: len(labelled)]
    kernel = np.zeros((features.shape[1], data.class_count), np.float32)
    bias = np.full(data.class_count, _NEVER, np.float32)
    present = np.unique(taught)
    kernel[:, present], bias[present] = fit_ten_class_head(features[: len(labelled)], taught)
    right = (features @ kernel + bias).argmax(1)[len(labelled) :] == labels[len(labelled) :]

    sample = np.random.default_rng([recipe.seed, 0]).permutation(data.train)[:_SAMPLE]
    own_maps = keras.Model(network.input, maps)
    own, wanted = [], []
    for start in range(0, len(sample), _BATCH):
        images = data.inputs(sample[start : start + _BATCH])
        own.append(np.asarray(own_maps.predict_on_batch(data.given(images)), np.float32))
        wanted.append(np.asarray(teacher.maps(images), np.float32))
    mine, target = np.concatenate(own), np.concatenate(wanted)
    if mine.shape[:3] != target.shape[:3]:  # a network of another stride: its maps are compared resampled
        target_there = np.asarray(tf.image.resize(target, mine.shape[1:3], antialias=True), np.float32)
    else:
        target_there = target
    adapter_kernel, adapter_bias = fit_adapter(
        mine.reshape(-1, mine.shape[-1]), target_there.reshape(-1, target.shape[-1])
    )
    return {
        "classes_kernel": kernel,
        "classes_bias": bias,
        "adapter_kernel": adapter_kernel,
        "adapter_bias": adapter_bias,
        "map_variance": np.array(max(float(target.var((0, 1, 2)).mean()), 1e-6)),
        "pooled_variance": np.array(max(float(target.mean((1, 2)).var(0).mean()), 1e-6)),
        "teacher_accuracy": np.array(float(right.mean())),
    }
