"""A strip of neighbouring photos, of which one is chosen: thumbnails as buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from gallery.types import GridItem
from gallery.ui.components import assets
from gallery.web.addresses import THUMBNAILS
from gallery.words import class_title

_component = assets.component(
    "gallery_film_strip", css=["film_strip/strip.css"], js=["shared/dom.js", "film_strip/strip.js"]
)


def show(
    items: Sequence[GridItem],
    *,
    current: str,
    on_choose: Callable[[str], None],
) -> None:
    """Draw the strip; `on_choose` gets the photo_id that was clicked, before the page runs again.

    Args:
        items: the photos, left to right; a photo that lies in the folder twice is shown once.
        current: photo_id of the framed one.
        on_choose: what a click does.
    """
    unique = {item.photo_id: item for item in items}

    def chosen() -> None:
        photo_id = st.session_state["explain_strip"].get("chosen")
        if photo_id in unique:
            on_choose(photo_id)

    photos = [
        {
            "photo_id": item.photo_id,
            "text": item.name if item.label is None else f"{item.name}, {class_title(item.label)}",
            "current": item.photo_id == current,
        }
        for item in unique.values()
    ]
    _component(
        key="explain_strip", data={"photos": photos, "thumbnails": THUMBNAILS}, on_chosen_change=chosen
    )
