"""One colour and one icon for each class, the same on shelves, bars, matrix, curves and badges.

Colour is never the only sign: every place that uses it also shows the name or
the icon. The ten colours are M. A. Petroff's sequence "Accessible Color
Sequences for Data Visualization" (arXiv:2107.02270), which was optimised so
that neighbours stay apart for people with any kind of colour blindness; they
are handed to the animals by memory aid (orange cat, grey elephant).

A fill is too light or too dark for text on some backgrounds, so each colour
has companions whose contrast passes WCAG AA (4.5:1) on both backgrounds of
the light theme and on both of the dark one. They also serve as the thin edge
of a filled area, which needs 3:1.
"""

from __future__ import annotations

from dataclasses import dataclass

from gallery.types import ALL, UNREADABLE, UNSURE, WAITING


@dataclass(frozen=True, slots=True)
class Look:
    """How one class or shelf looks everywhere.

    Attributes:
        icon: one emoji.
        fill: colour of bars and badges, "#rrggbb".
        on_light: the same hue as text or edge on a light background.
        on_dark: the same hue as text or edge on a dark background.
        on_fill: black or white, whichever reads better on the fill.
    """

    icon: str
    fill: str
    on_light: str
    on_dark: str
    on_fill: str


_LOOKS: dict[str, Look] = {
    "dog": Look("🐶", "#a96b59", "#925b4c", "#b88577", "#000000"),
    "cat": Look("🐱", "#ffa90e", "#915d00", "#ffa90e", "#000000"),
    "horse": Look("🐴", "#92dadd", "#257376", "#92dadd", "#000000"),
    "spider": Look("🕷️", "#832db6", "#832db6", "#b878de", "#ffffff"),
    "butterfly": Look("🦋", "#3f90da", "#226bae", "#4996dc", "#000000"),
    "chicken": Look("🐔", "#bd1f01", "#bd1f01", "#fe5838", "#ffffff"),
    "sheep": Look("🐑", "#94a4a2", "#5c6c6a", "#94a4a2", "#000000"),
    "cow": Look("🐮", "#b9ac70", "#746939", "#b9ac70", "#000000"),
    "squirrel": Look("🐿️", "#e76300", "#ae4b00", "#f16700", "#000000"),
    "elephant": Look("🐘", "#717581", "#656873", "#8e919c", "#ffffff"),
}
_SHELF_LOOKS: dict[str, Look] = {
    UNSURE: Look("❔", "#8d8f6f", "#696a52", "#929475", "#000000"),
    WAITING: Look("⏳", "#7d8fa3", "#596a7e", "#8293a6", "#000000"),
    UNREADABLE: Look("🚫", "#9b7f8f", "#7c6170", "#a48a99", "#000000"),
    ALL: Look("🖼️", "#5cc49c", "#1f6f54", "#5cc49c", "#000000"),
}
_UNKNOWN = Look("🏷️", "#8a8f8d", "#5f6462", "#9ba09e", "#000000")


def look(name: str) -> Look:
    """Return how a class or a shelf looks; a class of somebody's own model gets a neutral tag."""
    return _LOOKS.get(name) or _SHELF_LOOKS.get(name) or _UNKNOWN


def label_text(name: str) -> str:
    """Return a class or shelf name as people read it, with its icon first.

    Example:
        >>> label_text("cat")
        '🐱 Cat'
    """
    return f"{look(name).icon} {plain_name(name)}"


def plain_name(name: str) -> str:
    """Return a class or shelf name as people read it, without an icon.

    Example:
        >>> plain_name("guinea_pig")
        'Guinea pig'
    """
    return name.replace("_", " ").capitalize()


def text_colour(name: str, *, dark: bool) -> str:
    """Return the class's colour for text or edges that passes AA on the theme's backgrounds."""
    chosen = look(name)
    return chosen.on_dark if dark else chosen.on_light
