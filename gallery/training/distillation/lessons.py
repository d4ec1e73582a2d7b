"""Distillation as part of any recipe: the network learns from labels and from a teacher's answers at once.

The teacher looks at the very pixels that the network is shown, whatever was done to them, so a photo needs no
label to be learnt from. What it says goes through a linear adapter that is thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.network.engine import keras
from gallery.training.checkpoint import arrays_of, save_arrays
from gallery.training.distillation.losses import (
    fit_adapter,
    fitted_to,
    relative_error,
    smoothed_cross_entropy,
    softened_divergence,
)
from gallery.training.distillation.teacher import PREPROCESSING, Teacher, fit_class_head
from gallery.training.fit import FitData, fit, predict
from gallery.training.history import FitResult, Tell, preparing
from gallery.training.recipes import Distillation, Recipe

LESSONS_FILE = "lessons.npz"

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""The weights of red, green and blue in brightness (ITU-R BT.601)."""

_SAMPLE = 320
"""Photos that the adapter is fitted on: 15,680 places for its 512 numbers a channel."""

_NEVER = -20.0
"""Logit of a class that no training photo shows."""


def fit_taught(
    network: keras.Model,
    data: FitData,
    recipe: Recipe,
    *,
    teacher: Teacher,
    target_layer: str,
    folder: Path,
    on_progress: Tell = lambda _: None,
) -> tuple[FitResult, float]:
    """Train a network on labels and a teacher's answers, as `fit` does on labels alone.

    Args:
        network: its first weights.
        data: photos; a label of -1 means that there is none.
        recipe: with a `distillation`.
        teacher: a ResNet50.
        target_layer: the network's last convolution, whose maps shall tell what the teacher's do.
        folder: of this training; what the teacher says of the photos as they are is kept there.
        on_progress: is told, first of photos "preparing", then of epochs.

    Returns:
        What `fit` does, and the accuracy of the teacher's own linear head on the validation photos.

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
    maps = keras.layers.AveragePooling2D(  # to half its resolution: the teacher's stride is 32
        2, data_format="channels_last", dtype="float32", name="to_teacher"
    )(network.get_layer(target_layer).output)
    file = folder / LESSONS_FILE
    if not file.is_file():
        save_arrays(file, _look(keras.Model(network.input, maps), data, teacher, recipe, on_progress))
    seen = arrays_of(file)
    fitted = fit(
        network, data, recipe, folder=folder, on_progress=on_progress,
        learner=Pupil(network, maps, teacher, seen, recipe.distillation, recipe.label_smoothing),
        lesson=partial(lesson, teacher, recipe.distillation),
    )  # fmt: skip
    return fitted, float(seen["teacher_accuracy"])


class Pupil(keras.Model):  # type: ignore[misc]
    """A network with the adapter at its last maps: image -> (logits, the map that the teacher should have).

    It shares the network's layers; its loss is the weighted sum of those of `distillation.losses`.
    """

    def __init__(
        self,
        network: keras.Model,
        maps: Any,
        teacher: Teacher,
        seen: Mapping[str, NDArray[Any]],
        plan: Distillation,
        label_smoothing: float,
    ) -> None:
        """Take ``maps`` of the network, (B, h, w, its channels), to the teacher's channels."""
        adapter = keras.layers.Dense(len(seen["adapter_bias"]), dtype="float32", name="adapter")
        super().__init__(inputs=network.input, outputs=[network.output, adapter(maps)], name="pupil")
        adapter.set_weights([seen["adapter_kernel"], seen["adapter_bias"]])
        self._head, self._seen, self._plan, self._smoothing = teacher.head, seen, plan, label_smoothing
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
        known = tf.cast(labels >= 0, tf.float32)
        right = tf.cast(tf.argmax(logits, -1, tf.int32) == labels, tf.float32)
        self._accuracy.update_state(right, sample_weight=known)
        self._cross_entropy.update_state(smoothed_cross_entropy(logits, labels, 0.0))
        plan, seen, (kernel, bias) = self._plan, self._seen, self._head
        target = fitted_to(y["map"], adapted.shape[1])
        pooled, target_pooled = tf.reduce_mean(adapted, (1, 2)), tf.reduce_mean(y["map"], (1, 2))
        classes = target_pooled @ seen["classes_kernel"] + seen["classes_bias"]
        return (
            plan.map * relative_error(adapted, target, float(seen["map_variance"]))
            + plan.pooled * relative_error(pooled, target_pooled, float(seen["pooled_variance"]))
            + plan.thousand * softened_divergence(pooled @ kernel + bias, target_pooled @ kernel + bias, 2.0)
            + plan.classes * softened_divergence(logits, classes, 1.0)
            + plan.labels * smoothed_cross_entropy(logits, labels, self._smoothing)
            + sum(self.losses)
        )


