"""The sidebar of Browse: which collection is open, what can be done with it, and how new photos come in."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from gallery.services import collections as collections_service
from gallery.services import uploads, wiring
from gallery.types import Collection, CollectionKind
from gallery.ui.browse import collection_menu
from gallery.ui.components import dialogs, folder_box, job_card, messages, upload_zone, view_state
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, counted, without_surrogates

_KINDS = {CollectionKind.FOLDER: "", CollectionKind.UPLOAD: " (uploaded)"}
FOLDER, UPLOAD = "folder", "upload"
"""The names of the two ways in, for `dialogs.ask`."""

_NAMED = 12
"""Classes that the first page names one by one."""

_FIRST_STEPS = """\
**Two minutes to try it**, with the sample photos or with twenty of your own:

1. **Open** a folder, or drop files on **Upload**. They are sorted within a minute.
2. **Correct** what is wrong: click a photo and press the number that stands beside the right class.
3. **Explain** shows what in the photo spoke for the class.
4. **Evaluate** counts how often the model was right: on what you labelled, or on a folder with one sub-folder
   per class.
"""


def show(collections: list[Collection], chosen: Collection | None) -> None:
    """Show the picker, the two ways in, the job card, and the dialog that is open.

    Args:
        collections: the one opened last first.
        chosen: the one that is shown.
    """
    with st.sidebar:
        st.markdown("#### :material/pets: Smart Gallery")
        if chosen is not None:
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                _picker(collections, chosen)
                collection_menu.show(chosen)
        ways = st.container(horizontal=True)
        for name, label, icon, key in (
            (FOLDER, "Open a folder", ":material/folder_open:", "open_folder"),
            (UPLOAD, "Upload", ":material/upload:", "upload"),
        ):
            ways.button(label, icon=icon, key=key, width="stretch", on_click=dialogs.ask, args=(name,))
        _broken_uploads()
        job_card.show(chosen.collection_id if chosen else None)
        active = wiring.active_model()
        if active is not None:
            st.page_link(
                "pages/models.py", label=f"Model: {escaped(active.name)}", icon=":material/neurology:"
            )
    if dialogs.asked(FOLDER):
        _ask_for_folder()
    elif dialogs.asked(UPLOAD):
        _ask_for_upload()
    elif chosen is not None:
        collection_menu.show_dialog(chosen)


def show_first_steps() -> None:
    """Show what a new user sees: what the model knows, the two ways in, and what comes after them."""
    _, class_names = wiring.shown_model()
    animals = [class_title(name).lower() for name in class_names]
    known = (
        f"{', '.join(animals[:-1])} and {animals[-1]}"
        if len(animals) <= _NAMED
        else counted(len(animals), "class", "classes")
    )
    messages.empty(
        ":material/pets:",
        "Open a folder and see it sorted",
        f"Choose a folder with photos of animals: a network on this machine sorts them into {known}. Nothing "
        "leaves the machine, and nothing is written into your folder.",
    )
    ways = st.container(horizontal=True, horizontal_alignment="center")
    ways.button(
        "Open a folder", type="primary", icon=":material/folder_open:", key="first_folder",
        on_click=dialogs.ask, args=(FOLDER,),
    )  # fmt: skip
    ways.button(
        "Upload photos", icon=":material/upload:", key="first_upload", on_click=dialogs.ask, args=(UPLOAD,)
    )
    samples = collections_service.sample_photos()
    if samples is not None and ways.button(
        "Try it with sample photos", icon=":material/play_circle:", key="first_samples"
    ):
        _open(samples)
    with st.container(key="first_steps", horizontal_alignment="center"):
        st.markdown(_FIRST_STEPS, width=560)


@st.dialog("Open a folder", width="large", on_dismiss=dialogs.close)
def _ask_for_folder() -> None:
    """Ask for a folder of this machine; its photos stay where they are."""
    collections_service.warm_up()
    st.caption(
        "The photos stay where they are, and nothing is ever written into the folder. Paste a path, type it, "
        "or choose a place."
    )
    path = folder_box.show(recent=collections_service.opened_folders(), key="folder_box")
    if path is not None:
        _open(path)


@st.dialog("Upload photos", width="medium", on_dismiss=dialogs.close)
def _ask_for_upload() -> None:
    """Take photos from the browser; for folders on this machine, opening is quicker."""
    collection_id = upload_zone.show(uploads.broken_off())
    if collection_id is not None:
        _opened(collection_id)


def _open(path: str | Path) -> None:
    with messages.boundary():
        _opened(collections_service.open_folder(path).collection_id)


def _opened(collection_id: int) -> None:
    view_state.open_collection(collection_id)
    dialogs.close()
    st.rerun()


def _broken_uploads() -> None:
    if broken := uploads.broken_off():
        st.button(
            f"{counted(len(broken), 'upload')} broken off: go on or delete",
            icon=":material/warning:",
            key="broken_uploads",
            type="tertiary",
            on_click=dialogs.ask,
            args=(UPLOAD,),
        )


def _picker(collections: list[Collection], chosen: Collection) -> None:
    """Let a person choose another collection.

    A menu acts on a click alone. A select box, whose options change when a
    folder is opened, sends the former choice again and so goes back to it.
    """
    by_id = {one.collection_id: one for one in collections}
    title = functools.partial(_title, by_id)
    st.menu_button(
        title(chosen.collection_id),
        list(by_id),
        key="collection",
        format_func=title,
        on_click=lambda: view_state.open_collection(st.session_state["collection"]),
        help=escaped(without_surrogates(str(chosen.root))),
        width="stretch",
    )


def _title(by_id: dict[int, Collection], collection_id: int) -> str:
    """Return a title that stays the same while photos are counted, and that no other collection has."""
    one = by_id[collection_id]
    namesakes = sum(other.name == one.name for other in by_id.values())
    place = f" in {one.root.parent}" if namesakes > 1 and one.kind is CollectionKind.FOLDER else ""
    number = f" #{one.collection_id}" if namesakes > 1 and not place else ""
    return escaped(f"{without_surrogates(one.name + place)}{number}{_KINDS[one.kind]}")
