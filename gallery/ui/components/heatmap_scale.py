"""What stands beside heatmaps: the scale of their colours, and a sentence on each."""

from __future__ import annotations

import html
from collections.abc import Sequence

from gallery.services.heatmaps import (
    AGAINST_COLOUR,
    FOR_COLOUR,
    NEITHER_COLOUR,
    MapPair,
    has_evidence,
)
from gallery.types import FloatArray
from gallery.words import class_title, percent


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
