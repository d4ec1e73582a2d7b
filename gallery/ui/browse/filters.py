"""The filters and the sort order of Browse; every change is kept in the view at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import streamlit as st

from gallery.types import UNSURE, Review, SortOrder
from gallery.ui.components import view_state
from gallery.ui.components.plain_text import escaped
from gallery.ui.components.view_address import View
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


def show(view: View, *, folders: Mapping[str, int], unsure_below: float, stackable: bool) -> None:
    """Show the controls in one row, inside a horizontal container.

    Args:
        view: what is shown now.
        folders: the collection's sub-folders, relative to its root, with their numbers of photos.
        unsure_below: the threshold that holds.
        stackable: the photos may make sequences.
    """
    if view.shelf == UNSURE:
        _threshold(unsure_below)
    if stackable:
        _keyed("stacked", view.stacked)
        st.toggle(
            "Stack sequences",
            key="filter:stacked",
            on_change=lambda: view_state.change(stacked=_value("stacked"), photo=None),
            help="Photos of a folder at most 60 s apart are shown as one, with one tag by the mean of their "
            "logits. Keys and bulk changes set all of them; open a stack to see each.",
        )
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
    with st.popover("Filters", icon=":material/filter_list:", width="content"):
        _narrowing(view, folders, unsure_below)


def show_active(view: View) -> None:
    """Name each filter that narrows the view, with a cross that takes it away."""
    if not view.is_filtered:
        return
    with st.container(horizontal=True, key="browse_filters"):
        for name, text, plain in _active(view):
            st.button(
                escaped(text),
                icon=":material/close:",
                icon_position="right",
                key=f"filter:drop:{name}",
                help="Take this filter away",
                on_click=view_state.change,
                kwargs=plain,
            )


def in_words(view: View) -> str:
    """Return order and filters of a view in words; nothing of the usual view."""
    sort = [] if view.sort is SortOrder.PATH else [_SORT_WORDS[view.sort]]
    words = "; ".join([*sort, *(text for _, text, _ in _active(view))])
    return words[:1].lower() + words[1:]


def _active(view: View) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, words and the parts of a view without it for each filter that narrows the view."""
    if (view.min_confidence, view.max_confidence) != (0.0, 1.0):
        text = f"Confidence {percent(view.min_confidence, 0)} to {percent(view.max_confidence, 0)}"
        yield "sure", text, {"min_confidence": 0.0, "max_confidence": 1.0}
    if view.taken_from:
        yield "taken_from", f"Taken from {view.taken_from}", {"taken_from": None}
    if view.taken_to:
        yield "taken_to", f"Taken to {view.taken_to}", {"taken_to": None}
    if view.folder is not None:
        yield "folder", f"Sub-folder {view.folder}", {"folder": None}
    if view.name_contains:
        yield "name", f"Name contains {view.name_contains}", {"name_contains": None}
    if view.review is not None:
        yield "review", _REVIEW_WORDS[view.review], {"review": None}


def _narrowing(view: View, folders: Mapping[str, int], unsure_below: float) -> None:
    _keyed("review", view.review)
    st.selectbox(
        "Labels",
        list(_REVIEW_WORDS),
        index=None,
        key="filter:review",
        placeholder="Labelled or not",
        format_func=_REVIEW_WORDS.__getitem__,
        on_change=lambda: view_state.change(review=_value("review"), photo=None),
    )
    _keyed("sure", (view.min_confidence, view.max_confidence))
    st.slider(
        "Confidence",
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
    known = {folder: f"{folder} ({count:,})" for folder, count in folders.items()}
    if view.folder is not None and view.folder not in options:
        options.insert(0, view.folder)
    _keyed("folder", view.folder)
    st.selectbox(
        "Sub-folder",
        options,
        index=None,
        key="filter:folder",
        placeholder="All sub-folders",
        format_func=lambda folder: known.get(folder, folder),
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
        "Confidence threshold",
        0.0,
        1.0,
        step=0.05,
        format="percent",
        key="filter:unsure",
        on_change=lambda: view_state.change(unsure_below=round(_value("unsure"), 2), photo=None),
        help="A photo whose confidence is below this goes to the Unsure shelf. Evaluate, under Confidence, "
        "finds the value for the accuracy that you want.",
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
