"""The probabilities of one photo as bars that can be chosen, by pointer or keyboard.

A plotly bar chart takes no keyboard and loads megabytes; ten buttons do both better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from gallery.class_styles import style, text_colour
from gallery.types import Prediction
from gallery.ui.components import assets, theme
from gallery.words import class_title, probability

_component = assets.component(
    "gallery_probability_bars",
    css=["probability_bars/bars.css"],
    js=["shared/dom.js", "probability_bars/bars.js"],
)


def bars(
    prediction: Prediction, *, chosen: str, person_label: str | None, dark: bool
) -> list[dict[str, str | float | bool]]:
    """Return what each bar shows, surest class first.

    Args:
        prediction: the probabilities of all classes.
        chosen: the class that is framed.
        person_label: what a person said the photo shows.
        dark: edges for the dark theme.
    """
    class_names = prediction.class_names
    shown: list[dict[str, str | float | bool]] = []
    for rank, index in enumerate(np.argsort(-prediction.probabilities, kind="stable")):
        name, value = class_names[index], float(prediction.probabilities[index])
        marks = ["predicted"] * (rank == 0) + ["labelled by a person"] * (name == person_label)
        share = probability(value)
        shown.append(
            {
                "name": name,
                "text": class_title(name),
                "icon": theme.icon_address(name, class_names),
                "value": value,
                "share": share,
                "mark": " and ".join(marks),
                "fill": style(name, class_names).fill,
                "edge": text_colour(name, class_names, dark=dark),
                "chosen": name == chosen,
                "description": f"{class_title(name)}, {share}{', ' if marks else ''}"
                f"{' and '.join(marks)}. Explain this class",
            }
        )
    return shown


def show(
    prediction: Prediction,
    *,
    chosen: str,
    person_label: str | None,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the bars, see `bars`; `on_choose` gets the class that was clicked, before the page runs again."""

    def clicked() -> None:
        name = st.session_state["explain_bars"].get("chosen")
        if name in prediction.class_names:
            on_choose(name)

    _component(
        key="explain_bars",
        data={
            "bars": bars(prediction, chosen=chosen, person_label=person_label, dark=theme.is_dark()),
            "label": "Probability of each class; choose one to explain it",
        },
        on_chosen_change=clicked,
    )
