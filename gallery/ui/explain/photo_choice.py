"""Which catalogued photo Explain shows: collection, shelf, a strip of thumbnails, back and forth.

The address holds the choice, as that of Browse does (shelf, filters, order) and
with the photo's id: a filtered, sorted shelf goes along from Browse, and a link
reproduces it. The widgets only show and change the address.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from gallery.errors import CatalogError
from gallery.services import collections, photo_lists, photo_view
from gallery.types import ALL, UNREADABLE, WAITING, ModelCard, Photo
from gallery.ui.browse import filters
from gallery.ui.components import address, export_menu, film_strip, messages, view_state
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title

STRIP_LENGTH = 11
"""Thumbnails in the strip: fills a narrow window without scrolling, and the middle one is the chosen."""


def choose(card: ModelCard, *, row: DeltaGenerator) -> Photo | None:
    """Show the choice and return the chosen photo; None, with a sentence, when there is none.

    Args:
        card: the model whose labels make the shelves.
        row: the container that the boxes and buttons go into.
    """
    asked = _asked_photo()
    opened = {c.collection_id: c for c in collections.opened()}
    if not opened:
        return asked
    view = view_state.read(dict(st.query_params))
    wanted = [view.collection_id, asked and asked.collection_id, next(iter(opened))]
    collection = next(opened[number] for number in wanted if number in opened)
    query = replace(view.query(collection.collection_id, card.model_id), stacked=False)
    shelves = {
        one.name: one.count
        for one in view_state.shelves(query, card.class_names, narrowed=view.is_filtered)
        if one.count and one.name not in (UNREADABLE, WAITING)
    }
    shelf = view.shelf if view.shelf in shelves else ALL
    file_ids = collections.find_files(replace(query, shelf=shelf))
    photo = asked or photo_view.first_read(file_ids[:200])
    where = np.flatnonzero(file_ids == photo.file_id) if photo else np.array([], np.int64)
    position = int(where[0]) if where.size else None  # None when the photo lies elsewhere
    with row:
        st.selectbox(
            "Collection",
            list(opened),
            **address.bound(
                "explain_collection",
                collection.collection_id,
                lambda number: st.query_params.from_dict({"collection": str(number)}),
            ),
            format_func=lambda number: opened[number].name,
            width=230,
        )
        total = sum(shelves.values())
        st.selectbox(
            "Shelf",
            [ALL, *shelves],
            **address.bound("explain_shelf", shelf, lambda name: address.go(shelf=name, photo=None)),
            format_func=lambda name: f"{class_title(name)} ({shelves.get(name, total):,})",
            width=200,
        )
        if photo and len(file_ids):
            _stepper(file_ids, position)
        if st.button("Back to Browse", icon=":material/photo_library:", type="tertiary", key="explain_back"):
            st.switch_page("pages/browse.py", query_params=view_state.written(replace(view, photo=None)))
        export_menu.show(file_ids, card)
    if narrowed := filters.in_words(view):
        st.caption(escaped(f"As in Browse: {narrowed}."))
    if photo is None:
        st.info(
            f"No photo of **{escaped(collection.name)}** has been read yet. Its job may still be running: "
            "Browse shows how far it is.",
            icon=":material/image:",
        )
        return None
    start = max(0, min((position or 0) - STRIP_LENGTH // 2, len(file_ids) - STRIP_LENGTH))
    strip = file_ids[start : start + STRIP_LENGTH]
    items = [item for item in photo_lists.items_of(strip, card.model_id) if item.photo_id]
    if len(items) > 1:
        film_strip.show(
            items,
            current=photo.photo_id,
            on_choose=lambda photo_id: address.go(photo=photo_id),
        )
    return photo


def _asked_photo() -> Photo | None:
    """Return the photo of the address; what the address holds is anybody's text."""
    photo_id = st.query_params.get("photo")
    if photo_id is None:
        return None
    try:
        return photo_view.photo_of(photo_id)
    except CatalogError as exc:
        st.warning(f"{escaped(str(exc))} Choose another photo below.", icon=":material/search:")
        return None


def _stepper(file_ids: NDArray[np.int64], position: int | None) -> None:
    """Show the ways to the photos before and behind; to the first where the photo is not among them."""
    for label, icon, step, key in (
        ("Previous", ":material/chevron_left:", -1, "Left"),
        ("Next", ":material/chevron_right:", 1, "Right"),
    ):
        st.button(
            label,
            icon=icon,
            key=f"explain_step_{step}",
            on_click=messages.attempt,
            args=(_step, int(file_ids[0 if position is None else (position + step) % len(file_ids)])),
            disabled=len(file_ids) < 2 and position is not None,
            shortcut=key,
        )
    if position is not None:
        st.markdown(f"{position + 1:,} of {len(file_ids):,}", width="content")


def _step(file_id: int) -> None:
    address.go(photo=photo_view.photo(file_id).photo_id)
