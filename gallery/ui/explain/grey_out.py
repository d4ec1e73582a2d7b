"""Grey out parts of a photo and see the probabilities change: one model run for each change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gallery.class_styles import style, text_colour
from gallery.errors import GalleryError
from gallery.explanation.perturbation import Region
from gallery.services import explain
from gallery.services.explained_photo import ExplainedPhoto
from gallery.types import FloatArray, ModelCard, PhotoId, RgbImage
from gallery.ui.components import grey_out, theme, waiting
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, counted, probability


@st.fragment
def show(photo: ExplainedPhoto, card: ModelCard) -> None:
    """Show the photo to draw on and the ten probabilities before and after."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        regions = grey_out.show(
            photo.screen_jpeg,
            photo_id=photo.photo_id,
            alt=f"The photo {photo.name}; rectangles drawn on it turn grey",
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
            st.markdown(f"{what}: {sentence(names, before, after)}")
        else:
            st.markdown(
                "**Drag over the photo** to hide a part of it from the model; the bars change at once."
            )
        st.html(table_html(names, before, after, dark=theme.is_dark()))
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


def table_html(
    class_names: Sequence[str], before: NDArray[np.floating], after: NDArray[np.floating], *, dark: bool
) -> str:
    """Return a row a class, surest before first: two bars, both shares and the difference in points.

    Args:
        class_names: K names in the order of the probabilities.
        before: (K,), sum 1.
        after: (K,), sum 1.
        dark: edges for the dark theme.
    """
    gap = np.asarray(after, np.float64) - before
    moved = int(np.abs(gap).argmax())
    rows = []
    for index in np.argsort(-np.asarray(before), kind="stable"):
        name = class_names[index]
        change = points(float(gap[index]))
        way = {"+": "up", "−": "down"}.get(change[0], "even")
        fill, edge = style(name, class_names).fill, text_colour(name, class_names, dark=dark)
        rows.append(
            f"<tr{' class=most' if index == moved and change != '0.0' else ''}>"
            f"<th scope='row'>{theme.label_html(name, class_names)}</th>"
            f"<td class='bars'><div class='was' style='width:{100 * before[index]:.2f}%'></div>"
            f"<div class='is' style='width:{100 * after[index]:.2f}%;background:{fill};border-color:{edge}'>"
            f"</div></td><td>{_share(before[index])}</td><td>{_share(after[index])}</td>"
            f"<td class='{way}'>{change}</td></tr>"
        )
    return (
        "<table class='before-after'><thead><tr><th scope='col'>Class</th>"
        "<th scope='col'>outline: whole photo, filled: part greyed</th><th scope='col'>whole</th>"
        "<th scope='col'>greyed</th><th scope='col'>points</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def points(gap: float) -> str:
    """Return a difference of two shares in percentage points, with its sign.

    Example:
        >>> points(0.1234), points(-0.5), points(0.0001)
        ('+12.3', '−50.0', '0.0')
    """
    rounded = round(100 * gap, 1)
    if rounded == 0:
        return "0.0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.1f}"


def sentence(class_names: Sequence[str], before: NDArray[np.floating], after: NDArray[np.floating]) -> str:
    """Return in words what the change did to the answer.

    Example:
        >>> sentence(["dog", "cat"], np.array([0.9, 0.1]), np.array([0.2, 0.8]))
        'The answer turns from **Dog** (90.0\\xa0%) to **Cat** (80.0\\xa0%).'
    """
    first, then = int(np.argmax(before)), int(np.argmax(after))
    old, new = class_title(class_names[first]), class_title(class_names[then])
    if first != then:
        return (
            f"The answer turns from **{old}** ({_share(before[first])}) to **{new}** ({_share(after[then])})."
        )
    return (
        f"The answer stays **{old}**: {_share(before[first])} before, {_share(after[first])} now "
        f"({points(float(after[first] - before[first]))} points)."
    )


def _share(value: float) -> str:
    return probability(float(value))
