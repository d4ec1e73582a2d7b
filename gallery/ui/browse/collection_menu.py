"""What can be done with a collection as a whole: rename it, find it at its new place, remove it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gallery.errors import GalleryError
from gallery.services import clocks, imported_labels, uploads
from gallery.services import collections as collections_service
from gallery.types import Collection, display_path
from gallery.ui.components import dialogs, folder_box, messages, view_state
from gallery.ui.components.plain_text import escaped
from gallery.words import photo_count

MOVE, LEFT_OUT = "move", "left out"
"""The names of dialogs that others open with `dialogs.ask`."""


def show(collection: Collection) -> None:
    """Show the button whose menu has all of them."""
    titles = {name: title for name, (title, _) in _DIALOGS.items() if title}
    if collections_service.holds_files(collection):
        del titles[MOVE]
    st.menu_button(
        "More",
        list(titles),
        key="collection_menu",
        format_func=titles.__getitem__,
        help="Rename, find at its new place, take labels, correct dates, remove",
        on_click=lambda: dialogs.ask(st.session_state["collection_menu"]),
    )


def show_dialog(collection: Collection) -> None:
    """Draw the dialog that is open, if one of these is."""
    for name, (_, draw) in _DIALOGS.items():
        if dialogs.asked(name):
            draw(collection)


@st.dialog("Rename the collection", on_dismiss=dialogs.close)
def _rename(collection: Collection) -> None:
    with st.form("rename_form", border=False):
        name = st.text_input("Name", value=collection.name, key="collection_name", max_chars=200)
        st.caption("Only the name in this gallery changes; the folder keeps its own.")
        if st.form_submit_button("Rename", type="primary"):
            _do(lambda: collections_service.rename(collection.collection_id, name))


@st.dialog("Find the collection at its new place", width="large", on_dismiss=dialogs.close)
def _move(collection: Collection) -> None:
    st.markdown(
        f"**{escaped(collection.name)}** was in {escaped(display_path(collection.root))}. Choose the folder "
        "that holds its photos now: tags and labels stay with them, also where files were renamed."
    )
    others = [
        one for one in collections_service.opened_folders() if one.collection_id != collection.collection_id
    ]
    path = folder_box.show(recent=others, key="move_box")
    if path is not None:
        _do(lambda: collections_service.move(collection.collection_id, path))


@st.dialog("Take labels or boxes from a file", width="large", on_dismiss=dialogs.close)
def _take(collection: Collection) -> None:
    st.markdown(
        "A table (CSV, Timelapse's too), results of MegaDetector (JSON), a Camtrap DP package or a folder of "
        "XMP sidecars. Labels that people gave here stay. Boxes are drawn over the large photo, and photos "
        "without an animal go to the shelves blank, human and vehicle. This works without a detector; "
        "[MegaDetector](https://github.com/agentmorris/MegaDetector) or AddaxAI makes such a file."
    )
    named = st.selectbox(
        "File",
        [display_path(one) for one in imported_labels.beside(collection.root)],
        index=None,
        accept_new_options=True,
        placeholder="Choose one that lies beside the photos, or paste a path",
        key="take_file",
    )
    of_models = st.checkbox("Also take what only a model said, as labels", key="take_of_models")
    if st.button("Take", type="primary", disabled=not named, key="take_yes") and named:
        with messages.boundary():
            taken = imported_labels.take(collection.collection_id, named, of_models=of_models)
            st.success(escaped(" ".join(taken.sentences())), icon=":material/check_circle:")


@st.dialog("Correct the camera clock", on_dismiss=dialogs.close)
def _clock(collection: Collection) -> None:
    number = collection.collection_id
    st.markdown(
        "For a camera whose clock was set wrongly: say what has to be added to its dates, such as "
        "**+1 year -2 h** or **-35 min**. Dates, sequences and exports follow; the files keep their dates."
    )
    kept = clocks.shifts(number)
    folder = st.selectbox(
        "Photos of",
        ["", *collections_service.sub_folders(number)],
        format_func=lambda name: (
            (name or "the whole collection") + (f" ({kept[name]})" if name in kept else "")
        ),
        key="clock_folder",
    )
    text = st.text_input(
        "Add to their dates",
        value=kept.get(folder, ""),
        placeholder="+1 year -2 h",
        key=f"clock_shift {folder}",
    )
    if text:
        try:
            shown = clocks.example(number, folder, text)
        except GalleryError as error:
            messages.show_error(error)
            return
        if shown is not None:
            then = "no date" if shown.shifted is None else shown.shifted.replace("T", " ")
            st.caption(escaped(f"{shown.name}: {shown.in_file.replace('T', ' ')} becomes {then}."))
        else:
            st.caption("None of these photos has a date in its file.")
    with st.container(horizontal=True):
        if st.button("Keep", type="primary", disabled=not text, key="clock_keep"):
            _do(lambda: clocks.shift(number, folder, text))
        if folder in kept and st.button("Remove the shift", key="clock_remove"):
            _do(lambda: clocks.shift(number, folder, None))


@st.dialog("Remove the collection", on_dismiss=dialogs.close)
def _remove(collection: Collection) -> None:
    photos = photo_count(collection.photo_count)
    labelled = collections_service.label_count(collection.collection_id)
    is_upload = collections_service.holds_files(collection)
    if is_upload:
        st.warning(
            f"The {photos} of this upload ({uploads.size_bytes(collection) / 1e6:,.1f} MB) are deleted from "
            "this computer, for good. Your own copies, wherever you uploaded them from, are not touched.",
            icon=":material/delete_forever:",
        )
    else:
        st.markdown(
            f"**{escaped(collection.name)}** disappears from this gallery. Its {photos} stay where they are, "
            f"in {escaped(display_path(collection.root))}: no file is deleted or changed."
        )
    kept = f"The labels of {photo_count(labelled)} are" if labelled else "Tags are"
    st.markdown(
        f"{kept} kept: they belong to the pictures, and are there again when the same photos are "
        f"{'uploaded' if is_upload else 'opened'} again."
        + (" To have them as a table first, export a CSV in Browse." if labelled else "")
    )
    with st.container(horizontal=True):
        if st.button(
            "Delete the upload" if is_upload else "Remove", type="primary", key="collection_remove_yes"
        ):
            _do(lambda: collections_service.remove(collection.collection_id))
        if st.button("Keep it", key="collection_remove_no"):
            dialogs.close()
            st.rerun()


@st.dialog("What the upload left out", width="large", on_dismiss=dialogs.close)
def _left_out(collection: Collection) -> None:
    left_out = uploads.left_out(collection)
    st.dataframe(
        {"File": [one.name for one in left_out], "Reason": [one.reason for one in left_out]},
        hide_index=True,
        width="stretch",
    )


def _do(act: Callable[[], object]) -> None:
    """Do what a dialog asks for; it closes when that has worked."""
    with messages.boundary():
        act()
        dialogs.close()
        view_state.change(photo=None)
        st.rerun()


_DIALOGS: dict[str, tuple[str, Callable[[Collection], None]]] = {
    "rename": (":material/edit: Rename", _rename),
    MOVE: (":material/drive_file_move: Find at its new place", _move),
    "take": (":material/label: Take labels or boxes from a file", _take),
    "clock": (":material/schedule: Correct the camera clock", _clock),
    "remove": (":material/delete: Remove", _remove),
    LEFT_OUT: ("", _left_out),
}
"""By the names for `dialogs.ask`: the title in the menu, "" for one that is not there, and what draws it."""
