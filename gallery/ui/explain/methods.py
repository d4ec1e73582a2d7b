"""The choice of a method and a layer on Explain, and the maps that follow: stored, kept, or computed now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.explanation import methods
from gallery.explanation.methods import Method
from gallery.explanation.records import ExplanationRecords
from gallery.jobs.task import Report, State, Task
from gallery.services import explain, wiring
from gallery.types import FloatArray, ModelCard
from gallery.ui.components import waiting
from gallery.ui.explain.photo import ExplainedPhoto
from gallery.words import duration

PATIENCE_S = 0.7
"""A page waits that long for a quick method before it shows that it is waiting."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A method at a layer.

    Attributes:
        layer: None for a method that looks at none.
        stored: whether tagging has kept these maps.
    """

    method: Method
    layer: str | None
    stored: bool


def records() -> ExplanationRecords:
    """Return what was found out before."""
    return ExplanationRecords(wiring.settings().explanations)


def choose(card: ModelCard, *, method_box: DeltaGenerator, layer_box: DeltaGenerator) -> Choice:
    """Show both boxes and return what is chosen; the address keeps it.

    Args:
        card: whose layers are offered.
        method_box: where the methods go.
        layer_box: where the layers go.
    """
    asked = st.query_params.get("method", "")
    method = methods.METHODS.get(asked, methods.METHODS[methods.GRAD_CAM])
    layers = explain.layers_of(card)[::-1]  # from the head to the photo
    wanted = st.query_params.get("layer", "")
    layer = wanted if wanted in layers else card.target_layer
    times = {name: seconds_of(card, one, layer) for name, one in methods.METHODS.items()}
    st.session_state["explain_method"] = method.name
    method_box.selectbox(
        "Method",
        list(methods.METHODS),
        key="explain_method",
        format_func=lambda name: _titled(card, methods.METHODS[name], layer, times[name]),
        on_change=lambda: _remember("method", methods.GRAD_CAM),
        help="Seven published ways to ask a network what its answer rests on. They may disagree: a place "
        "that several of them mark is a safer finding than one map. *About the methods* tells them apart.",
    )
    st.session_state["explain_layer"] = layer
    layer_box.selectbox(
        "Layer",
        layers,
        key="explain_layer",
        format_func=lambda name: (
            explain.layer_in_words(name) + (" (the last)" if name == card.target_layer else "")
        ),
        on_change=lambda: _remember("layer", card.target_layer),
        disabled=not method.by_layer,
        help="Where in the network to look. Early blocks see edges and colours finely; the last one sees "
        "whole parts of animals coarsely, and is what the answer is made of."
        if method.by_layer
        else f"{method.title} looks at the network's answers only, at no layer.",
    )
    stored = method.name == methods.GRAD_CAM and layer == card.target_layer
    return Choice(method, layer if method.by_layer else None, stored)


def _remember(name: str, usual: str) -> None:
    chosen = st.session_state[f"explain_{name}"]
    if chosen != usual:
        st.query_params[name] = chosen
    elif name in st.query_params:
        del st.query_params[name]


def seconds_of(card: ModelCard, method: Method, layer: str | None) -> float | None:
    """Return how long a method took on this computer the last time, None where it has not run yet."""
    if method.name == methods.GRAD_CAM and layer == card.target_layer:
        return 0.0
    return records().seconds(card.weights_sha256, method.name, layer if method.by_layer else None)


def _titled(card: ModelCard, method: Method, layer: str, seconds: float | None) -> str:
    if seconds == 0:
        return f"{method.title} (stored, instant)"
    if seconds is not None:
        return f"{method.title} ({duration(seconds)} here)"
    count = explain.passes_of(card, method, layer)
    if count == 1:
        return f"{method.title} (quick)"
    return f"{method.title} (slow: {count or 'many'} looks)"


def about() -> None:
    """Tell the methods apart, each with its source."""
    with st.popover("About the methods", icon=":material/menu_book:"):
        for method in methods.METHODS.values():
            slow = " Slow: it shows the network hundreds of altered photos." if method.is_slow else ""
            st.markdown(f"**{method.title}.** {method.in_words}{slow}")
            st.caption(method.citation)


def maps(
    photo: ExplainedPhoto, card: ModelCard, choice: Choice, class_indices: Sequence[int]
) -> list[FloatArray] | None:
    """Return the maps of some classes, each (h, w); None while they are computed, which is shown.

    Raises:
        PhotoError: the photo's file is gone, or another one has taken its place.
    """
    if choice.stored and photo.cams is not None:
        return [photo.cams[index] for index in class_indices]
    tasks = [_task(photo, card, choice, index) for index in class_indices]
    until = time.monotonic() + PATIENCE_S
    for task in tasks:
        task.wait(max(0.0, until - time.monotonic()))
    if all(task.state is State.DONE for task in tasks):
        found = [task.result for task in tasks]
        return [
            maps_of if maps_of.ndim == 2 else maps_of[index]
            for maps_of, index in zip(found, class_indices, strict=True)
        ]
    unfinished = next(task for task in tasks if task.state is not State.DONE)
    waiting.show(unfinished, f"{choice.method.title}", unit="looks", key="explain_maps_waiting")
    return None


def _task(photo: ExplainedPhoto, card: ModelCard, choice: Choice, class_index: int) -> Task[FloatArray]:
    """Return the work on a map; the methods of many passes give all classes' maps at once."""
    one_for_all = choice.method.is_slow or not choice.method.by_class
    indices = range(len(card.class_names)) if one_for_all else [class_index]
    key = (card.weights_sha256, photo.photo_id, choice.method.name, choice.layer, tuple(indices))
    known = waiting.known(key)
    if known is not None:
        return known
    image = photo.model_input()

    def work(tell: Report) -> FloatArray:
        explainer = wiring.explainer(card.model_id)
        tell(0, explain.passes_of(card, choice.method, choice.layer) or 0)
        began = time.monotonic()
        cams = explainer.explain_classes(
            image, indices, method=choice.method.name, layer=choice.layer, on_pass=tell
        )
        seconds = time.monotonic() - began
        records().keep_seconds(card.weights_sha256, choice.method.name, choice.layer, seconds)
        return np.asarray(cams if one_for_all else cams[0], np.float32)

    return wiring.tasks().ask(key, work, lane="slow" if choice.method.is_slow else "quick")
