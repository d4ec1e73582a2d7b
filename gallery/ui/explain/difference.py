"""The signed difference of the heatmaps of two classes, with its legend, and the raw maps."""

from __future__ import annotations

import streamlit as st

from gallery.services import heatmaps
from gallery.services.heatmaps import MapPair
from gallery.types import FloatArray, RgbImage
from gallery.ui.components.heatmap_scale import difference_html
from gallery.words import class_title


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
    if not heatmaps.has_evidence(pair.first) and not heatmaps.has_evidence(pair.second):
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
