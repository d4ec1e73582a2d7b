"""What Explain shows of one photo: two heatmaps on one scale, the class probabilities, and details."""

from __future__ import annotations

import functools
import io

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery import words
from gallery.errors import GalleryError
from gallery.services import explained_photo, heatmaps
from gallery.services.explain import Choice
from gallery.services.explained_photo import ExplainedPhoto
from gallery.services.heatmaps import COLOUR_MAPS, MapPair
from gallery.types import FloatArray, ModelCard, RgbImage
from gallery.ui.components import address, probability_bars, theme
from gallery.ui.components.plain_text import escaped
from gallery.ui.explain import difference as explain_difference
from gallery.ui.explain import grey_out as explain_grey_out
from gallery.ui.explain import labels
from gallery.ui.explain import methods as explain_methods
from gallery.ui.explain import trust as explain_trust
from gallery.ui.explain.difference import caption, scale_html
from gallery.words import class_title

WHY, TRUST, GREY = "Difference of both classes", "Test the heatmap", "Grey out a part"


@st.fragment
def show(photo: ExplainedPhoto, card: ModelCard, *, collection_id: int | None) -> None:
    """Show one photo with its heatmaps; every choice runs this part of the page alone.

    Args:
        photo: what is explained.
        card: the model.
        collection_id: in which it is labelled; None for a photo that is in none.
    """
    compared = _compared_class(photo)
    left, right = st.columns([3, 1], gap="medium")
    with right:
        _probabilities(photo, compared, card.name)
        if collection_id is not None:
            labels.show(photo, card, collection_id)
    with left:
        if photo.note:
            st.warning(escaped(photo.note), icon=":material/warning:")
        boxes = st.container(key="explain_boxes").columns([1.4, 1.3, 1, 1], vertical_alignment="bottom")
        choice = explain_methods.choose(card, method_box=boxes[0], layer_box=boxes[1])
        opacity, colour_map = _controls(boxes[2], boxes[3])
        picture = explained_photo.picture(photo.screen_jpeg)
        pictures, below = st.container(), st.container()  # what is said below does not move the pictures
        with below:
            pair = _pair(photo, choice, compared, colour_map)
            if pair is not None:
                colours = heatmaps.colour_steps(colour_map)
                st.html(scale_html("no evidence", "strongest of both heatmaps", colours, alt="Colour scale"))
            _what_it_shows(choice)
        with pictures:
            _heatmaps(photo, picture, pair, compared, opacity)
    why, trust, grey = st.tabs([WHY, TRUST, GREY], key="explain_tab", on_change="rerun")
    if why.open:  # only the open tab is computed
        with why:
            if pair is None:
                st.caption("Appears with the heatmaps.")
            else:
                explain_difference.show(picture, pair, photo.prediction.label, compared)
    if trust.open:
        with trust:
            explain_trust.show(photo, choice, pair, compared)
    if grey.open:
        with grey:
            explain_grey_out.show(photo, card)


def _pair(photo: ExplainedPhoto, choice: Choice, compared: str, colour_map: str) -> MapPair | None:
    """Return the maps of the predicted and the compared class; None, with a sentence, where there are none"""
    unasked = st.session_state.get("explain_compute") != photo.photo_id
    if choice.is_stored and photo.cams is None and choice.card.backbone is None and unasked:
        st.info("No heatmap of this photo is stored. It can be computed now.")
        st.button(
            "Compute it",
            on_click=lambda: st.session_state.update(explain_compute=photo.photo_id),
            key="explain_compute_now",
        )
        return None
    names = photo.prediction.class_names
    try:
        found = explain_methods.maps(photo, choice, [photo.prediction.class_index, names.index(compared)])
    except GalleryError as exc:
        st.warning(f"{escaped(str(exc))} Only the stored heatmap can be shown.", icon=":material/warning:")
        return None
    return None if found is None else MapPair(found[0], found[1], colour_map)


