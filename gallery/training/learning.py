"""The ways to learn that recipes choose among: by labels, a top on saved outputs, or with a teacher too."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.labelled import Part
from gallery.network.architectures import NetworkOptions, architecture_named, build
from gallery.network.engine import keras
from gallery.network.layouts import LAST_BLOCKS
from gallery.network.precision import best_precision
from gallery.training.bottleneck import fit_top
from gallery.training.fit import FitData, fit
from gallery.training.history import FitResult, Tell
from gallery.training.preparing import Prepared
from gallery.training.recipes import Recipe
from gallery.training.request import ShippedImagenet, TrainingRequest
from gallery.training.starting_weights import Start, fill, settle

_SETTLING = 32
"""Photos by which the size of the values is known that layers at random begin with."""


@dataclass(frozen=True)
class Learnt:
    """What a training came to.

    Attributes:
        network: the whole one, with the weights of its best epoch.
        judged: gives the logits of `data`'s rows; a top alone where only that was trained.
        data: photos, or the saved outputs that a top takes.
        start: what it began from.
        target_layer: whose maps Grad-CAM weighs.
        precision: the convolutions' dtype.
        teaching: what the card says of a teacher.
    """

    network: keras.Model
    fitted: FitResult
    judged: keras.Model
    data: FitData
    start: Start
    target_layer: str
    precision: str
    teaching: Mapping[str, Any]


def fit_data(prepared: Prepared, recipe: Recipe) -> FitData:
    """Return a prepared data set as a recipe's network takes it."""
    return FitData(
        inputs=prepared.decoded.images,
        labels=prepared.decoded.data.labels,
        train=prepared.split.rows(Part.TRAIN),
        validation=prepared.split.rows(Part.VALIDATION),
        class_count=len(prepared.decoded.data.class_names),
        preprocessing=architecture_named(recipe.architecture).preprocessing,
    )


def new_network(recipe: Recipe, class_count: int) -> tuple[keras.Model, str]:
    """Return a recipe's network with random weights from its seed, and its convolutions' dtype."""
    keras.utils.set_random_seed(recipe.seed)
    dtype = "mixed_bfloat16" if best_precision() == "bfloat16" else "float32"
    network = build(
        recipe.architecture,
        class_count,
        recipe.input_px,
        conv_dtype=dtype,
        options=_options(recipe),
    )
    return network, dtype


def learn(request: TrainingRequest, prepared: Prepared, tell: Tell, *, shipped: ShippedImagenet) -> Learnt:
    """Build a network and train it as its recipe says; it ends with the weights of its best epoch.

    Raises:
        TrainingError: as `fit`, or the starting weights do not fit.
        Stopped: as `tell` does, before the first epoch.
    """
    recipe = request.recipe
    architecture = architecture_named(recipe.architecture)
    data = fit_data(prepared, recipe)
    network, precision = new_network(recipe, data.class_count)
    start = fill(network, architecture, request.weights, shipped=shipped)
    if architecture.preprocessing == "caffe":  # its values are hundreds, as ImageNet's blocks have them
        settle(network, start, data.given(data.inputs(data.train[:_SETTLING])))
    target_layer = architecture.target_layer or start.convolutions[-1]
    judged: keras.Model = network
    teaching: dict[str, Any] = {}
    if recipe.trainable == "top":
        digest = hashlib.sha256("".join(prepared.decoded.photo_ids).encode()).hexdigest()
        fitted, judged, data = fit_top(
            network, data, request, options=_options(recipe),
            photo_set=f"{digest} {recipe.input_px}", on_progress=tell,
        )  # fmt: skip
    elif recipe.distillation is not None:
        fitted, teaching = _fit_taught(network, data, request, prepared, target_layer, tell)
    else:
        if recipe.trainable == "last block":
            _freeze_all_but_the_last(network, recipe, start)
        fitted = fit(network, data, recipe, folder=request.folder, on_progress=tell)
    return Learnt(network, fitted, judged, data, start, target_layer, precision, teaching)


def _options(recipe: Recipe) -> NetworkOptions:
    return NetworkOptions(
        recipe.dropout, recipe.l2, recipe.conv_layers, recipe.kernel_px, recipe.filters, recipe.dense_units
    )


def _freeze_all_but_the_last(network: keras.Model, recipe: Recipe, start: Start) -> None:
    """Let the last block and the dense layers learn, and what begins at random, wherever it lies."""
    last = re.compile(LAST_BLOCKS.get(recipe.backbone or "", ""))
    frozen = {name for name in start.convolutions if not last.fullmatch(name)} - {*start.missing}
    for layer in network.layers:
        layer.trainable = layer.name not in frozen


def _fit_taught(
    network: keras.Model,
    data: FitData,
    request: TrainingRequest,
    prepared: Prepared,
    target_layer: str,
    tell: Tell,
) -> tuple[FitResult, dict[str, Any]]:
    """Train with a teacher; return what came of it and what the card says of the teacher."""
    from gallery.training.distillation.lessons import fit_taught
    from gallery.training.distillation.teacher import read_teacher

    source = request.teacher or "imagenet"
    fitted, accuracy = fit_taught(
        network, _with_unlabelled(data, prepared), request.recipe, teacher=read_teacher(source),
        target_layer=target_layer, folder=request.folder, on_progress=tell,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "teacher": source if source == "imagenet" else Path(source).name,
        "teacher_validation_accuracy": accuracy,
    }
    if prepared.unlabelled is not None:
        facts["unlabelled_photos"] = len(prepared.unlabelled.rows)
    return fitted, facts


def _with_unlabelled(data: FitData, prepared: Prepared) -> FitData:
    """Return the data with the unlabelled training photos behind the labelled ones."""
    more = prepared.unlabelled
    if more is None or not len(more.rows):
        return data
    count = len(data.labels)

    def inputs(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        images = np.empty((len(rows), *prepared.decoded.pixels.shape[1:]), np.uint8)
        known = rows < count
        images[known] = data.inputs(rows[known])
        images[~known] = more.decoded.images(more.rows[rows[~known] - count])
        return images

    return replace(
        data,
        inputs=inputs,
        labels=np.concatenate([data.labels, np.full(len(more.rows), -1, np.int64)]),
        train=np.concatenate([data.train, count + np.arange(len(more.rows))]),
    )
