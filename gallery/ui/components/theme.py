"""The colours of charts, and one colour and one icon for each class, the same everywhere.

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

import streamlit as st

from gallery.types import ALL, UNREADABLE, UNSURE, WAITING
from gallery.words import class_title

RIGHT = {False: ("#f3f5f4", "#1f6f54"), True: ("#1e2422", "#4fb38d")}  # by dark: from none to all
WRONG = {False: ("#f3f5f4", "#c2500f"), True: ("#1e2422", "#e8833f")}
TEXT = {False: "#101614", True: "#e8eeec"}
CLEAR = "rgba(0,0,0,0)"
FONT = '"Source Sans", sans-serif'  # Streamlit's own, so that chart and page read as one


def is_dark() -> bool:
    """Return whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


@dataclass(frozen=True, slots=True)
class Style:
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


_STYLES: dict[str, Style] = {
    "dog": Style("🐶", "#a96b59", "#925b4c", "#b88577", "#000000"),
    "cat": Style("🐱", "#ffa90e", "#915d00", "#ffa90e", "#000000"),
    "horse": Style("🐴", "#92dadd", "#257376", "#92dadd", "#000000"),
    "spider": Style("🕷️", "#832db6", "#832db6", "#b878de", "#ffffff"),
    "butterfly": Style("🦋", "#3f90da", "#226bae", "#4996dc", "#000000"),
    "chicken": Style("🐔", "#bd1f01", "#bd1f01", "#fe5838", "#ffffff"),
    "sheep": Style("🐑", "#94a4a2", "#5c6c6a", "#94a4a2", "#000000"),
    "cow": Style("🐮", "#b9ac70", "#746939", "#b9ac70", "#000000"),
    "squirrel": Style("🐿️", "#e76300", "#ae4b00", "#f16700", "#000000"),
    "elephant": Style("🐘", "#717581", "#656873", "#8e919c", "#ffffff"),
}
_SHELF_STYLES: dict[str, Style] = {
    UNSURE: Style("❔", "#8d8f6f", "#696a52", "#929475", "#000000"),
    WAITING: Style("⏳", "#7d8fa3", "#596a7e", "#8293a6", "#000000"),
    UNREADABLE: Style("🚫", "#9b7f8f", "#7c6170", "#a48a99", "#000000"),
    ALL: Style("🖼️", "#5cc49c", "#1f6f54", "#5cc49c", "#000000"),
}
_UNKNOWN = Style("🏷️", "#8a8f8d", "#5f6462", "#9ba09e", "#000000")


def style(name: str) -> Style:
    """Return how a class or a shelf looks; a class of somebody's own model gets a neutral tag."""
    return _STYLES.get(name) or _SHELF_STYLES.get(name) or _UNKNOWN


def label_text(name: str) -> str:
    """Return a class or shelf name as people read it, with its icon first.

    Example:
        >>> label_text("cat")
        '🐱 Cat'
    """
    return f"{style(name).icon} {class_title(name)}"


def text_colour(name: str, *, dark: bool) -> str:
    """Return the class's colour for text or edges that passes AA on the theme's backgrounds."""
    chosen = style(name)
    return chosen.on_dark if dark else chosen.on_light
