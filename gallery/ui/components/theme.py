"""The colours of the matrix, and how pages show a class with its icon."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from gallery.charts.drawing import WORSE
from gallery.class_styles import KNOWN_NAMES, OTHER, Style, style, tile_name
from gallery.types import UNLIKE, WAITING
from gallery.ui.components.plain_text import escaped
from gallery.web.addresses import BASE, ICON
from gallery.words import class_title, without_surrogates

RIGHT = {False: ("#f3f5f4", "#1f6f54"), True: ("#1e2422", "#4fb38d")}  # by dark: from none to all
WRONG = {False: ("#f3f5f4", WORSE[False]), True: ("#1e2422", WORSE[True])}

ICON_COLUMN = "Icon"
"""Of tables: the column of the classes' icons, beside the one of their names."""


def is_dark() -> bool:
    """Return whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def icon_address(name: str, among: Sequence[str] = ()) -> str:
    """Return where the browser finds the icon of a class or shelf; see `class_styles.style`."""
    return _address(style(name, among))


def _address(chosen: Style) -> str:
    return f"{BASE}{ICON}{tile_name(chosen)}"


def class_data(names: Sequence[str]) -> list[dict[str, str]]:
    """Return what the scripts of components know of each class: name, title, icon and colours."""
    return [_data(name, class_title(name), style(name, names)) for name in names]


def _data(name: str, title: str, chosen: Style) -> dict[str, str]:
    icon = _address(chosen)
    return {"name": name, "title": title, "icon": icon, "fill": chosen.fill, "on_fill": chosen.on_fill}


SHARED_CONSTANTS = {
    "KNOWN_CLASSES": class_data(KNOWN_NAMES),
    "NOT_TAGGED": _data(WAITING, "Not tagged yet", style(WAITING)),
    "OTHER_CLASS": _data("", "", OTHER),
    "UNLIKE_ANYTHING": _data(UNLIKE, class_title(UNLIKE), style(UNLIKE)),
}
"""What ``shared/labels.js`` needs: how labels look that are no class of the model that is shown."""


def icon_markdown(name: str, among: Sequence[str] = ()) -> str:
    """Return the icon of a class or shelf for ``st.markdown`` and the labels of widgets."""
    return f"![]({icon_address(name, among)})"


def label_markdown(name: str, among: Sequence[str] = ()) -> str:
    """Return a class or shelf with its icon first, for ``st.markdown`` and the labels of widgets."""
    return f"{icon_markdown(name, among)} {escaped(class_title(name))}"


def icon_column() -> ColumnConfig:
    """Return how a table shows the column of icons."""
    return st.column_config.ImageColumn("", width=36)


def label_html(name: str, among: Sequence[str] = ()) -> str:
    """Return a class or shelf with its icon first, as HTML."""
    title = html.escape(without_surrogates(class_title(name)))
    return f'<img class="class-icon" src="{icon_address(name, among)}" alt=""> {title}'
