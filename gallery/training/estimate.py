"""What a recipe costs before it is run: parameters, and an estimate of the time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from gallery.network.layouts import BACKBONES, CNN_LARGE_FILTERS, POOLED_UNITS
from gallery.training.recipes import Recipe
from gallery.training.trainings import TrainingRun

STEP_S = {
    "vgg16-gap": (0.053, 0.282),
    "vgg16-flatten": (0.024, 0.12),
    "vgg16-bottleneck": (0.0015, 0.0015),
    "efficientnet-lite2": (0.018, 0.031),
    "resnet50": (0.02, 0.08),
    "inception-v3": (0.03, 0.11),
    "cnn-large": (0.018, 0.05),
    "cnn-small": (0.006, 0.009),
}
"""Seconds a photo an epoch on two cores: (bfloat16, float32).

vgg16-gap's were measured (0.053 and 0.282), as were the features (0.011 and 0.084) and a step of the
last block (0.005 and 0.020) that vgg16-flatten's are made of. Those of the other backbones follow from
their forward passes or multiplications beside VGG16's. Those of the small networks follow from
their multiplications (3.2 and 0.2 of VGG16's 15.5 thousand million), doubled, since small layers use a
processor less well.
"""

USUAL_PX = {"efficientnet-lite2": 260, "inception-v3": 299, "cnn-large": 128, "cnn-small": 150}
"""Side of the photos where it is not 224."""

ONCE_S = {"vgg16-bottleneck": (0.012, 0.084)}
"""Seconds a photo before the first epoch: the convolutions' outputs."""

TEACHER_S = (0.02, 0.06)
"""Seconds a photo an epoch that a ResNet50 takes to answer."""

READING_S = 0.004
"""Seconds a photo to read it the first time; a photo of 12 megapixels takes five times as long."""

START_S = 15.0
"""Loading the libraries, building the network, measuring, saving."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a training may take at most; it may stop earlier.

    Attributes:
        seconds: of all epochs.
        measured_here: by an earlier training on this machine, else by constants.
    """

    seconds: float
    measured_here: bool


def parameter_count(recipe: Recipe, class_count: int) -> int | None:
    """Return the parameters of a recipe's network, without building it; None for an unknown architecture.

    Example:
        >>> from gallery.training.recipes import recipe_named
        >>> parameter_count(recipe_named("vgg16-gap"), 10)
        14982474
    """
    pooled = 512 * (recipe.input_px // 32) ** 2
    if backbone := BACKBONES.get(recipe.architecture):
        return backbone.parameters + _dense(backbone.channels, POOLED_UNITS, class_count)
    convolutions = BACKBONES["vgg16-gap"].parameters
    if recipe.architecture == "vgg16-flatten":
        return convolutions + _dense(pooled, 512, 256, 128, class_count)
    if recipe.architecture == "vgg16-bottleneck":
        return convolutions + _dense(pooled, recipe.dense_units or 256, class_count)
    if recipe.architecture == "cnn-large":
        return _cnn_large(recipe.input_px, class_count)
    if recipe.architecture == "cnn-small":
        return _cnn_small(recipe, class_count)
    return None


def estimate(
    recipe: Recipe, photos: int, earlier: Iterable[TrainingRun] = (), *, bfloat16: bool
) -> Estimate | None:
    """Return how long all epochs of a recipe take on so many photos; None for a recipe nobody has timed.

    Args:
        recipe: with its epochs and input size.
        photos: for training and validation.
        earlier: trainings of this machine; those of the same network count for more than any constant.
        bfloat16: whether the processor computes in it.
    """
    name, column = recipe.architecture, 0 if bfloat16 else 1
    once = ONCE_S.get(name, (0.0, 0.0))[column]
    here = next((pace for run in earlier if (pace := _pace(run, recipe))), None)
    if here is not None:
        return Estimate(START_S + photos * (READING_S + once + here * recipe.epochs), True)
    if name not in STEP_S:
        return None
    larger = (recipe.input_px / USUAL_PX.get(name, 224)) ** 2
    step = STEP_S[name][column] * larger
    if recipe.distillation is not None:
        step += TEACHER_S[column]
    return Estimate(START_S + photos * (READING_S + once * larger + step * recipe.epochs), False)


def _pace(run: TrainingRun, recipe: Recipe) -> float | None:
    """Return an earlier training's seconds a photo an epoch, if it trained the same network."""
    if not run.history or _work(run.request.recipe) != _work(recipe) or not (photos := run.photos):
        return None
    return sum(row.seconds for row in run.history) / len(run.history) / photos


def _work(recipe: Recipe) -> tuple[object, ...]:
    """Return what makes an epoch slow or fast."""
    taught = recipe.distillation is not None
    return (recipe.architecture, recipe.input_px, recipe.trainable, taught, recipe.balance == "oversample")


def _dense(*units: int) -> int:
    return sum((before + 1) * after for before, after in itertools.pairwise(units))


def _cnn_large(side: int, class_count: int) -> int:
    count, channels = 0, 3
    for pair in CNN_LARGE_FILTERS:
        for filters in pair:
            count += (9 * channels + 1) * filters
            channels, side = filters, side - 2
        count += 4 * channels  # batch norm: scale, shift, and the two moving moments
        side //= 2
    return count + _dense(channels * side**2, 512, 256, 64, class_count)


def _cnn_small(recipe: Recipe, class_count: int) -> int:
    count, channels, side = 0, 3, recipe.input_px
    for number in range(recipe.conv_layers):
        filters = min(recipe.filters * 2**number, max(128, recipe.filters))
        count += (recipe.kernel_px**2 * channels + 1) * filters
        channels, side = filters, (side - recipe.kernel_px + 1) // 2
    return count + _dense(channels * side**2, recipe.dense_units or 512, class_count)
