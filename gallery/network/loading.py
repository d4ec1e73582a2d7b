"""A classifier from a model's card and weights: the architecture is code chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network import vgg16
from gallery.network.architectures import (
    ARCHITECTURES,
    architecture_named,
    build,
    options_from_weights,
    set_weights,
)
from gallery.network.classifier import KerasClassifier
from gallery.network.engine import keras
from gallery.network.gradient_classifier import GradientClassifier
from gallery.network.precision import Precision, best_precision
from gallery.types import ModelCard

PREPROCESSING = "caffe"
RESIZE = "squash"


def load_classifier(
    card: ModelCard,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    *,
    precision: Literal["auto", "bfloat16", "float32"] = "auto",
    mirrored: bool = False,
) -> KerasClassifier:
    """Return the classifier that a card describes; its architecture is code chosen by name.

    Args:
        card: from `gallery.models.ModelStore`.
        weights: the model's tensors, as stored.
        precision: of the convolutions; "auto" takes bfloat16 where the
            processor has units for it. Pooling, head and maps are float32 always.
        mirrored: tag by the mean of the photo and its mirror image: half as
            fast, a little more accurate.

    Raises:
        ModelError: this code has no such architecture, preprocessing or target
            layer, or the weights do not fit it.
    """
    if card.architecture in ARCHITECTURES and card.architecture != vgg16.ARCHITECTURE:
        return load_gradient_classifier(card, weights, precision=precision, mirrored=mirrored)
    for what, asked, known in (
        ("architecture", card.architecture, vgg16.ARCHITECTURE),
        ("preprocessing", card.preprocessing, PREPROCESSING),
        ("resize", card.resize, RESIZE),
        ("target layer", card.target_layer, vgg16.TARGET_LAYER),
    ):
        if asked != known:
            raise ModelError(
                f"{card.model_id} asks for the {what} {asked!r}, and this version knows {known!r} only. "
                "Update the app, or choose another model."
            )
    chosen: Precision = best_precision() if precision == "auto" else precision
    network = vgg16.build_vgg16_gap(len(card.class_names), card.input_px, backbone_dtype=chosen)
    vgg16.set_weights(network, weights)
    return KerasClassifier(card, network, precision=chosen, mirrored=mirrored)


def load_gradient_classifier(
    card: ModelCard,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    *,
    precision: Literal["auto", "bfloat16", "float32"] = "auto",
    mirrored: bool = False,
) -> GradientClassifier:
    """Return the classifier of a card whose architecture is one of `architectures.ARCHITECTURES`.

    Args:
        card: from `gallery.models.ModelStore`.
        weights: the model's tensors, as stored.
        precision: of VGG16's convolutions; the networks from scratch are small
            and compute in float32, so that their maps are exact.
        mirrored: tag by the mean of the photo and its mirror image.

    Raises:
        ModelError: unknown architecture, preprocessing or target layer, or weights that do not fit.
    """
    architecture = architecture_named(card.architecture)
    chosen: Precision = "float32"
    if architecture.name.startswith("vgg16"):
        chosen = best_precision() if precision == "auto" else precision
    if (card.preprocessing, card.resize) != (architecture.preprocessing, RESIZE):
        raise ModelError(
            f"{card.model_id} asks for the preprocessing {card.preprocessing!r} and the resize "
            f"{card.resize!r}; {architecture.name} has {architecture.preprocessing!r} and {RESIZE!r}. "
            "Restore or correct its card.json."
        )
    options = options_from_weights(architecture.name, weights)
    network = build(
        architecture.name, len(card.class_names), card.input_px, conv_dtype=chosen, options=options
    )
    if card.target_layer not in {
        layer.name for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    }:
        raise ModelError(
            f"{card.model_id} wants its maps from {card.target_layer!r}, which is no convolution of "
            f"{architecture.name}. Restore or correct its card.json."
        )
    set_weights(network, weights)
    return GradientClassifier(card, network, precision=chosen, mirrored=mirrored)
