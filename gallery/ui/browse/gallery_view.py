"""The sorted gallery of one collection: shelves, controls, and the grid or what is said in its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from gallery.services import collections as collections_service
from gallery.services import stacks, uploads, wiring
from gallery.types import (
    ALL,
    UNLIKE,
    UNREADABLE,
    UNSURE,
    WAITING,
    Collection,
    CollectionKind,
    PhotoQuery,
    Shelf,
    display_path,
)
from gallery.ui.browse import collection_menu, filters
from gallery.ui.components import (
    dialogs,
    job_card,
    messages,
    photo_grid,
    shelf_strip,
    table,
    theme,
    view_state,
)
from gallery.ui.components.plain_text import escaped
from gallery.ui.components.view_state import View
from gallery.words import class_title, counted, photo_count, without_surrogates

_REFRESH_S = 2.0  # while a job runs: new photos appear without a click
_FIRST_S = 0.3  # until the first thumbnails are there
GRID = "gallery_grid"
_NAMED = 6
"""Classes that the sentence names."""


def show(collection: Collection) -> None:
    """Show a collection; while it is being tagged, the view follows by itself."""
    if collections_service.are_samples(collection):
        _show_sample_steps(collection.collection_id)
    live = job_card.is_live(collection.collection_id)
    card = wiring.active_model()
    if card is not None and not live:
        collections_service.measure_likeness(card)
    awaited = live and not _has_cover(_shelves(collection, view_state.current()))
    refresh_s = _FIRST_S if awaited else _REFRESH_S
    st.fragment(_gallery, run_every=refresh_s if live else None)(collection, live, awaited)


def _shelves(collection: Collection, view: View) -> tuple[Shelf, ...]:
    """Return the shelves of a whole collection."""
    model_id, class_names = wiring.shown_model()
    return view_state.shelves(view.query(collection.collection_id, model_id), class_names, narrowed=False)


def _has_cover(shelves: tuple[Shelf, ...]) -> bool:
    return any(shelf.cover_photo_id for shelf in shelves)


def _gallery(collection: Collection, live: bool, awaited: bool) -> None:
    with messages.boundary():
        view = view_state.current()
        model_id, class_names = wiring.shown_model()
        query = view.query(collection.collection_id, model_id)
        if view.stacked:
            stacks.settle(collection.collection_id, model_id)
        shelves = whole = _shelves(collection, view)
        _summary(collection, shelves)
        if view.is_filtered or view.stacked:
            shelves = view_state.shelves(query, class_names, narrowed=True)
        shelf_strip.show(
            shelves,
            chosen=view.shelf,
            on_choose=lambda name: view_state.change(shelf=name, photo=None),
        )
        with st.container():
            if _warn(collection) or view.is_filtered or any(shelf.count for shelf in shelves):
                _controls(view, query, class_names)
        unreadable = view.shelf == UNREADABLE
        file_ids = np.zeros(0, np.int64) if unreadable else collections_service.find_files(query)
        with st.container():  # always there: the grid, with its Undo, keeps its place on the page
            if unreadable:
                _unreadable(collection)
            elif not len(file_ids) and view.photo is None:
                _nothing(view, collection, shelves)
        opened = photo_grid.show(
            file_ids,
            collection_id=collection.collection_id,
            model_id=model_id,
            class_names=class_names,
            key=GRID,
            open_file_id=view.photo,
            scope=repr(query),
            stacked_photos=_count(shelves, view.shelf) if view.stacked else None,
            live=live,
            view=view,
        )
        if opened != view.photo:
            view_state.change(photo=opened)
        view_state.write_address()
        if awaited and _has_cover(whole) and not dialogs.any_open():
            st.rerun()  # from now on less often


def _show_sample_steps(collection_id: int) -> None:
    with st.container(key="sample_steps", border=True):
        words, explain, evaluate = st.columns([7, 1.1, 1.2], vertical_alignment="center")
        words.markdown(
            "**Sample photos.** Click one: press the number of its class where the tag is wrong, `X` for "
            "another animal (the duck, the owl, the pig). Then see what a tag rests on, and how many are "
            "right."
        )
        explain.page_link("pages/explain.py", label="Explain", icon=":material/visibility:")
        evaluate.page_link(
            "pages/evaluate.py",
            label="Evaluate",
            icon=":material/query_stats:",
            query_params={"collection": str(collection_id)},
        )


def _summary(collection: Collection, shelves: Sequence[Shelf]) -> None:
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


def _count(shelves: tuple[Shelf, ...], name: str) -> int:
    """Return how many photos lie on a shelf, or on all but those that could not be read."""
    return sum(one.count for one in shelves if one.name == name or (name == ALL and one.name != UNREADABLE))


def _controls(view: View, query: PhotoQuery, class_names: tuple[str, ...]) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", key="browse_controls", horizontal_alignment="right"
    ):
        title = "All photos" if view.shelf == ALL else class_title(view.shelf)
        st.subheader(
            f"{theme.icon_markdown(view.shelf, class_names)} {escaped(title)}", anchor=False, width="stretch"
        )
        if view.shelf != UNREADABLE:
            filters.show(view, query)
    filters.show_active(view)


def _warn(collection: Collection) -> bool:
    """Say what is missing that the photos are shown without; return whether the folder is gone."""
    if wiring.active_model() is None:
        st.warning(
            "There is no usable model, so new photos are not tagged. The Models page says why.",
            icon=":material/neurology:",
        )
    if not collections_service.is_gone(collection):
        return False
    shown, count = escaped(display_path(collection.root)), collection.photo_count
    what = f"{photo_count(count)} that {'was' if count == 1 else 'were'} in {shown}" if count else shown
    with st.container(border=True, key="folder_gone"):
        st.warning(
            f"{what} {'is' if count < 2 else 'are'} gone; is the disk connected? Tags and labels are kept, "
            "and you see the thumbnails. Connect the disk and check again, or say where the folder lies now.",
            icon=":material/folder_off:",
        )
        with st.container(horizontal=True):
            st.button("Check again", key="gone_again", icon=":material/refresh:")
            if collection.kind is CollectionKind.FOLDER and st.button(
                "Find it at its new place", key="gone_move", icon=":material/drive_file_move:"
            ):
                dialogs.ask(collection_menu.MOVE)
                st.rerun()  # the whole page, which draws the dialog
    return True


def _nothing(view: View, collection: Collection, shelves: tuple[Shelf, ...]) -> None:
    known = sum(shelf.count for shelf in shelves)
    unreadable = sum(shelf.count for shelf in shelves if shelf.name == UNREADABLE)
    if view.is_filtered:
        messages.empty(":material/search:", "No photo matches these filters", "Widen them, or clear them.")
        st.container(horizontal_alignment="center").button(
            "Clear filters", key="empty:clear", on_click=view_state.clear_filters
        )
    elif job_card.is_live(collection.collection_id) and not known:
        messages.empty(
            ":material/hourglass_top:", "Looking through the folder", "The first photos appear in a moment."
        )
    elif known == 0:
        messages.empty(
            ":material/landscape:",
            "There are no photos in this folder",
            "JPEG, PNG, TIFF, WebP, BMP, GIF and AVIF files are shown, also those in sub-folders. Open "
            "another folder, or put photos into this one and check again.",
        )
    elif unreadable == known:
        messages.empty(
            ":material/block:",
            "None of the files could be read",
            "The shelf Unreadable says why, file by file.",
        )
    elif view.shelf == WAITING:
        messages.empty(
            ":material/check_circle:", "Nothing waits", "Every photo of this collection is tagged."
        )
    else:
        name = class_title(view.shelf)
        messages.empty(
            theme.icon_markdown(view.shelf, [shelf.name for shelf in shelves]),
            f"No photos on the shelf {name}",
            "Choose another shelf above.",
        )


def _unreadable(collection: Collection) -> None:
    skipped = collections_service.skipped_files(collection.collection_id)
    if not skipped:
        messages.empty(
            ":material/check_circle:", "Every file could be read", "Nothing was left out of this collection."
        )
        return
    st.caption("These files are left out. They stay where they are, and are tried again when they change.")
    table.skipped(skipped, collection.root)
