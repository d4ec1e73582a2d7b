"""The filters and the sort order of Browse; every change is kept in the view at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import streamlit as st

from gallery.services import collections, stacks
from gallery.types import UNSURE, PhotoQuery, Review, SortOrder
from gallery.ui.components import address, view_state
from gallery.ui.components.plain_text import escaped
from gallery.ui.components.view_state import View
from gallery.words import percent

_SORT_WORDS = {
    SortOrder.PATH: "Path",
    SortOrder.NEWEST: "Newest first",
    SortOrder.TAKEN_AT: "Oldest first",
    SortOrder.NAME: "Name",
    SortOrder.MOST_CERTAIN: "Most certain first",
    SortOrder.LEAST_CERTAIN: "Least certain first",
}
_REVIEW_WORDS = {
    Review.BY_PEOPLE: "Labelled by people",
    Review.OPEN: "Not reviewed",
    Review.DISAGREES: "Label disagrees with the model",
}
_FILTER_WORDS: dict[str, Callable[[Any], str]] = {
    "confidence": lambda ends: f"Confidence {percent(ends[0], 0)} to {percent(ends[1], 0)}",
    "taken_from": "Taken from {}".format,
    "taken_to": "Taken to {}".format,
    "folder": "Sub-folder {}".format,
    "name_contains": "Name contains {}".format,
    "review": _REVIEW_WORDS.__getitem__,
}
"""The fields of a view that narrow it, each with what is said of its value."""


def show(view: View, query: PhotoQuery) -> None:
    """Show the controls in one row, inside a horizontal container.

    Args:
        view: what is shown now.
        query: as the catalog is asked for it.
    """
    if view.shelf == UNSURE:
        _threshold(query.unsure_below)
    if view.stacked or stacks.may_be(query.collection_id):
        st.toggle(
            "Stack sequences",
            **_bound("stacked", view.stacked),
            help="Photos of a folder at most 60 s apart are shown as one, with one tag by the mean of their "
            "logits. Keys and bulk changes set all of them; open a stack to see each.",
        )
    st.selectbox(
        "Sort",
        list(_SORT_WORDS),
        **_bound("sort", view.sort),
        format_func=_SORT_WORDS.__getitem__,
        label_visibility="collapsed",
        width=190,
    )
    with st.popover("Filters", icon=":material/filter_list:", width="content"):
        _narrowing(view, query)


def show_active(view: View) -> None:
    """Name each filter that narrows the view, with a cross that takes it away."""
    if not view.is_filtered:
        return
    with st.container(horizontal=True, key="browse_filters"):
        for field, text in _active(view):
            st.button(
                escaped(text),
                icon=":material/close:",
                icon_position="right",
                key=f"filter:drop:{field}",
                help="Take this filter away",
                on_click=view_state.change,
                kwargs={field: getattr(View(), field)},
            )


def in_words(view: View) -> str:
    """Return order and filters of a view in words; nothing of the usual view."""
    sort = [] if view.sort is SortOrder.PATH else [_SORT_WORDS[view.sort]]
    words = "; ".join([*sort, *(text for _, text in _active(view))])
    return words[:1].lower() + words[1:]


def _active(view: View) -> Iterator[tuple[str, str]]:
    """Yield the field and the words of each filter that narrows the view."""
    for field, in_words in _FILTER_WORDS.items():
        value = getattr(view, field)
        if value != getattr(View(), field):
            yield field, in_words(value)


def _narrowing(view: View, query: PhotoQuery) -> None:
    st.selectbox(
        "Labels",
        list(_REVIEW_WORDS),
        index=None,
        **_bound("review", view.review),
        placeholder="Labelled or not",
        format_func=_REVIEW_WORDS.__getitem__,
    )
    st.slider(
        "Confidence",
        0.0,
        1.0,
        step=0.01,
        format="percent",
        **_bound("confidence", view.confidence, lambda ends: (round(ends[0], 2), round(ends[1], 2))),
    )
    for column, field, words in zip(
        st.columns(2), ("taken_from", "taken_to"), ("Taken from", "Taken to"), strict=True
    ):
        day = getattr(view, field)
        column.date_input(
            words,
            value=None,
            **_bound(field, day and date.fromisoformat(day), lambda chosen: chosen and chosen.isoformat()),
            min_value=date(1900, 1, 1),
            max_value=date(2100, 1, 1),
        )
    folders = collections.sub_folders(query.collection_id)
    known = {folder: f"{folder} ({count:,})" for folder, count in folders.items()}
    if view.folder is not None and view.folder not in known:
        known = {view.folder: view.folder, **known}
    st.selectbox(
        "Sub-folder",
        list(known),
        index=None,
        **_bound("folder", view.folder),
        placeholder="All sub-folders",
        format_func=known.__getitem__,
    )
    st.text_input(
        "File name contains",
        **_bound("name_contains", view.name_contains or "", lambda text: text.strip() or None),
        placeholder="IMG_20, fox…",
    )
    if view.shelf != UNSURE:
        _threshold(query.unsure_below)
    st.button(
        "Clear filters", key="filter:clear", disabled=not view.is_filtered, on_click=view_state.clear_filters
    )


def _threshold(unsure_below: float) -> None:
    st.slider(
        "Confidence threshold",
        0.0,
        1.0,
        step=0.05,
        format="percent",
        **_bound("unsure_below", unsure_below, lambda share: round(share, 2)),
        help="A photo whose confidence is below this goes to the Unsure shelf. Evaluate, under Confidence, "
        "finds the value for the accuracy that you want.",
        width=240,
    )


def _bound(field: str, value: Any, kept: Callable[[Any], Any] = lambda chosen: chosen) -> dict[str, Any]:
    """Return key and callback of a control of a field of the view; `kept` gives its value for a choice."""
    return address.bound(
        f"filter:{field}",
        value,
        lambda chosen: view_state.change(**{field: kept(chosen), "photo": None}),
    )
