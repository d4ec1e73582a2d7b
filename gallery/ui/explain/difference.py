"""What stands beside two classes' heatmaps: their scale, their signed difference, and the raw maps."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from gallery.services.heatmaps import (
    AGAINST_COLOUR,
    FOR_COLOUR,
    NEITHER_COLOUR,
    MapPair,
    has_evidence,
)
from gallery.types import FloatArray, RgbImage
from gallery.words import class_title, percent


def show(picture: RgbImage, pair: MapPair, first: str, second: str) -> None:
    """Show the difference of two classes' maps, the photo alone, and both maps as the network computed them.

    Args:
        picture: the photo.
        pair: the maps.
        first: the class of the first map, which the difference supports.
        second: the class that it speaks against.
    """
    names = class_title(first), class_title(second)
    difference, photo, raw_first, raw_second = st.columns([1.5, 1, 1, 1])
    with difference:
        st.image(
            pair.difference(picture),
            width="stretch",
            alt=f"Difference of the maps of {names[0]} and {names[1]}. {in_words(pair, *names)}",
        )
        st.html(difference_html(*names))
        st.markdown(in_words(pair, *names))
    photo.image(picture, caption="The photo", width="stretch", alt="The photo alone")
    for column, cam, name in zip((raw_first, raw_second), (pair.first, pair.second), names, strict=True):
        column.image(
            pair.raw(cam, picture),
            caption=f"Raw heatmap, {name}: {shape(cam)} cells",
            width="stretch",
            alt=f"Raw {shape(cam)} map of {name}",
        )


def in_words(pair: MapPair, first: str, second: str) -> str:
    """Return what the difference says of two classes.

    Example:
        >>> import numpy as np
        >>> left = np.array([[1, 0]], np.float32)
        >>> in_words(MapPair(left, left[:, ::-1]), "Dog", "Cat")
        'Orange: more evidence for Dog than for Cat (strongest in the upper left); purple: the reverse.'
    """
    if not has_evidence(pair.first) and not has_evidence(pair.second):
        return f"There is no evidence for {first} or {second} in the photo."
    gap = pair.first - pair.second
    if not gap.any():
        return "Both heatmaps are the same: this method does not depend on the class."
    if gap.max() <= 0:
        return f"No part of the photo supports {first} more than {second}."
    return (
        f"Orange: more evidence for {first} than for {second} (strongest in the {place(gap)}); purple: the "
        "reverse."
    )


def place(cam: FloatArray) -> str:
    """Return in words where a map is strongest: one of nine parts of the photo.

    Example:
        >>> import numpy as np
        >>> place(np.eye(9)[:, ::-1][:3])
        'upper right'
    """
    row, column = divmod(int(cam.argmax()), cam.shape[1])
    down = ("upper", "middle", "lower")[3 * row // cam.shape[0]]
    across = ("left", "", "right")[3 * column // cam.shape[1]]
    return f"{down} {across}" if across else ("middle" if down == "middle" else f"{down} middle")


def shape(cam: FloatArray) -> str:
    """Return a map's size as text.

    Example:
        >>> import numpy as np
        >>> shape(np.zeros((14, 28)))
        '14 x 28'
    """
    return f"{cam.shape[0]} x {cam.shape[1]}"


def scale_html(left: str, right: str, colours: Sequence[tuple[int, int, int]], *, alt: str) -> str:
    """Return a scale of colours between the words for its two ends.

    Example:
        >>> "rgb(0,0,0), rgb(255,0,0)" in scale_html("none", "most", [(0, 0, 0), (255, 0, 0)], alt="Scale")
        True
    """
    stops = ", ".join(f"rgb({red},{green},{blue})" for red, green, blue in colours)
    colour = (
        f"<span role='img' aria-label='{alt}' style='background:linear-gradient(to right, {stops})'></span>"
    )
    words = (f"<span>{html.escape(end)}</span>" for end in (left, right))
    return f"<div class='gallery-scale'>{colour.join(words)}</div>"


def difference_html(first: str, second: str) -> str:
    """Return the scale of `MapPair.difference`: on the left what supports the second class."""
    return scale_html(
        f"supports {second}",
        f"supports {first}",
        (AGAINST_COLOUR, NEITHER_COLOUR, FOR_COLOUR),
        alt="Scale from purple over grey to orange",
    )


def caption(pair: MapPair, cam: FloatArray, class_name: str) -> str:
    """Return one sentence on the evidence for a class.

    Example:
        >>> import numpy as np
        >>> nothing, some = np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32)
        >>> caption(MapPair(some, nothing), nothing, "cat")
        'No evidence for Cat in this photo'
        >>> caption(MapPair(some, some / 4), some / 4, "cat")
        'Maximum: 25\\xa0% of the shared scale'
    """
    if not has_evidence(cam):
        return f"No evidence for {class_title(class_name)} in this photo"
    return f"Maximum: {percent(pair.share_of_scale(cam), 0)} of the shared scale"
