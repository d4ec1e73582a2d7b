"""One colour and one icon for each class, the same on pages and in reports.

Colour is never the only sign: every place that uses it also shows the name or
the icon. The ten colours are M. A. Petroff's sequence "Accessible Color
Sequences for Data Visualization" (arXiv:2107.02270), which was optimised so
that neighbours stay apart for people with any kind of colour blindness; they
are handed to the animals by memory aid (orange cat, grey elephant).

A fill is too light or too dark for text on some backgrounds, so each colour
has companions whose contrast passes WCAG AA (4.5:1) on both backgrounds of
the light theme and on both of the dark one. They also serve as the thin edge
of a filled area, which needs 3:1.

The icons in ``icons/`` are of the set Fluent Emoji High Contrast (see
docs/CREDITS.md); each is shown on a tile of its class's colour, so that it
stands out from every background and needs no emoji font.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.types import ALL, BESIDE_CLASSES, UNLIKE, UNREADABLE, UNSURE, WAITING

_ICONS = Path(__file__).parent / "icons"
_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Style:
    """How one class or shelf looks everywhere.

    Attributes:
        icon: the name of its picture in ``icons/``.
        fill: colour of bars, badges and the icon's tile, "#rrggbb".
        on_light: the same hue as text or edge on a light background.
        on_dark: the same hue as text or edge on a dark background.
        on_fill: black or white, whichever reads better on the fill.
    """

    icon: str
    fill: str
    on_light: str
    on_dark: str
    on_fill: str


_ANIMALS: dict[str, Style] = {
    "dog": Style("dog", "#a96b59", "#925b4c", "#b88577", "#000000"),
    "cat": Style("cat", "#ffa90e", "#915d00", "#ffa90e", "#000000"),
    "horse": Style("horse", "#92dadd", "#257376", "#92dadd", "#000000"),
    "spider": Style("spider", "#832db6", "#832db6", "#b878de", "#ffffff"),
    "butterfly": Style("butterfly", "#3f90da", "#226bae", "#4996dc", "#000000"),
    "chicken": Style("chicken", "#bd1f01", "#bd1f01", "#fe5838", "#ffffff"),
    "sheep": Style("sheep", "#94a4a2", "#5c6c6a", "#94a4a2", "#000000"),
    "cow": Style("cow", "#b9ac70", "#746939", "#b9ac70", "#000000"),
    "squirrel": Style("squirrel", "#e76300", "#ae4b00", "#f16700", "#000000"),
    "elephant": Style("elephant", "#717581", "#656873", "#8e919c", "#ffffff"),
}
_OTHERS: dict[str, Style] = {
    UNLIKE: Style("paw", "#8a86b0", "#5f5b86", "#9a96c0", "#000000"),
    UNSURE: Style("question", "#8d8f6f", "#696a52", "#929475", "#000000"),
    WAITING: Style("hourglass", "#7d8fa3", "#596a7e", "#8293a6", "#000000"),
    UNREADABLE: Style("unreadable", "#9b7f8f", "#7c6170", "#a48a99", "#000000"),
    ALL: Style("all", "#5cc49c", "#1f6f54", "#5cc49c", "#000000"),
    "blank": Style("blank", "#8a9a8d", "#5b675d", "#95a598", "#000000"),
    "human": Style("human", "#a08c7a", "#72614f", "#a9978a", "#000000"),
    "vehicle": Style("vehicle", "#8f93a8", "#5f6379", "#989cb0", "#000000"),
    "cannot tell": Style("shrug", "#9c9484", "#6b6455", "#a39c8d", "#000000"),
}
"""Shelves, and what a photo may show that is no animal of a model."""

KNOWN_NAMES = (*_ANIMALS, *BESIDE_CLASSES)
"""What has an icon of its own, beside the shelves."""

_PALETTE = tuple(_ANIMALS.values())
OTHER = Style("paw", "#8a8f8d", "#5f6462", "#9ba09e", "#000000")
"""A label that is a class of no model that is known."""


def style(name: str, among: Sequence[str] = ()) -> Style:
    """Return how a class or a shelf looks.

    A class of somebody's own model has a neutral icon and a colour that follows
    from its name; where two classes of one model would have the same, one takes
    the next that is free.

    Args:
        name: the class or shelf.
        among: all classes of its model.

    Example:
        >>> style("cat").fill, style("fox").icon
        ('#ffa90e', 'paw')
    """
    known = _ANIMALS.get(name) or _OTHERS.get(name)
    return known or _own_styles(frozenset([*among, name]))[name]


def text_colour(name: str, among: Sequence[str] = (), *, dark: bool) -> str:
    """Return the class's colour for text or edges that passes AA on the theme's backgrounds."""
    chosen = style(name, among)
    return chosen.on_dark if dark else chosen.on_light


@functools.lru_cache(maxsize=256)
def _own_styles(names: frozenset[str]) -> dict[str, Style]:
    taken = {at for at, known in enumerate(_ANIMALS) if known in names}
    styles: dict[str, Style] = {}
    for name in sorted(names - _ANIMALS.keys() - _OTHERS.keys()):
        at = zlib.crc32(name.encode("utf-8", "surrogatepass")) % len(_PALETTE)
        if len(taken) == len(_PALETTE):  # all ten animals, and a label beside them: colours are given again
            taken = set()
        while at in taken:
            at = (at + 1) % len(_PALETTE)
        taken.add(at)
        styles[name] = replace(_PALETTE[at], icon=OTHER.icon)
    return styles


def tile_name(chosen: Style) -> str:
    """Return the name under which a class's tile is served.

    Example:
        >>> tile_name(style("cat"))
        'cat-ffa90e.svg'
    """
    return f"{chosen.icon}-{chosen.fill[1:]}.svg"


@functools.cache
def tiles() -> dict[str, str]:
    """Return every tile as an SVG of 40 x 40: an icon in black or white on its colour, by `tile_name`."""
    every = [*_ANIMALS.values(), *_OTHERS.values(), OTHER]
    every += [replace(one, icon=OTHER.icon) for one in _PALETTE]
    return {tile_name(one): tile(one) for one in every}


def tile(chosen: Style) -> str:
    """Return an SVG of 40 x 40: the icon in black or white on a rounded square of its colour."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{tile_content(chosen)}</svg>'


def tile_content(chosen: Style) -> str:
    """Return what is in a tile's SVG, on a field of 40 x 40."""
    return (
        f'<rect width="40" height="40" rx="9" fill="{chosen.fill}"/>'
        f'<g transform="translate(4 4)" color="{chosen.on_fill}">{_drawing(chosen.icon)}</g>'
    )


@functools.cache
def _drawing(icon: str) -> str:
    found = _DRAWING.search((_ICONS / f"{icon}.svg").read_text("utf-8"))
    assert found is not None
    return found[1]
