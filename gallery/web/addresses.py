"""Where the HTTP routes lie: what the pages and the routes both need to know of them."""

from __future__ import annotations

import streamlit as st

ROOT = "".join(f"/{part}" for part in str(st.get_option("server.baseUrlPath") or "").split("/") if part)
"""Under which the whole app is served, "" for a server of its own."""
BASE = f"{ROOT}/gallery"
THUMBNAILS = f"{BASE}/thumb/"
"""A photo_id completes it."""
ICON = "/icon/"
"""Below `BASE`; the name of a class's tile completes it (`class_styles.tile_name`)."""
REPORT = "/download/report/"
"""Below `BASE`; a model's id and a collection's number complete it."""


def labelled_photo(token: str, photo_id: str) -> str:
    """Return the address of a thumbnail of a data set's photo; see `photo_lists.register_files`."""
    return f"{BASE}/labelled/{token}/{photo_id}"
