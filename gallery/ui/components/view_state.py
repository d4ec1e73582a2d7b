"""Which view Browse shows in this session, and how it follows the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gallery.services import collections
from gallery.types import ALL, PhotoQuery, Shelf, SortOrder
from gallery.ui.components import view_address
from gallery.ui.components.view_address import View

_VIEW, _WRITTEN = "browse:view", "browse:written"
_REMEMBERED = 50


def current() -> View:
    """Return the view to show.

    An address that came from outside wins: a link, a bookmark, the browser's
    Back. One that this session wrote itself does not: a browser that refreshes
    while a person clicks sends the address of a moment ago.
    """
    parameters = dict(st.query_params)
    known: View | None = st.session_state.get(_VIEW)
    written: list[dict[str, str]] = st.session_state.setdefault(_WRITTEN, [])
    if known is None or (parameters and (parameters not in written or _went_back())):
        known = view_address.read(parameters)
        _remember(parameters)
    elif not parameters and written and written[-1]:  # back from another page
        known = replace(known, photo=None)
    st.session_state[_VIEW] = known
    return known


def change(**parts: Any) -> None:
    """Show something else from now on."""
    st.session_state[_VIEW] = replace(st.session_state.get(_VIEW, View()), **parts)


def open_collection(collection_id: int) -> None:
    """Show another collection, from its beginning."""
    kept = st.session_state.get(_VIEW, View())
    st.session_state[_VIEW] = View(
        collection_id, sort=kept.sort, unsure_below=kept.unsure_below, stacked=kept.stacked
    )


def clear_filters() -> None:
    """Show the whole shelf again."""
    st.session_state[_VIEW] = st.session_state.get(_VIEW, View()).without_filters()


def write_address() -> None:
    """Put the view into the address, if it is not there yet."""
    wanted = view_address.written(st.session_state[_VIEW])
    _remember(wanted)
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)


def shelves(query: PhotoQuery, class_names: tuple[str, ...], *, narrowed: bool) -> tuple[Shelf, ...]:
    """Return the shelves of the collection that a view asks for.

    Args:
        query: see `View.query`.
        class_names: of its model.
        narrowed: whether they count what the filters leave, a stack once, or all photos.
    """
    filters = replace(query, shelf=ALL, sort=SortOrder.PATH) if narrowed else None
    return collections.shelves(query.collection_id, query.model_id, class_names, query.unsure_below, filters)


def _remember(address: dict[str, str]) -> None:
    written = st.session_state[_WRITTEN]
    if address in written:
        written.remove(address)
    written.append(address)
    del written[:-_REMEMBERED]


def _went_back() -> bool:
    """Return whether the browser's Back or Forward brought this run about."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))
