"""What a browser sends again until it is kept: while that does not succeed, the person is told."""

from __future__ import annotations

import time

import streamlit as st

from gallery.errors import CatalogUnavailableError
from gallery.ui.components.plain_text import escaped

TOLD_AGAIN_AFTER_S = 4.0
"""How long a toast stays: rapid keys shall not pile up one sentence; a browser sends again every 5 s."""


class NotYet:
    """Tells one person that something is not kept yet, once for all that is sent meanwhile."""

    def __init__(self) -> None:
        self._told_at: float | None = None

    def tell(self, what: str, error: CatalogUnavailableError) -> None:
        """Say why something waits and that it is not lost; silent while the last toast still shows."""
        now = time.monotonic()
        if self._told_at is not None and now - self._told_at < TOLD_AGAIN_AFTER_S:
            return
        self._told_at = now
        st.toast(
            escaped(f"{what} waits and is sent again every few seconds: leave this page open. {error}"),
            icon=":material/hourglass_top:",
        )
