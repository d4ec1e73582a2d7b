"""Where Explain's photo comes from: a collection or one uploaded file; every failure is a sentence."""

from __future__ import annotations

import hashlib

import streamlit as st

from gallery import settings
from gallery.errors import GalleryError, PhotoError
from gallery.services import explained_photo
from gallery.services.explained_photo import ExplainedPhoto
from gallery.types import ModelCard, Photo
from gallery.ui.components import messages
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped

CATALOG, UPLOAD = "My collections", "A single file"


def nothing_open() -> None:
    """Say what the page is for, before any collection was opened."""
    messages.empty(
        ":material/visibility:",
        "No collection has been opened yet",
        "Explain shows which parts of a photo a prediction rests on: the heatmap of the predicted class "
        "beside that of another class. Open a folder of photos on the Browse page to explain any of them, "
        "or add a single photo here.",
        page="browse",
    )


def choose_source() -> str:
    """Return CATALOG or UPLOAD."""
    return one_of("Photo from", (CATALOG, UPLOAD), key="explain_source")


def catalogued(photo: Photo, card: ModelCard) -> ExplainedPhoto | None:
    """Return a catalogued photo with what the model said of it; None, with a sentence, when that fails.

    No network is loaded, unless the model has not tagged the photo and the user asks for it now.
    """
    try:
        return explained_photo.catalogued(photo, card) or _not_tagged(photo, card)
    except GalleryError as exc:
        messages.show_error(exc)
        return None


def _not_tagged(photo: Photo, card: ModelCard) -> ExplainedPhoto | None:
    st.info(
        f"**{escaped(photo.display_name)}** has not been tagged by {escaped(card.name)} yet. Its "
        "collection's job will tag it, or tag this photo now.",
        icon=":material/hourglass_top:",
    )
    if st.session_state.get("explain_now") != photo.photo_id:
        st.button(
            "Explain it now",
            type="primary",
            on_click=lambda: st.session_state.update(explain_now=photo.photo_id),
        )
        return None
    with st.spinner("Loading the model and tagging the photo ...", show_time=True):
        return explained_photo.from_file(photo.path, photo.display_name, card)


def uploaded(card: ModelCard) -> ExplainedPhoto | None:
    """Take one photo and return it explained; None while there is none, or with a sentence when it fails."""
    file = st.file_uploader(
        "A photo",
        type=sorted(suffix.lstrip(".") for suffix in settings.PHOTO_SUFFIXES),
        key="explain_file",
        help="It is explained and not kept. To keep photos, upload them on the Browse page.",
    )
    if file is None:
        return None
    data = file.getvalue()
    key = (hashlib.sha256(data).hexdigest(), card.model_id)
    kept: tuple[tuple[str, str], ExplainedPhoto] | None = st.session_state.get("explain_uploaded")
    if kept is not None and kept[0] == key:
        return kept[1]
    try:
        with st.spinner("Loading the model and tagging the photo ...", show_time=True):
            photo = explained_photo.from_upload(data, file.name, card)
    except GalleryError as exc:
        messages.show_error(PhotoError(f"{exc} Try another file.") if isinstance(exc, PhotoError) else exc)
        return None
    st.session_state["explain_uploaded"] = (key, photo)
    return photo