def _heatmaps(
    photo: ExplainedPhoto, picture: RgbImage, pair: MapPair | None, compared: str, opacity: float
) -> None:
    """Show both heatmaps side by side; in their places the photo, as long as there are none."""
    names = photo.prediction.class_names
    columns = st.container(key="explain_pair").columns(2)
    for column, name, role in zip(
        columns, (photo.prediction.label, compared), ("predicted", "compared"), strict=True
    ):
        with column:
            probability = words.probability(float(photo.prediction.probabilities[names.index(name)]))
            st.markdown(f"{role.capitalize()}: **{theme.label_markdown(name, names)}**, {probability}")
            if pair is None:
                st.image(picture, width="stretch", output_format="JPEG", alt=f"The photo {photo.name}")
                st.caption(f"No heatmap of {class_title(name)} yet.")
                continue
            cam = pair.first if role == "predicted" else pair.second
            sentence = caption(pair, cam, name)
            st.image(
                pair.overlay(picture, cam, opacity=opacity),
                width="stretch",
                output_format="JPEG",
                alt=f"{photo.name} with the heatmap of {class_title(name)}. {sentence}.",
            )
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                if not heatmaps.has_evidence(cam):
                    sentence = f"**{sentence}.** No part of it raises the score of this class."
                st.markdown(sentence, width="content")
                st.download_button(
                    "Download PNG",
                    functools.partial(_png, photo, pair, cam, opacity),
                    file_name=f"{photo.name.rsplit('.', 1)[0]}_{name}_heatmap.png",
                    mime="image/png",
                    icon=":material/download:",
                    key=f"explain_png_{role}",
                    on_click="ignore",
                    help="The photo with this heatmap, in full size.",
                )


def _png(photo: ExplainedPhoto, pair: MapPair, cam: FloatArray, opacity: float) -> io.BytesIO:
    try:
        picture = explained_photo.picture(photo.full_jpeg())
    except GalleryError:  # the file vanished after the page was drawn: its smaller picture is there
        picture = explained_photo.picture(photo.screen_jpeg)
    return io.BytesIO(heatmaps.png(pair.overlay(picture, cam, opacity=opacity)))


def _what_it_shows(choice: Choice) -> None:
    """Say in words what the method shows, whose it is and how long it takes here."""
    method, seconds = choice.method, choice.seconds
    took = f" It took {words.duration(seconds)} here." if seconds else ""
    if not method.by_class:
        took += " To compare classes, choose another method."
    with st.container(horizontal=True, vertical_alignment="center"):
        explain_methods.about()
        st.caption(f"{method.title} ({method.source}). {method.in_words}{took}", width="stretch")


def _compared_class(photo: ExplainedPhoto) -> str:
    """Return the class beside the predicted one: the address's, a person's label, or the runner-up."""
    asked = st.query_params.get("class")
    if asked in photo.prediction.class_names and asked != photo.prediction.label:
        return asked
    label = photo.person_label
    if label is not None and label in photo.prediction.class_names and label != photo.prediction.label:
        return label
    second = int(np.argsort(-photo.prediction.probabilities, kind="stable")[1])
    return photo.prediction.class_names[second]


def _compare_with(name: str) -> None:
    st.query_params["class"] = name


def _probabilities(photo: ExplainedPhoto, compared: str, model_name: str) -> None:
    st.markdown(f"**{escaped(photo.name)}**: probabilities by {escaped(model_name)}")
    probability_bars.show(
        photo.prediction,
        chosen=compared,
        person_label=photo.person_label,
        on_choose=_compare_with,
    )
    others = [name for name in photo.prediction.class_names if name != photo.prediction.label]
    st.selectbox(
        "Compare with",
        others,
        **address.bound("explain_compared", compared, _compare_with),
        format_func=class_title,
        help="The class whose heatmap stands beside the predicted one. A click on a bar does the same.",
    )
    if photo.person_label is not None:
        agrees = photo.person_label == photo.prediction.label
        label = theme.label_markdown(photo.person_label, photo.prediction.class_names)
        st.markdown(
            f"Labelled **{label}** by a person"
            + (", the same as predicted." if agrees else ". This label counts; the prediction is kept.")
        )


def _controls(opacity: DeltaGenerator, colours: DeltaGenerator) -> tuple[float, str]:
    percent = opacity.slider(
        "Heatmap opacity", 0, 100, 70, step=5, format="%d %%", key="explain_opacity", persist_state="session"
    )
    colour_map = colours.selectbox(
        "Colours",
        list(COLOUR_MAPS),
        format_func=COLOUR_MAPS.__getitem__,
        key="explain_colours",
        persist_state="session",
    )
    return percent / 100, colour_map
