"""Which catalogued photo Explain shows: collection, shelf, a strip of thumbnails, back and forth.

The address holds the choice (``collection``, ``shelf``, ``photo``), so that a
link reproduces it; the widgets only show and change the address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from gallery.catalog import Catalog
from gallery.errors import CatalogError
from gallery.types import ALL, UNREADABLE, UNSURE, WAITING, Collection, ModelCard, Photo, PhotoQuery
from gallery.ui.components import film_strip, theme, unsure
from gallery.ui.components.plain_text import escaped

STRIP_LENGTH = 11
"""Thumbnails in the strip: fills a narrow window without scrolling, and the middle one is the chosen."""

_PHOTO_ID = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _List:
    """The photos to step through, and where in them the chosen one is."""

    file_ids: NDArray[np.int64]
    position: int | None  # None when the chosen photo lies elsewhere

    def neighbour(self, step: int) -> int:
        """Return the file before or behind the chosen one; the first when the chosen is not in the list."""
        if self.position is None:
            return int(self.file_ids[0])
        return int(self.file_ids[(self.position + step) % len(self.file_ids)])

    def window(self) -> NDArray[np.int64]:
        """Return the files of the strip, the chosen one in the middle where that is possible."""
        middle = self.position or 0
        start = max(0, min(middle - STRIP_LENGTH // 2, len(self.file_ids) - STRIP_LENGTH))
        return self.file_ids[start : start + STRIP_LENGTH]


def choose(catalog: Catalog, card: ModelCard, *, row: DeltaGenerator, thumbnails: str) -> Photo | None:
    """Show the choice and return the chosen photo; None, with a sentence, when there is none.

    Args:
        catalog: where the photos are.
        card: the model whose labels make the shelves.
        row: the container that the boxes and buttons go into.
        thumbnails: address that a photo_id completes.
    """
    asked = _asked_photo(catalog)
    collections = {c.collection_id: c for c in catalog.collections()}
    if not collections:
        return asked
    collection = _collection(collections, asked)
    shelves = {
        shelf.name: shelf.count
        for shelf in catalog.shelves(
            collection.collection_id, card.model_id, card.class_names, unsure.threshold(card.model_id)
        )
        if shelf.count and shelf.name not in (UNREADABLE, WAITING)
    }
    shelf = st.query_params.get("shelf", ALL)
    shelf = shelf if shelf in shelves else ALL
    query = PhotoQuery(
        collection.collection_id, card.model_id, shelf, unsure_below=unsure.threshold(card.model_id)
    )
    file_ids = catalog.find_files(query)
    photo = asked or _first(catalog, file_ids)
    where = np.flatnonzero(file_ids == photo.file_id) if photo else np.array([], np.int64)
    listed = _List(file_ids, int(where[0]) if where.size else None)
    with row:
        _collection_box(collections, collection)
        _shelf_box(shelves, shelf)
        if photo and len(file_ids):
            _stepper(catalog, listed)
    if photo is None:
        st.info(
            f"No photo of **{escaped(collection.name)}** has been read yet. Its job may still be running: "
            "Browse shows how far it is.",
            icon="🖼️",
        )
        return None
    items = [item for item in catalog.grid_items(listed.window(), card.model_id) if item.photo_id]
    if len(items) > 1:
        film_strip.show(
            items,
            current=photo.photo_id,
            thumbnails=thumbnails,
            key="explain_strip",
            on_choose=lambda photo_id: _go(photo=photo_id),
        )
    return photo


def _asked_photo(catalog: Catalog) -> Photo | None:
    """Return the photo of the address; what the address holds is anybody's text."""
    photo_id = st.query_params.get("photo")
    if photo_id is None:
        return None
    try:
        if not _PHOTO_ID.fullmatch(photo_id):
            raise CatalogError("The address names no photo: a photo's id has 64 digits from 0 to f.")
        return catalog.photo_at(photo_id)
    except CatalogError as exc:
        st.warning(f"{escaped(str(exc))} Choose another photo below.", icon="🔎")
        return None


def _first(catalog: Catalog, file_ids: NDArray[np.int64]) -> Photo | None:
    for file_id in file_ids[:200]:  # while a job runs, the first files may still wait to be read
        try:
            return catalog.photo(int(file_id))
        except CatalogError:
            continue
    return None


def _collection(collections: dict[int, Collection], asked: Photo | None) -> Collection:
    named = st.query_params.get("collection", "")
    if named.isascii() and named.isdigit() and int(named) in collections:
        return collections[int(named)]
    if asked is not None and asked.collection_id in collections:
        return collections[asked.collection_id]
    return next(iter(collections.values()))


def _collection_box(collections: dict[int, Collection], chosen: Collection) -> None:
    st.session_state["explain_collection"] = chosen.collection_id
    st.selectbox(
        "Collection",
        list(collections),
        key="explain_collection",
        format_func=lambda number: collections[number].name,
        on_change=lambda: _go(collection=str(st.session_state["explain_collection"]), shelf=None, photo=None),
        width=230,
    )


def _shelf_box(shelves: dict[str, int], chosen: str) -> None:
    total = sum(shelves.values())
    st.session_state["explain_shelf"] = chosen
    st.selectbox(
        "Shelf",
        [ALL, *shelves],
        key="explain_shelf",
        format_func=lambda name: (
            f"{theme.label_text(UNSURE if name == UNSURE else name)} ({shelves.get(name, total):,})"
        ),
        on_change=lambda: _go(shelf=st.session_state["explain_shelf"], photo=None),
        width=200,
    )


def _stepper(catalog: Catalog, listed: _List) -> None:
    for label, icon, step, key in (
        ("Previous", ":material/chevron_left:", -1, "Left"),
        ("Next", ":material/chevron_right:", 1, "Right"),
    ):
        st.button(
            label,
            icon=icon,
            key=f"explain_step_{step}",
            on_click=_step,
            args=(catalog, listed.neighbour(step)),
            disabled=len(listed.file_ids) < 2 and listed.position is not None,
            shortcut=key,
        )
    if listed.position is not None:
        st.markdown(f"{listed.position + 1:,} of {len(listed.file_ids):,}", width="content")


def _step(catalog: Catalog, file_id: int) -> None:
    try:
        _go(photo=catalog.photo(file_id).photo_id)
    except CatalogError as exc:
        st.toast(str(exc), icon="⚠️")


def _go(**changes: str | None) -> None:
    for name, value in changes.items():
        if value is not None:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]
