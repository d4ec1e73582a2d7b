"""Which dialog is open: one that was opened stays until somebody closes it, however often the page is drawn.

Streamlit takes a dialog away whenever the page is drawn without it: when a
tagging ends, when the connection comes back. So the session remembers it, and
what only follows a job leaves the page alone while a dialog stands before it.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_OPEN = "dialog:open"


def ask(name: str) -> None:
    """Open a dialog of this page, as a button's ``on_click``; a fragment has the page drawn after it."""
    st.session_state[_OPEN] = (_page(), name)


def close() -> None:
    """Close the dialog: before the page is drawn anew, and for a dialog's ``on_dismiss``."""
    st.session_state.pop(_OPEN, None)


def asked(name: str) -> bool:
    """Return whether this page shall draw a dialog."""
    return bool(st.session_state.get(_OPEN) == (_page(), name))


def any_open() -> bool:
    """Return whether a dialog stands before this page."""
    return bool(st.session_state.get(_OPEN, (None,))[0] == _page())


def _page() -> str:
    context = get_script_run_ctx()
    return context.page_script_hash if context else ""
