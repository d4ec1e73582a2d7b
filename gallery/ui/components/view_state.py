"""Which view Browse shows: in its address, where a link or a bookmark gives it again, and in the session."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gallery.services import collections
from gallery.types import ALL, PhotoQuery, Review, Shelf, SortOrder

_VIEW, _WRITTEN = "browse:view", "browse:written"
_REMEMBERED = 50

_SORTS = {
    "path": SortOrder.PATH,
    "date": SortOrder.TAKEN_AT,
    "newest": SortOrder.NEWEST,
    "name": SortOrder.NAME,
    "certain": SortOrder.MOST_CERTAIN,
    "uncertain": SortOrder.LEAST_CERTAIN,
}
_REVIEWS = {"people": Review.BY_PEOPLE, "open": Review.OPEN, "disagrees": Review.DISAGREES}

_Choice = TypeVar("_Choice", SortOrder, Review)


@dataclass(frozen=True, slots=True)
class View:
    """What is open in Browse; the defaults are not written into the address."""

    collection_id: int | None = None
    shelf: str = ALL
    sort: SortOrder = SortOrder.PATH
    unsure_below: float | None = None  # None: as chosen for the model
    confidence: tuple[float, float] = (0.0, 1.0)  # from, to
    taken_from: str | None = None
    taken_to: str | None = None
    folder: str | None = None
    name_contains: str | None = None
    review: Review | None = None
    stacked: bool = False
    photo: int | None = None

    @property
    def is_filtered(self) -> bool:
        """Return whether anything besides the shelf narrows what is shown."""
        return self != replace(self.without_filters(), photo=self.photo)

    def without_filters(self) -> View:
        return View(self.collection_id, self.shelf, self.sort, self.unsure_below, stacked=self.stacked)

    def query(self, collection_id: int, model_id: str) -> PhotoQuery:
        """Return the view as the catalog is asked for it, with the threshold that holds."""
        return PhotoQuery(
            collection_id,
            model_id,
            shelf=self.shelf,
            unsure_below=collections.unsure_below(model_id, self.unsure_below),
            min_confidence=self.confidence[0],
            max_confidence=self.confidence[1],
            taken_from=self.taken_from,
            taken_to=self.taken_to,
            folder=self.folder,
            name_contains=self.name_contains,
            review=self.review,
            sort=self.sort,
            stacked=self.stacked,
        )


def read(parameters: Mapping[str, str]) -> View:
    """Return the view of an address; a part that makes no sense is as if it were not there.

    Example:
        >>> read({"shelf": "cat", "sort": "uncertain", "sure": "0.2-0.9", "photo": "x"}).confidence
        (0.2, 0.9)
    """
    parts = {}
    for name, (field, from_text, _) in _PARAMETERS.items():
        with contextlib.suppress(ValueError, KeyError):
            if text := parameters.get(name):
                parts[field] = from_text(text)
    return View(**parts)


def written(view: View) -> dict[str, str]:
    """Return the parameters of a view; `read` gives the same view again.

    Example:
        >>> written(View(collection_id=3, shelf="cat", confidence=(0.5, 1.0)))
        {'collection': '3', 'shelf': 'cat', 'sure': '0.5-1'}
    """
    usual = View()
    return {
        name: to_text(value)
        for name, (field, _, to_text) in _PARAMETERS.items()
        if (value := getattr(view, field)) != getattr(usual, field)
    }


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number < 1 << 63:
        raise ValueError(f"no catalog counts to {number}")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"{share} is not between 0 and 1")
    return share


def _range(text: str) -> tuple[float, float]:
    first, second = (_share(end) for end in text.split("-"))
    return min(first, second), max(first, second)


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _one_of(choices: Mapping[str, _Choice]) -> tuple[Callable[[str], _Choice], Callable[[_Choice], str]]:
    """Return how one of some choices is read, and how it is written."""
    return choices.__getitem__, {choice: name for name, choice in choices.items()}.__getitem__


_PARAMETERS: dict[str, tuple[str, Callable[[str], Any], Callable[[Any], str]]] = {
    "collection": ("collection_id", _number, str),
    "shelf": ("shelf", lambda text: text[:80], str),
    "sort": ("sort", *_one_of(_SORTS)),
    "unsure": ("unsure_below", _share, "{:g}".format),
    "sure": ("confidence", _range, lambda ends: f"{ends[0]:g}-{ends[1]:g}"),
    "from": ("taken_from", _day, str),
    "to": ("taken_to", _day, str),
    "folder": ("folder", str, str),
    "name": ("name_contains", lambda text: text[:200], str),
    "review": ("review", *_one_of(_REVIEWS)),
    "stacked": ("stacked", "1".__eq__, lambda _: "1"),
    "photo": ("photo", _number, str),
}
"""Of each parameter of the address the field of `View`, how it is read (ValueError or KeyError where it makes
no sense), and how it is written."""


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
        known = read(parameters)
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
    wanted = written(st.session_state[_VIEW])
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
