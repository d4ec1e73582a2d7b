"""A path box that completes sub-folders as one types."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gallery.ui.components import clicks

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "gallery_folder_box",
    css=(_HERE / "box.css").read_text("utf-8"),
    js=(_HERE / "box.js").read_text("utf-8"),
)


def show(*, start: str, base: str, key: str) -> str | None:
    """Show the box, and return the path that was opened just now.

    Args:
        start: the path to begin with.
        base: where the routes lie.
        key: the box's own.
    """
    result = _component(key=key, data={"start": start, "base": base}, on_open_change=lambda: None)
    opened = clicks.fresh(key, result.get("open"), "path")
    return opened if isinstance(opened, str) and opened.strip() else None
