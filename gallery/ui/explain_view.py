"""What Explain shows of one photo: two heatmaps on one scale, the raw maps, and the ten probabilities."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import streamlit as st

from gallery.errors import GalleryError
from gallery.photos import heatmap
from gallery.photos.decode import picture_from_jpeg
from gallery.types import RgbImage
from gallery.ui import charts, probability_bars, theme
from gallery.ui.explained_photo import ExplainedPhoto
from gallery.ui.heatmap_view import COLOUR_MAPS, MapPair, caption, gradient_css
from gallery.ui.plain_text import escaped

_STYLE = """<style>
.st-key-explain_pair img { max-height: 66vh; object-fit: contain; object-position: left top; }
</style>"""


@st.fragment
def show(photo: ExplainedPhoto, model_name: str) -> None:
    """Show one photo and why the model says so; every choice runs this part of the page alone."""
    names = photo.prediction.class_names
    compared = _compared_class(photo)
    maps, bars = st.columns([3, 1], gap="medium")
    with bars:
        _probabilities(photo, compared, model_name)
    with maps:
        if photo.note:
            st.warning(escaped(photo.note), icon="⚠️")
        picture = picture_from_jpeg(photo.screen_jpeg)
        if photo.cams is None:
            st.image(picture, width="stretch", alt=f"The photo {photo.name}")
            st.info(f"{escaped(model_name)} has no class activation maps, so there is no heatmap to show.")
            return
        opacity, colour_map = _controls()
        first, second = (photo.cams[names.index(name)] for name in (photo.prediction.label, compared))
        pair = MapPair(first, second, colour_map)
        st.html(_STYLE)
        for column, cam, name, role in zip(
            st.container(key="explain_pair").columns(2),
            (first, second),
            (photo.prediction.label, compared),
            ("predicted", "compared"),
            strict=True,
        ):
            with column:
                _heatmap(photo, picture, pair, cam, name, opacity=opacity, role=role)
        _scale(pair)
        _small_pictures(picture, pair, photo.prediction.label, compared)


def _compared_class(photo: ExplainedPhoto) -> str:
    """Return the class beside the predicted one: the address's, else the second most probable."""
    asked = st.query_params.get("class")
    if asked in photo.prediction.class_names and asked != photo.prediction.label:
        return asked
    second = int(np.argsort(-photo.prediction.probabilities, kind="stable")[1])
    return photo.prediction.class_names[second]


def _compare_with(name: str | None) -> None:
    if name:
        st.query_params["class"] = name


def _probabilities(photo: ExplainedPhoto, compared: str, model_name: str) -> None:
    st.markdown(f"**{escaped(photo.name)}** as {escaped(model_name)} sees it:")
    probability_bars.show(
        probability_bars.bars(
            photo.prediction.class_names,
            photo.prediction.probabilities,
            chosen=compared,
            person_label=photo.person_label,
            dark=charts.is_dark(),
        ),
        key="explain_bars",
        on_choose=_compare_with,
    )
    others = [name for name in photo.prediction.class_names if name != photo.prediction.label]
    st.session_state["explain_compared"] = compared
    st.selectbox(
        "Compare with",
        others,
        key="explain_compared",
        format_func=theme.label_text,
        on_change=lambda: _compare_with(st.session_state["explain_compared"]),
        help="The class whose heatmap stands beside the predicted one. A click on a bar does the same.",
    )
    if photo.person_label is not None:
        agrees = photo.person_label == photo.prediction.label
        st.markdown(
            f"A person labelled it **{theme.label_text(photo.person_label)}**"
            + (", as the model did." if agrees else ". That label counts; the model's is kept beside it.")
        )
    st.caption("Grad-CAM of the class's score (logit), from the network's last convolutional layer.")


def _controls() -> tuple[float, str]:
    opacity, colours = st.columns([1, 1], vertical_alignment="bottom")
    percent = opacity.slider(
        "Heatmap opacity", 0, 100, 55, step=5, format="%d %%", key="explain_opacity", persist_state="session"
    )
    colour_map = colours.selectbox(
        "Colours",
        list(COLOUR_MAPS),
        format_func=COLOUR_MAPS.__getitem__,
        key="explain_colours",
        persist_state="session",
    )
    return percent / 100, colour_map


def _heatmap(
    photo: ExplainedPhoto,
    picture: RgbImage,
    pair: MapPair,
    cam: np.ndarray,
    name: str,
    *,
    opacity: float,
    role: str,
) -> None:
    probability = float(photo.prediction.probabilities[photo.prediction.class_names.index(name)])
    said = "Predicted" if role == "predicted" else "Compared"
    st.markdown(f"{said}: **{theme.label_text(name)}**, {probability_bars.share_text(probability)}")
    sentence = caption(pair, cam, name)
    st.image(
        pair.overlay(picture, cam, opacity=opacity),
        width="stretch",
        output_format="JPEG",
        alt=f"{photo.name} with the heatmap of {theme.plain_name(name)}. {sentence}.",
    )
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if heatmap.has_evidence(cam):
            st.markdown(sentence, width="content")
        else:
            st.markdown(f"**{sentence}.** Nothing in it raises this class's score.", width="content")
        st.download_button(
            "Download PNG",
            _png_of(photo, pair, cam, opacity),
            file_name=f"{photo.name.rsplit('.', 1)[0]}_{name}_heatmap.png",
            mime="image/png",
            icon=":material/download:",
            key=f"explain_png_{role}",
            on_click="ignore",
            help="The photo with this heatmap over it, at full view size.",
        )


def _png_of(
    photo: ExplainedPhoto, pair: MapPair, cam: np.ndarray, opacity: float
) -> Callable[[], io.BytesIO]:
    def png() -> io.BytesIO:
        try:
            picture = picture_from_jpeg(photo.full_jpeg())
        except GalleryError:  # the file vanished after the page was drawn: its smaller picture is at hand
            picture = picture_from_jpeg(photo.screen_jpeg)
        return io.BytesIO(heatmap.png(pair.overlay(picture, cam, opacity=opacity)))

    return png


def _scale(pair: MapPair) -> None:
    st.html(
        "<div style='display:flex;gap:.7em;align-items:center;font-size:.85rem'><span>no evidence</span>"
        f"<span role='img' aria-label='Colour scale' style='flex:1;height:.7em;border-radius:.35em;"
        f"background:{gradient_css(pair.colour_map)}'></span><span>strongest of both maps</span></div>"
    )


def _small_pictures(picture: RgbImage, pair: MapPair, first: str, second: str) -> None:
    first_name, second_name = theme.plain_name(first), theme.plain_name(second)
    columns = st.columns(4)
    tiles = (
        (picture, "The photo", "The photo alone"),
        (
            pair.raw(pair.first, picture),
            f"Raw map, {first_name}",
            f"Raw {_shape(pair.first)} map of {first_name}",
        ),
        (
            pair.raw(pair.second, picture),
            f"Raw map, {second_name}",
            f"Raw {_shape(pair.second)} map of {second_name}",
        ),
        (
            pair.difference(picture),
            f"Orange: {first_name} and not {second_name}; purple: the reverse",
            f"Difference of the maps of {first_name} and {second_name}",
        ),
    )
    for column, (image, text, alt) in zip(columns, tiles, strict=True):
        column.image(image, caption=text, width="stretch", alt=alt)


def _shape(cam: np.ndarray) -> str:
    return f"{cam.shape[0]} x {cam.shape[1]}"