def lesson(
    teacher: Teacher,
    plan: Distillation,
    images: NDArray[Any],
    labels: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]], NDArray[np.int64]]:
    """Return photos as they are shown, (n, side, side, 3) in 0..255, the answers, and the labels left.

    Args:
        teacher: answers.
        plan: how far colours vary, and how many photos are blended.
        images: augmented already.
        labels: -1 for none.
        rng: draws colours and blends.
    """
    colours = rng.uniform(1 - plan.colour, 1 + plan.colour, (len(images), 3)).tolist()
    coloured = np.stack([recoloured(image, *each) for image, each in zip(images, colours, strict=True)])
    blended = rng.random(len(images)) < plan.blended
    share = np.where(blended, rng.uniform(0.1, 0.5, len(images)), 0.0)[:, None, None, None]
    other = coloured[rng.permutation(len(images))]
    shown = ((1 - share) * coloured + share * other).astype(np.float32)
    left = np.where(blended, -1, labels).astype(np.int64)
    return shown, {"map": teacher.maps(shown), "labels": left.astype(np.int32)}, left


def recoloured(
    pixels: NDArray[Any], brightness: float, contrast: float, saturation: float
) -> NDArray[np.uint8]:
    """Return pixels, (h, w, 3) RGB, with another brightness, then contrast, then saturation."""
    values = np.clip(np.clip(np.rint(pixels), 0, 255).astype(np.float32) * brightness, 0, 255)
    mean = (values @ LUMA).mean()
    values = np.clip(mean + (values - mean) * contrast, 0, 255)
    grey = (values @ LUMA)[..., None]
    return np.asarray(np.rint(np.clip(grey + (values - grey) * saturation, 0, 255)), np.uint8)


def _look(
    network: keras.Model, data: FitData, teacher: Teacher, recipe: Recipe, on_progress: Tell
) -> dict[str, NDArray[Any]]:
    """Return the teacher's head for the data's classes, the adapter to begin with, and the variances.

    Args:
        network: gives the maps that go through the adapter.
        data: as it is trained on.
        teacher: is asked about all labelled photos once.
        recipe: has the seed.
        on_progress: is told how many photos the teacher has seen.
    """
    labelled = data.train[data.labels[data.train] >= 0]
    asked = np.concatenate([labelled, data.validation])
    seen = replace(data, preprocessing=PREPROCESSING)
    features = predict(teacher.pooled, seen, asked, preparing(on_progress, recipe))
    labels = data.labels[asked]
    taught = labels[: len(labelled)]
    kernel = np.zeros((features.shape[1], data.class_count), np.float32)
    bias = np.full(data.class_count, _NEVER, np.float32)
    present = np.unique(taught)
    kernel[:, present], bias[present] = fit_class_head(features[: len(labelled)], taught)
    right = (features @ kernel + bias).argmax(1)[len(labelled) :] == labels[len(labelled) :]

    sample = np.random.default_rng([recipe.seed, 0]).permutation(data.train)[:_SAMPLE]
    mine, target = predict(network, data, sample), predict(teacher.seeing, seen, sample)
    resampled = np.asarray(fitted_to(target, mine.shape[1]), np.float32)
    adapter_kernel, adapter_bias = fit_adapter(
        mine.reshape(-1, mine.shape[-1]), resampled.reshape(-1, target.shape[-1])
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
