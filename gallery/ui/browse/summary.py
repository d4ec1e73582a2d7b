"""The first line of an opened collection: how many photos, of what, and what is not among them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from gallery.services import uploads
from gallery.types import UNLIKE, UNREADABLE, UNSURE, WAITING, Collection, Shelf
from gallery.ui.browse import collection_menu
from gallery.ui.components import dialogs
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, counted, photo_count, without_surrogates

_NAMED = 6
"""Classes that the sentence names."""


def show(collection: Collection, shelves: Sequence[Shelf]) -> None:
    """Show the line; what an upload left out can be read from there, whenever it was."""
    left_out = uploads.left_out(collection)
    with st.container(horizontal=True, vertical_alignment="center", key="collection_line"):
        st.caption(escaped(sentence(collection.name, shelves)), width="content")
        if left_out and st.button(
            f"{counted(len(left_out), 'file')} left out: see why",
            key="left_out",
            type="tertiary",
            icon=":material/info:",
        ):
            dialogs.ask(collection_menu.LEFT_OUT)
            st.rerun()  # the whole page: this line follows the job by itself, and draws no dialog


def sentence(name: str, shelves: Sequence[Shelf]) -> str:
    """Return how many photos a collection has, of what.

    Example:
        >>> sentence("trip", [Shelf("dog", 2, corrected=1), Shelf("cat", 0), Shelf(WAITING, 1)])
        '3 photos in trip: 2 dog; 1 not tagged yet; 1 labelled by people'
    """
    counts = {shelf.name: shelf.count for shelf in shelves if shelf.count}
    beside = {
        UNLIKE: counts.pop(UNLIKE, 0),
        "unsure": counts.pop(UNSURE, 0),
        "not tagged yet": counts.pop(WAITING, 0),
        "labelled by people": sum(shelf.corrected for shelf in shelves),
        "unreadable": counts.pop(UNREADABLE, 0),
    }
    classes = sorted(counts.items(), key=lambda one: -one[1])
    photos = sum(counts.values()) + beside[UNLIKE] + beside["unsure"] + beside["not tagged yet"]
    named = [f"{count:,} {class_title(label).lower()}" for label, count in classes[:_NAMED]]
    if others := sum(count for _, count in classes[_NAMED:]):
        named.append(f"{others:,} of other classes")
    first = f"{photo_count(photos)} in {without_surrogates(name)}"
    parts = [f"{first}: {', '.join(named)}" if named else first]
    return "; ".join(parts + [f"{count:,} {what}" for what, count in beside.items() if count])
