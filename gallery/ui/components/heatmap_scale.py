"""What stands beside heatmaps: the scale of their colours, and a sentence on each."""

from __future__ import annotations

from gallery.services.heatmaps import (
    AGAINST_COLOUR,
    FOR_COLOUR,
    NEITHER_COLOUR,
    MapPair,
    colour_steps,
    has_evidence,
)
from gallery.types import FloatArray
from gallery.words import class_title, percent


def gradient_css(colour_map: str) -> str:
    """Return a colour map as a CSS gradient from no evidence to the strongest."""
    stops = ", ".join(f"rgb({red},{green},{blue})" for red, green, blue in colour_steps(colour_map))
    return f"linear-gradient(to right, {stops})"


def difference_css() -> str:
    """Return the colours of `MapPair.difference` as a CSS gradient, against the first class to for it."""
    against, neither, for_it = (
        f"rgb({red},{green},{blue})" for red, green, blue in (AGAINST_COLOUR, NEITHER_COLOUR, FOR_COLOUR)
    )
    return f"linear-gradient(to right, {against}, {neither}, {for_it})"


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
