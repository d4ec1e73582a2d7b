"""The sidebar of Browse: which collection is open, and how new photos come in."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from gallery.errors import GalleryError
from gallery.services import collections as collections_service
from gallery.services import wiring
from gallery.services.folders import beside
from gallery.types import Collection, CollectionKind
from gallery.ui.components import folder_box, job_card, messages, upload_zone, view_state
from gallery.ui.components.plain_text import escaped
from gallery.web.addresses import BASE
from gallery.words import without_surrogates

_KINDS = {CollectionKind.FOLDER: "", CollectionKind.UPLOAD: " (uploaded)"}
_RECENT = 5
"""Folders offered again; more would push the path box out of sight."""


def show(collections: list[Collection], chosen: Collection | None) -> None:
    """Show the picker, the two ways in, and the job card.

    Args:
        collections: the one opened last first.
        chosen: the one that is shown.
    """
    with st.sidebar:
        st.markdown("#### :material/pets: Smart Gallery")
        if collections:
            _picker(collections, chosen)
        ways = st.container(horizontal=True)
        if ways.button("Open a folder", icon=":material/folder_open:", key="open_folder", width="stretch"):
            ask_for_folder()
        if ways.button("Upload", icon=":material/upload:", key="upload", width="stretch"):
            ask_for_upload()
        job_card.show(chosen.collection_id if chosen else None)
        active = wiring.active_model()
        if active is not None:
            st.page_link(
                "pages/models.py", label=f"Model: {escaped(active.name)}", icon=":material/neurology:"
            )


@st.dialog("Open a folder", width="medium")
def ask_for_folder() -> None:
    """Ask for a folder of this machine; its photos stay where they are."""
    collections_service.warm_up()
    st.caption("The photos stay where they are. Nothing is ever written into the folder.")
    folders = collections_service.opened_folders()
    start = beside(folders[0].root if folders else None)
    path = folder_box.show(start=start, base=BASE, key="folder_box") or _recent_folder(folders[:_RECENT])
    if path is not None:
        try:
            collection = collections_service.open_folder(path)
        except GalleryError as error:
            messages.show_error(error)
        else:
            view_state.open_collection(collection.collection_id)
            st.rerun()


def _recent_folder(recent: list[Collection]) -> Path | None:
    """Offer the folders opened last, and return the one that is clicked."""
    if not recent:
        return None
    st.caption("Opened before")
    with st.container(gap=None):
        for one in recent:
            label, key = escaped(without_surrogates(str(one.root))), f"recent_{one.collection_id}"
            if st.button(label, icon=":material/history:", type="tertiary", key=key):
                return one.root
    return None


@st.dialog("Upload photos", width="medium")
def ask_for_upload() -> None:
    """Take photos from the browser; for folders on this machine, opening is quicker."""
    collection_id = upload_zone.show(base=BASE, key="upload_zone")
    if collection_id is not None:
        view_state.open_collection(collection_id)
        st.rerun()


def _picker(collections: list[Collection], chosen: Collection | None) -> None:
    by_id = {one.collection_id: one for one in collections}
    if chosen is not None:
        st.session_state["collection"] = chosen.collection_id
    st.selectbox(
        "Collection",
        list(by_id),
        key="collection",
        format_func=functools.partial(_title, by_id),
        on_change=_picked,
        help=None if chosen is None else escaped(without_surrogates(str(chosen.root))),
    )


def _picked() -> None:
    chosen = st.session_state["collection"]
    if isinstance(chosen, int):  # a title that is out of date comes back as text
        view_state.open_collection(chosen)


def _title(by_id: dict[int, Collection], collection_id: int) -> str:
    """Return a title that stays the same while photos are counted, and that no other collection has."""
    one = by_id[collection_id]
    namesakes = sum(other.name == one.name for other in by_id.values())
    place = f" in {one.root.parent}" if namesakes > 1 and one.kind is CollectionKind.FOLDER else ""
    number = f" #{one.collection_id}" if namesakes > 1 and not place else ""
    return f"{without_surrogates(one.name + place)}{number}{_KINDS[one.kind]}"
