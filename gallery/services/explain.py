"""Explain one photo: its stored maps or computed ones, by any method, and how far to trust them."""

from __future__ import annotations

from gallery.explanation import methods
from gallery.explanation.methods import Method
from gallery.network import layouts
from gallery.types import ModelCard

method_named = methods.method_named
layer_in_words = layouts.layer_in_words


def layers_of(card: ModelCard) -> tuple[str, ...]:
    """Return the layers of a card's network that can be explained, from the photo to the head."""
    return layouts.explainable_layers(card.architecture, card.target_layer)


def passes_of(card: ModelCard, method: Method, layer: str | None) -> int | None:
    """Return how many forward passes a method takes; None where that follows from the model's weights."""
    return methods.passes_of(method, card.input_px, layouts.channels_of(layer or card.target_layer))
