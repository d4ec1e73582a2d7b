"""The choice of a method and a layer on Explain, and the maps that follow: stored, kept, or computed now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.explanation.methods import GRAD_CAM, METHODS
from gallery.services import explain
from gallery.services.explain import Choice
from gallery.services.explained_photo import ExplainedPhoto
from gallery.types import FloatArray, ModelCard
from gallery.ui.components import address, waiting
from gallery.words import duration


def choose(card: ModelCard, *, method_box: DeltaGenerator, layer_box: DeltaGenerator) -> Choice:
    """Show both boxes and return what is chosen; the address keeps it.

    Args:
        card: whose layers are offered.
        method_box: where the methods go.
        layer_box: where the layers go.
    """
    choice = Choice.of(card, st.query_params.get("method", ""), st.query_params.get("layer", ""))
    method, layers = choice.method, explain.layers_of(card)[::-1]  # from the head to the photo
    layer = choice.layer or card.target_layer
    titles = {one.name: _titled(Choice.of(card, one.name, layer)) for one in METHODS.values()}
    method_box.selectbox(
        "Method",
        list(METHODS),
        **_bound("method", method.name, GRAD_CAM),
        format_func=titles.__getitem__,
        help="Seven published methods to find the parts of a photo that a prediction rests on. A part marked "
        "by several methods is a safer finding than one heatmap. *About the methods* explains them.",
    )
    layer_box.selectbox(
        "Layer",
        layers,
        **_bound("layer", layer, card.target_layer),
        format_func=lambda name: (
            explain.layer_in_words(name) + (" (the last)" if name == card.target_layer else "")
        ),
        disabled=not method.by_layer,
        help="Layer of the network. Early layers show edges and colours in fine detail; the last one shows "
        "whole parts of animals, coarsely."
        if method.by_layer
        else f"{method.title} uses the predictions only, no layer.",
    )
    return choice


def _bound(name: str, value: str, usual: str) -> dict[str, Any]:
    """Return key and callback of a box; the address keeps what is chosen there."""
    return address.bound(
        f"explain_{name}",
        value,
        lambda chosen: address.go(**{name: None if chosen == usual else chosen}),
    )


def _titled(choice: Choice) -> str:
    title, seconds = choice.method.title, choice.seconds
    if seconds == 0:
        return f"{title} (stored, instant)"
    if seconds is not None:
        return f"{title} ({duration(seconds)} here)"
    if choice.passes == 1:
        return f"{title} (quick)"
    return f"{title} (slow: {choice.passes or 'many'} model runs)"


def about() -> None:
    """Explain the methods, each with its source."""
    with st.popover("About the methods", icon=":material/menu_book:"):
        for method in METHODS.values():
            slow = " Slow: hundreds of model runs." if method.is_slow else ""
            st.markdown(f"**{method.title}.** {method.in_words}{slow}")
            st.caption(method.citation)


def maps(photo: ExplainedPhoto, choice: Choice, class_indices: Sequence[int]) -> list[FloatArray] | None:
    """Return the maps of some classes, each (h, w); None while they are computed, which is shown.

    Raises:
        PhotoError: the photo's file is gone, or another one has taken its place.
    """
    if choice.is_stored and photo.cams is not None:
        return [photo.cams[index] for index in class_indices]
    tasks = [explain.maps_task(photo, choice, index, waiting.known) for index in class_indices]
    for task in tasks:
        if not waiting.is_done(
            task, choice.method.title, unit="model runs", key="explain_maps_waiting", patience_s=0.7
        ):
            return None
    found = [(task.result, index) for task, index in zip(tasks, class_indices, strict=True)]
    return [cams if cams.ndim == 2 else cams[index] for cams, index in found]
