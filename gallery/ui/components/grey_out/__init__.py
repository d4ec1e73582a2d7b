"""Rectangles drawn over a photo by pointer or keyboard, as one component."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import streamlit as st

from gallery.explanation.perturbation import Region
from gallery.types import PhotoId
from gallery.ui.components import assets

MOST_RECTANGLES = 8
LEAST_SIDE = 0.005
"""What a browser sends smaller than that is none: the page draws none below 2 %."""

_KEPT = "explain_grey:kept"
_component = assets.component(
    "gallery_grey_out",
    css=["grey_out/grey_out.css"],
    js=["shared/dom.js", "grey_out/grey_out.js"],
)


def show(jpeg: bytes, *, photo_id: PhotoId, alt: str) -> tuple[Region, ...]:
    """Show a photo that can be drawn on, and return its rectangles, the first drawn first.

    A photo's rectangles stay while the session lasts, also when another photo is looked at meanwhile.

    Args:
        jpeg: the picture.
        photo_id: whose rectangles they are.
        alt: what screen readers hear.
    """
    memory: dict[str, tuple[Region, ...]] = st.session_state.setdefault(_KEPT, {})
    _component(
        key="explain_grey",
        data={
            "image": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii"),
            "photo": photo_id,
            "alt": alt,
            "rectangles": [list(region) for region in memory.get(photo_id, ())],
        },
        on_rectangles_change=_remember,
    )
    return memory.get(photo_id, ())


def _remember() -> None:
    sent = st.session_state["explain_grey"].get("rectangles")
    if isinstance(sent, dict) and isinstance(sent.get("photo"), str):
        st.session_state[_KEPT][sent["photo"]] = regions_of(sent.get("rectangles"))


def regions_of(sent: object) -> tuple[Region, ...]:
    """Return the rectangles that a browser sent; whatever is none is left out.

    Example:
        >>> regions_of([[0.1, 0.2, 0.5, 1.0], [0.5, 0, 0.4, 1], "x", [0, 0, 2, 1]])
        ((0.1, 0.2, 0.5, 1.0),)
    """
    found: list[Region] = []
    for one in sent if isinstance(sent, Sequence) and not isinstance(sent, str) else ():
        if not (
            isinstance(one, Sequence) and len(one) == 4 and all(type(side) in (int, float) for side in one)
        ):
            continue
        left, top, right, bottom = (float(side) for side in one)
        inside = min(left, top) >= 0 and max(right, bottom) <= 1
        if inside and min(right - left, bottom - top) >= LEAST_SIDE:
            found.append((left, top, right, bottom))
    return tuple(found[:MOST_RECTANGLES])
