"""The ways to learn that recipes choose among: by labels, a top on saved outputs, or with a teacher too."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.labelled import Part
from gallery.network.architectures import NetworkOptions, architecture_named, build
from gallery.network.engine import keras
from gallery.network.layouts import LAST_BLOCKS
from gallery.network.precision import best_precision
from gallery.training.bottleneck import TrainedTop, fit_top
from gallery.training.fit import FitData, FitResult, fit, learn_only
from gallery.training.history import Tell
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
    teaching: Mapping[str, Any] = field(default_factory=dict)


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
        options=network_options(recipe),
    )
    return network, dtype


def learn(
    request: TrainingRequest,
    prepared: Prepared,
    tell: Tell,
    *,
    shipped: ShippedImagenet = lambda _: None,
) -> Learnt:
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
    target_layer = architecture.target_layer or start.last_convolution
    if recipe.trainable == "top":
        top = _fit_top(network, data, request, prepared, tell)
        return Learnt(network, top.fitted, top.network, top.data, start, target_layer, precision)
    if recipe.distillation is None:
        fitted = _fit(network, data, request, start, tell)
        return Learnt(network, fitted, network, data, start, target_layer, precision)
    fitted, teaching = _fit_taught(network, data, request, prepared, target_layer, tell)
    return Learnt(network, fitted, network, data, start, target_layer, precision, teaching)


def network_options(recipe: Recipe) -> NetworkOptions:
    """Return the form of the network that a recipe asks for."""
    return NetworkOptions(
        recipe.dropout, recipe.l2, recipe.conv_layers, recipe.kernel_px, recipe.filters, recipe.dense_units
    )


def _fit_top(
    network: keras.Model,
    data: FitData,
    request: TrainingRequest,
    prepared: Prepared,
    tell: Tell,
) -> TrainedTop:
    digest = hashlib.sha256("".join(prepared.decoded.photo_ids).encode()).hexdigest()
    return fit_top(
        network, data, request.recipe, options=network_options(request.recipe), folder=request.folder,
        features_folder=request.cache, photo_set=f"{digest} {request.recipe.input_px}", on_progress=tell,
    )  # fmt: skip


def _fit(
    network: keras.Model, data: FitData, request: TrainingRequest, start: Start, tell: Tell
) -> FitResult:
    if request.recipe.trainable == "last block":
        # A convolution that begins at random must learn, wherever it lies.
        last = re.compile(LAST_BLOCKS.get(request.recipe.backbone or "", ""))
        learn_only(
            network,
            lambda name: (
                name not in start.convolutions or name in start.missing or last.fullmatch(name) is not None
            ),
        )
    return fit(network, data, request.recipe, folder=request.folder, on_progress=tell)


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
    taught = fit_taught(
        network, _with_unlabelled(data, prepared), request.recipe, teacher=read_teacher(source),
        target_layer=target_layer, folder=request.folder, on_progress=tell,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "teacher": source if source == "imagenet" else Path(source).name,
        "teacher_validation_accuracy": taught.teacher_accuracy,
    }
    if prepared.unlabelled is not None:
        facts["unlabelled_photos"] = len(prepared.unlabelled.rows)
    return taught.fitted, facts


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
