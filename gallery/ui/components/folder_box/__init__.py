"""A path box that completes sub-folders as one types."""

from __future__ import annotations

from gallery.ui.components import assets, events

_component = assets.component(
    "gallery_folder_box",
    css=["folder_box/box.css"],
    js=["folder_box/box.js"],
)


def show(*, start: str, base: str, key: str) -> str | None:
    """Show the box, and return the path that was opened just now.

    Args:
        start: the path to begin with.
        base: where the routes lie.
        key: the box's own.
    """
    result = _component(key=key, data={"start": start, "base": base}, on_open_change=lambda: None)
    opened = events.clicked_now(key, result.get("open"), "path")
    return opened if isinstance(opened, str) and opened.strip() else None
