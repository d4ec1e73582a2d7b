"""The frame around every page: which pages there are, and the style that they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from gallery.charts.drawing import INK
from gallery.class_styles import Style, tile
from gallery.ui.components import theme

PAGES = {
    "browse": ("Browse", ":material/photo_library:"),
    "review": ("Review", ":material/fact_check:"),
    "explain": ("Explain", ":material/visibility:"),
    "evaluate": ("Evaluate", ":material/monitoring:"),
    "train": ("Train", ":material/model_training:"),
    "models": ("Models", ":material/neurology:"),
}
"""Title and icon of each page, in the order of the navigation; a page without a file is left out."""

ICON = tile(Style("paw", theme.RIGHT[False][1], "", "", "#ffffff"))
"""Of the browser's tab: a paw, served from here. Streamlit fetches other icons from the internet."""

_STYLE = Path(__file__).parent / "frame.css"

_DARK_STYLE = (
    "<style>[data-testid^='stBaseButton-primary']:not(:disabled), "
    f"[data-testid^='stBaseButton-primary']:not(:disabled) p {{ color: {INK[False]}; }}</style>"
)
"""Streamlit writes white on the light green of the dark theme: 2.1 to 1, where 4.5 is asked."""


def pages(folder: Path) -> list[StreamlitPage]:
    """Return the pages of a folder in the navigation's order, the first one as default."""
    return [
        st.Page(folder / f"{name}.py", title=title, icon=icon, default=name == "browse")
        for name, (title, icon) in PAGES.items()
        if (folder / f"{name}.py").is_file()
    ]


def narrow_links(shown: Sequence[StreamlitPage]) -> None:
    """Show links to the pages in a window so narrow that Streamlit hides its own in a menu."""
    with st.container(horizontal=True, key="narrow_pages"):
        for page in shown:
            st.page_link(page)


def style() -> None:
    """Make the pages look like one photo manager."""
    st.html(_STYLE)
    if theme.is_dark():
        st.html(_DARK_STYLE)
