"""Grey out parts of a photo and see the probabilities change: one model run for each change."""

from __future__ import annotations

import streamlit as st

from gallery.errors import GalleryError
from gallery.explanation.perturbation import Region
from gallery.services import explain
from gallery.services.explained_photo import ExplainedPhoto
from gallery.types import FloatArray, ModelCard, PhotoId, RgbImage
from gallery.ui.components import before_after, grey_out, theme, waiting
from gallery.ui.components.plain_text import escaped
from gallery.words import counted


@st.fragment
def show(photo: ExplainedPhoto, card: ModelCard) -> None:
    """Show the photo to draw on and the ten probabilities before and after."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        regions = grey_out.show(
            photo.screen_jpeg,
            photo_id=photo.photo_id,
            alt=f"The photo {photo.name}; rectangles drawn on it turn grey",
            key="explain_grey",
        )
    with right:
        loading = waiting.known(explain.loading_key(card)) or explain.loading_task(card)
        if not waiting.is_done(loading, "Getting ready", unit="steps", key="explain_grey_waiting"):
            return
        try:
            image = photo.model_input()
            before, after = _probabilities(card.weights_sha256, photo.photo_id, regions, card.model_id, image)
        except GalleryError as exc:
            st.warning(escaped(str(exc)), icon=":material/warning:")
            return
        names = photo.prediction.class_names
        if regions:
            what = f"With {counted(len(regions), 'rectangle')} greyed out"
            st.markdown(f"{what}: {before_after.sentence(names, before, after)}")
        else:
            st.markdown(
                "**Drag over the photo** to hide a part of it from the model; the bars change at once."
            )
        st.html(before_after.table_html(names, before, after, dark=theme.is_dark()))
        st.caption(
            "The rectangles are neutral grey (mean training colour). They do not show what is behind the "
            "animal, so small changes mean little."
        )


@st.cache_data(show_spinner=False, max_entries=256)
def _probabilities(
    weights: str,  # noqa: ARG001 - tells models apart in the cache
    photo_id: PhotoId,  # noqa: ARG001 - tells photos apart in the cache
    regions: tuple[Region, ...],
    model_id: str,
    _image: RgbImage,
) -> tuple[FloatArray, FloatArray]:
    """Return what the network says of the whole photo and of the greyed one, each (classes,)."""
    return explain.greyed_out(model_id, _image, regions)
