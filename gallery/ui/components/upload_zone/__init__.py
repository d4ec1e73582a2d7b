"""A drop zone for photos, folders and zips, with its limits stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from gallery.services.uploads import BrokenUpload
from gallery.settings import (
    FILE_SIZE_LIMIT_BYTES,
    PHOTO_SUFFIXES,
    UPLOAD_FILE_LIMIT,
    UPLOAD_LIMIT_BYTES,
)
from gallery.ui.components import assets, events
from gallery.ui.components.plain_text import escaped
from gallery.web.addresses import BASE

_component = assets.component(
    "gallery_upload_zone",
    css=["upload_zone/zone.css"],
    js=["shared/dom.js", "upload_zone/zone.js"],
)
_LIMITS = (
    "JPEG, PNG, TIFF, WebP, BMP, GIF, AVIF, HEIC, or a zip of them. "
    f"Up to {UPLOAD_FILE_LIMIT:,} files and {UPLOAD_LIMIT_BYTES / 1024**3:.0f} GB in one upload, "
    f"{FILE_SIZE_LIMIT_BYTES / 1e9:.0f} GB a photo. They stay on the computer that runs this gallery."
)


def show(broken: Sequence[BrokenUpload]) -> int | None:
    """Show the drop zone, and return the collection that an upload has just become.

    Args:
        broken: uploads that were broken off, to go on with, to open as they are, or to delete.
    """
    data = {
        "base": BASE,
        "limits": _LIMITS,
        "suffixes": sorted({*PHOTO_SUFFIXES, ".zip"}),
        "broken": [asdict(one) for one in broken],
    }
    result = _component(key="upload_zone", data=data, on_finished_change=lambda: None)
    problem = events.clicked_now("upload_zone", result.get("finished"), "problem")
    if isinstance(problem, str):
        st.error(escaped(problem))
    finished = events.clicked_now("upload_zone", result.get("finished"), "collection")
    return finished if isinstance(finished, int) else None
