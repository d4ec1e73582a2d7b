"""What components send: clicks, each acted on once.

A component's trigger is lost when the page refreshes itself at that moment, as
it does while photos are being tagged. So a click is a state, ``{what: value,
"at": milliseconds}``, that stays until the next one; it is fresh only once.
"""

from __future__ import annotations

import streamlit as st


def clicked(click: object, what: str) -> object:
    """Return what was clicked, None when nothing was."""
    return click.get(what) if isinstance(click, dict) else None


def clicked_now(key: str, click: object, what: str) -> object:
    """Return what was clicked since the last call for this component, None when nothing was."""
    at = clicked(click, "at")
    seen = f"{key}:{what}:at"
    if at is None or at == st.session_state.get(seen):
        return None
    st.session_state[seen] = at
    return clicked(click, what)


def receipts(key: str) -> object:
    """Return what a component knew to be kept when it asked for this run: what is drawn now contains it."""
    return (st.session_state.get(key) or {}).get("kept")
