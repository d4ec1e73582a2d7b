"""A path box that completes sub-folders as one types, beside the places where photos usually are."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.services.folders import beside, typable
from gallery.types import Collection
from gallery.ui.components import assets, events
from gallery.web.addresses import BASE
from gallery.words import shown_text

_component = assets.component(
    "gallery_folder_box",
    css=["folder_box/box.css"],
    js=["shared/dom.js", "folder_box/box.js"],
)
_RECENT = 6
"""Folders offered again."""


def show(*, recent: Sequence[Collection], key: str) -> str | None:
    """Show the box, and return the path that was opened just now.

    Args:
        recent: the folders opened before, the last one first; the box begins beside it.
        key: the box's own.
    """
    data = {
        "key": key,
        "start": beside(recent[0].root if recent else None),
        "base": BASE,
        "recent": [
            {"path": typable(one.root), "name": shown_text(one.name), "count": one.photo_count}
            for one in recent[:_RECENT]
        ],
    }
    result = _component(key=key, data=data, on_open_change=lambda: None)
    opened = events.clicked_now(key, result.get("open"), "path")
    return opened if isinstance(opened, str) and opened.strip() else None
