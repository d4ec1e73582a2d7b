"""Which labelled folder Evaluate looks at: a new one, or one that was opened before; and its tagging."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.errors import DatasetError, GalleryError
from gallery.settings import Settings
from gallery.types import Collection, CollectionKind, JobState, ModelCard
from gallery.ui import theme, wiring
from gallery.ui.evaluated_folder import EvaluatedFolder, check_layout, evaluate, training_photos
from gallery.ui.plain_text import escaped

_EXAMPLE = """\
my photos/
├── cane/      or dog/
│   ├── IMG_0001.jpg
│   └── IMG_0002.jpg
├── gatto/     or cat/
│   └── IMG_0417.jpg
└── mucca/     or cow/
    └── DSC_0099.jpg
"""
_LIVE = (JobState.QUEUED, JobState.RUNNING)


def choose(card: ModelCard, *, row: DeltaGenerator) -> Collection | None:
    """Show which folder is evaluated and let the user open another; None while none is chosen.

    Args:
        card: the model that is evaluated.
        row: the container that a chosen folder's box goes into.
    """
    collections = {c.collection_id: c for c in wiring.catalog().collections()}
    named = st.query_params.get("collection", "")
    chosen = collections.get(int(named)) if named.isascii() and named.isdigit() else None
    if chosen is None:
        if named:
            st.warning("This folder is not open any more. Give its path again, or choose another.", icon="🔎")
        _explain_layout(card)
        _path_box(card)
    if collections:
        with row if chosen else st.container(horizontal=True, vertical_alignment="bottom"):
            st.session_state["evaluate_collection"] = chosen.collection_id if chosen else None
            st.selectbox(
                "Labelled folder" if chosen else "Or one that is open already",
                list(collections),
                key="evaluate_collection",
                format_func=lambda number: collections[number].name,
                placeholder="Choose a folder",
                label_visibility="collapsed" if chosen else "visible",
                on_change=_open_chosen,
                width=320,
            )
            if chosen:
                with st.popover("Another folder", icon=":material/folder_open:"):
                    _path_box(card)
    return chosen


def _open_chosen() -> None:
    chosen = st.session_state["evaluate_collection"]
    st.query_params.from_dict({} if chosen is None else {"collection": str(chosen)})


def _explain_layout(card: ModelCard) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**How good is the model on your photos?** Give it photos whose animals you know, sorted into "
            "one sub-folder a class. It tags them, and this page compares its tags with your folders: "
            "accuracy, the confusion matrix, and every photo that it got wrong.\n\n"
            "Sub-folders may be named in English or Italian, singular or plural. The photos stay where they "
            "are; nothing is written into the folder."
        )
        names = ", ".join(theme.label_text(name) for name in card.class_names)
        st.markdown(f"**{escaped(card.name)}** knows {names}.")
    with right:
        st.code(_EXAMPLE, language=None)


def _path_box(card: ModelCard) -> None:
    with st.form("evaluate_open", border=False):
        path = st.text_input(
            "Folder on this machine", placeholder="/home/ada/photos/labelled", key="evaluate_path"
        )
        pressed = st.form_submit_button("Evaluate", type="primary")
    if not pressed:
        return
    if not path.strip():
        st.error("Give the path of a folder first.", icon="⚠️")
        return
    try:
        collection = start(Path(path.strip()), card)
    except GalleryError as exc:
        st.error(escaped(str(exc)), icon="⚠️")
        return
    st.query_params.from_dict({"collection": str(collection.collection_id)})
    st.rerun()


def start(folder: Path, card: ModelCard) -> Collection:
    """Return the folder as a collection whose tagging is under way.

    Raises:
        DatasetError: its layout cannot be evaluated; nothing was opened.
        GalleryError: it cannot be opened, or no job can start.
    """
    root = wiring.settings().allow(folder)
    with st.spinner("Looking at the folders ..."):
        check_layout(root, card.class_names)
    collection = wiring.catalog().add_collection(root, CollectionKind.FOLDER)
    wiring.start_job(collection.collection_id)
    return collection


def evaluated(collection: Collection, card: ModelCard) -> EvaluatedFolder | None:
    """Return the evaluation of what is tagged so far; None, with a sentence, when that cannot be."""
    job = wiring.catalog().latest_job(collection.collection_id)
    live = job is not None and job.state in _LIVE
    try:
        folder = _evaluated(
            wiring.settings(), wiring.catalog().revision(), collection.collection_id, card.model_id
        )
    except DatasetError as exc:
        if live:
            st.info("The first numbers appear when the first photos are tagged.", icon="⏳")
        else:
            st.error(escaped(str(exc)), icon="⚠️")
            _offer_tagging(collection)
        return None
    except GalleryError as exc:
        st.error(escaped(str(exc)), icon="⚠️")
        return None
    if live:
        st.info(f"Preliminary: the {folder.report.n:,} photos that are tagged so far.", icon="⏳")
    return folder


@functools.lru_cache(maxsize=4)
def _evaluated(_chosen: Settings, _revision: int, collection_id: int, model_id: str) -> EvaluatedFolder:
    """The settings and the catalog's revision make the cache forget."""
    catalog, store = wiring.catalog(), wiring.models()
    return evaluate(
        catalog,
        catalog.collection(collection_id),
        store.card(model_id),
        trained=training_photos(store, model_id),
    )


def _offer_tagging(collection: Collection) -> None:
    if st.button("Tag its photos", icon=":material/sell:", key="evaluate_tag"):
        try:
            wiring.start_job(collection.collection_id)
        except GalleryError as exc:
            st.error(escaped(str(exc)), icon="⚠️")
            return
        st.rerun()
