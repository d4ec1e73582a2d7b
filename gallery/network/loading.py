"""Models of the store as networks: the card's words choose the code, its weights fill it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network.architectures import (
    ARCHITECTURES,
    architecture_named,
    build,
    options_from_weights,
    set_weights,
)
from gallery.network.classifier import GradientClassifier, KerasClassifier
from gallery.network.engine import keras
from gallery.network.layouts import backbone_of
from gallery.network.precision import Precision, best_precision
from gallery.types import ModelCard

RESIZE = "squash"

Weights = Mapping[str, NDArray[np.floating[Any]]]
Asked = Literal["auto", "bfloat16", "float32"]


def load_classifier(
    card: ModelCard, weights: Weights, *, precision: Asked = "auto", mirrored: bool = False
) -> KerasClassifier:
    """Return the classifier that a card describes; its architecture is code chosen by name.

    Args:
        card: from `gallery.models.ModelStore`.
        weights: the model's tensors, as stored.
        precision: of the convolutions; "auto" takes bfloat16 where the processor has units for it. Head and
            maps are float32 always, and so are the small networks from scratch.
        mirrored: tag by the mean of the photo and its mirror image: half as fast, a little more accurate.

    Raises:
        ModelError: this code has no such architecture, preprocessing or target layer, or the weights do
            not fit it.
    """
    chosen: Precision = "float32"
    if backbone_of(card.architecture):
        chosen = best_precision() if precision == "auto" else precision
    network = load_network(card, weights, precision=chosen)
    kind = KerasClassifier if architecture_named(card.architecture).pooled else GradientClassifier
    return kind(card, network, precision=chosen, mirrored=mirrored)


def load_network(card: ModelCard, weights: Weights, *, precision: Precision) -> keras.Model:
    """Return a card's network with its weights, its convolutions computing in ``precision``.

    Raises:
        ModelError: as `load_classifier`.
    """
    if card.architecture not in ARCHITECTURES:
        raise ModelError(
            f"{card.model_id} asks for the architecture {card.architecture!r}, which this version has not. "
            "Update the app, or choose another model."
        )
    architecture = architecture_named(card.architecture)
    wanted = [
        ("preprocessing", card.preprocessing, architecture.preprocessing),
        ("resize", card.resize, RESIZE),
    ]
    if architecture.pooled:
        wanted.append(("target layer", card.target_layer, str(architecture.target_layer)))
    for what, asked, known in wanted:
        if asked != known:
            raise ModelError(
                f"{card.model_id} asks for the {what} {asked!r}, and {architecture.name} has {known!r}. "
                "Restore or correct its card.json."
            )
    options = options_from_weights(architecture.name, weights)
    network = build(
        architecture.name, len(card.class_names), card.input_px, conv_dtype=precision, options=options
    )
    layers = {layer.name for layer in network.layers if isinstance(layer, keras.layers.Conv2D)}
    if not architecture.pooled and card.target_layer not in layers:
        raise ModelError(
            f"{card.model_id} wants its maps from {card.target_layer!r}, which is no convolution of "
            f"{architecture.name}. Restore or correct its card.json."
        )
    set_weights(network, weights)
    return network
