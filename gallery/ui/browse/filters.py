"""The filters and the sort order of Browse; every change is kept in the view at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from gallery.types import UNSURE, SortOrder
from gallery.ui.components import view_state
from gallery.ui.components.view_address import View

_SORT_WORDS = {
    SortOrder.PATH: "Path",
    SortOrder.TAKEN_AT: "Date taken",
    SortOrder.NAME: "Name",
    SortOrder.MOST_CERTAIN: "Most certain first",
    SortOrder.LEAST_CERTAIN: "Least certain first",
}


def show(view: View, *, folders: Sequence[str], unsure_below: float) -> None:
    """Show the controls in one row, inside a horizontal container.

    Args:
        view: what is shown now.
        folders: the collection's sub-folders, relative to its root.
        unsure_below: the threshold that holds.
    """
    if view.shelf == UNSURE:
        _threshold(unsure_below)
    _keyed("sort", view.sort)
    st.selectbox(
        "Sort",
        list(_SORT_WORDS),
        key="filter:sort",
        format_func=lambda order: _SORT_WORDS[order],
        on_change=lambda: view_state.change(sort=_value("sort")),
        label_visibility="collapsed",
        width=190,
    )
    label = "Filters ●" if view.is_filtered else "Filters"
    with st.popover(label, icon=":material/filter_list:", width="content"):
        _narrowing(view, folders, unsure_below)


def _narrowing(view: View, folders: Sequence[str], unsure_below: float) -> None:
    _keyed("sure", (view.min_confidence, view.max_confidence))
    st.slider(
        "How sure the model is",
        0.0,
        1.0,
        step=0.01,
        format="percent",
        key="filter:sure",
        on_change=_sure_changed,
    )
    days = st.columns(2)
    for column, name, words, value in (
        (days[0], "taken_from", "Taken from", view.taken_from),
        (days[1], "taken_to", "Taken to", view.taken_to),
    ):
        _keyed(name, date.fromisoformat(value) if value else None)
        column.date_input(
            words,
            value=None,
            key=f"filter:{name}",
            min_value=date(1900, 1, 1),
            max_value=date(2100, 1, 1),
            on_change=_day_changed,
            args=(name,),
        )
    options = list(folders)
    if view.folder is not None and view.folder not in options:
        options.insert(0, view.folder)
    _keyed("folder", view.folder)
    st.selectbox(
        "Sub-folder",
        options,
        index=None,
        key="filter:folder",
        placeholder="All sub-folders",
        on_change=lambda: view_state.change(folder=_value("folder"), photo=None),
    )
    _keyed("name", view.name_contains or "")
    st.text_input(
        "File name contains",
        key="filter:name",
        placeholder="IMG_20, fox…",
        on_change=lambda: view_state.change(name_contains=_value("name").strip() or None, photo=None),
    )
    if view.shelf != UNSURE:
        _threshold(unsure_below)
    st.button(
        "Clear filters", key="filter:clear", disabled=not view.is_filtered, on_click=view_state.clear_filters
    )


def _threshold(unsure_below: float) -> None:
    _keyed("unsure", unsure_below)
    st.slider(
        "Unsure below",
        0.0,
        1.0,
        step=0.05,
        format="percent",
        key="filter:unsure",
        on_change=lambda: view_state.change(unsure_below=round(_value("unsure"), 2), photo=None),
        help="A photo whose class the model gives less than this goes to the Unsure shelf. Evaluate, "
        "under Confidence, finds the value at which the model is right as often as you want.",
        width=240,
    )


def _sure_changed() -> None:
    low, high = _value("sure")
    view_state.change(min_confidence=round(low, 2), max_confidence=round(high, 2), photo=None)


def _day_changed(name: str) -> None:
    day = _value(name)
    view_state.change(**{name: day.isoformat() if day else None, "photo": None})


def _keyed(name: str, value: Any) -> None:
    """Give a control the view's value before it is drawn: the view is the one truth."""
    st.session_state[f"filter:{name}"] = value


def _value(name: str) -> Any:
    return st.session_state[f"filter:{name}"]
