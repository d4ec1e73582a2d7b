"""What every chart of the pages shares: the colours and the font."""

from __future__ import annotations

import streamlit as st

RIGHT = {False: ("#f3f5f4", "#1f6f54"), True: ("#1e2422", "#4fb38d")}  # by dark: from none to all
WRONG = {False: ("#f3f5f4", "#c2500f"), True: ("#1e2422", "#e8833f")}
TEXT = {False: "#101614", True: "#e8eeec"}
CLEAR = "rgba(0,0,0,0)"
FONT = '"Source Sans", sans-serif'  # Streamlit's own, so that chart and page read as one


def is_dark() -> bool:
    """Return whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"
