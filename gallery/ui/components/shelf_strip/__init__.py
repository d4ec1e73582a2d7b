"""The strip of shelves: the ten classes and what stands beside them, as cards to click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from gallery.class_styles import style
from gallery.types import ALL, UNLIKE, UNREADABLE, UNSURE, WAITING, Shelf
from gallery.ui.components import assets, events, theme
from gallery.web.addresses import THUMBNAILS
from gallery.words import class_title, percent

_component = assets.component(
    "gallery_shelf_strip",
    css=["shelf_strip/strip.css"],
    js=["shared/dom.js", "shelf_strip/strip.js"],
)
_TOOLTIPS = {
    ALL: "All photos of this collection",
    UNLIKE: "Photos that are like none that the model has learnt from, whatever class it gives them",
    UNSURE: "Photos whose confidence is below the threshold",
    WAITING: "Not tagged yet",
    UNREADABLE: "Files that could not be read, each with its reason",
}
_HIDDEN_WHEN_EMPTY = frozenset([UNLIKE, WAITING, UNREADABLE])


def show(
    shelves: Sequence[Shelf],
    *,
    chosen: str,
    on_choose: Callable[[str], None],
) -> None:
    """Show the shelves; `on_choose` gets the name of one that is clicked, before the page runs again.

    Args:
        shelves: in their order; ALL is put first, made of the others.
        chosen: the one that is open.
        on_choose: what a click does.
    """
    names = [shelf.name for shelf in shelves]
    cards = [_card(shelf, names, chosen=chosen) for shelf in (_all(shelves), *shelves)]
    shown = [
        card
        for card in cards
        if card["count"] or card["name"] not in _HIDDEN_WHEN_EMPTY or card["name"] == chosen
    ]

    def clicked() -> None:
        name = events.clicked(st.session_state["shelves"].get("shelf"), "name")
        if isinstance(name, str) and any(card["name"] == name for card in shown):
            on_choose(name)

    _component(key="shelves", data={"shelves": shown}, on_shelf_change=clicked)


def _all(shelves: Sequence[Shelf]) -> Shelf:
    """Return the shelf of everything that could be read or still waits."""
    readable = [shelf for shelf in shelves if shelf.name != UNREADABLE]
    return Shelf(
        ALL, sum(shelf.count for shelf in readable), corrected=sum(shelf.corrected for shelf in readable)
    )


def _card(shelf: Shelf, among: Sequence[str], *, chosen: str) -> dict[str, Any]:
    title = "Not tagged yet" if shelf.name == WAITING else class_title(shelf.name)
    confidence = None if shelf.mean_confidence is None else percent(shelf.mean_confidence, 0)
    by_people = f", {shelf.corrected:,} labelled by people" if shelf.corrected else ""
    about = _TOOLTIPS.get(shelf.name) or (f"Mean confidence {confidence}" if confidence else "No photos yet")
    return {
        "name": shelf.name,
        "title": title,
        "icon": theme.icon_address(shelf.name, among),
        "fill": style(shelf.name, among).fill,
        "count": shelf.count,
        "sure": None if shelf.name in _TOOLTIPS else confidence,
        "cover": f"{THUMBNAILS}{shelf.cover_photo_id}" if shelf.cover_photo_id else None,
        "chosen": shelf.name == chosen,
        "tooltip": f"{title}: {shelf.count:,} photos{by_people}. {about}.",
    }
