"""The ways to learn that recipes choose among: by labels, a top on saved outputs, or with a teacher too."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gallery.network.architectures import NetworkOptions
from gallery.network.engine import keras
from gallery.training.bottleneck import TrainedTop, fit_top
from gallery.training.fit import FitData, FitResult, fit, learn_only
from gallery.training.history import Progress
from gallery.training.recipes import Recipe
from gallery.training.request import TrainingRequest
from gallery.training.starting_weights import Start

if TYPE_CHECKING:
    from gallery.training.run import Prepared

Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class Learnt:
    """What a training came to.

    Attributes:
        network: gives the logits of `data`'s rows; a top alone where only that was trained.
        data: photos, or the saved outputs that a top takes.
        teaching: what the card says of a teacher.
    """

    fitted: FitResult
    network: keras.Model
    data: FitData
    teaching: Mapping[str, Any] = field(default_factory=dict)


def learn(
    network: keras.Model,
    data: FitData,
    request: TrainingRequest,
    prepared: Prepared,
    *,
    start: Start,
    target_layer: str,
    tell: Tell,
) -> Learnt:
    """Train a network as its recipe says; it ends with the weights of its best epoch.

    Raises:
        TrainingError: as `fit`.
    """
    if request.recipe.trainable == "top":
        top = _fit_top(network, data, request, prepared, tell)
        return Learnt(top.fitted, top.network, top.data)
    if request.recipe.distillation is None:
        return Learnt(_fit(network, data, request, start, tell), network, data)
    fitted, teaching = _fit_taught(network, data, request, prepared, target_layer, tell)
    return Learnt(fitted, network, data, teaching)


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
        learn_only(
            network, lambda n: n.startswith("block5") or not n.startswith("block") or n in start.missing
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
    """Return the data with the unlabelled photos behind the labelled ones, to be learnt from."""
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
