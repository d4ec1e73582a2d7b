"""Which labelled folder Evaluate looks at: a new one, or one that was opened before."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gallery.errors import GalleryError
from gallery.types import Collection, CollectionKind, ModelCard
from gallery.ui import folder_picker, theme, wiring
from gallery.ui.evaluated_folder import check_layout
from gallery.ui.plain_text import escaped

_EXAMPLE = """\
my photos/
├── cane/        or dog/
│   ├── IMG_0001.jpg
│   └── IMG_0002.jpg
├── gatto/       or cat/
│   └── IMG_0417.jpg
└── mucca/       or cow/
    └── DSC_0099.jpg
"""


def chosen_collection() -> Collection | None:
    """Return the collection that the address names; None when it names none that is there."""
    named = st.query_params.get("collection", "")
    if not (named.isascii() and named.isdigit()):
        return None
    return next((c for c in wiring.catalog().collections() if c.collection_id == int(named)), None)


def explain_layout(card: ModelCard) -> None:
    """Say what a labelled folder looks like, with an example."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**How good is the model on your photos?** Give it a folder of photos whose animals you know, sorted "
            "into one sub-folder a class. It tags them, and this page compares its tags with your folders: "
            "accuracy, the confusion matrix, and every photo it got wrong.\n\n"
            "Sub-folders may be named in English or Italian, singular or plural. The photos stay where they are; "
            "nothing is written into the folder."
        )
        names = ", ".join(theme.label_text(name) for name in card.class_names)
        st.markdown(f"{escaped(card.name)} knows: {names}.")
    with right:
        st.code(_EXAMPLE, language=None)


def open_folder(card: ModelCard) -> None:
    """Let the user give a folder; a good one is opened and its tagging started."""
    picked = folder_picker.show(key="evaluate_folder", button="Evaluate")
    if picked is None:
        return
    try:
        collection = start(picked, card)
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
