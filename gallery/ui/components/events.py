"""What components send: clicks, each acted on once, and queues, of which each entry is kept once.

A component's trigger is lost when the page refreshes itself at that moment, as
it does while photos are being tagged. So a click is a state, ``{what: value,
"at": milliseconds}``, that stays until the next one; it is fresh only once.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from gallery.services.browser_queue import Client, Keep, receive
from gallery.ui.components.plain_text import escaped


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


def receive_queue(key: str, what: str, keep: Keep) -> None:
    """Keep what is new in a component's queue, and say what cannot be kept; see `browser_queue.receive`."""
    queue = (st.session_state.get(key) or {}).get("queue")
    client, problems = receive(queue, st.session_state.get(f"{key}:client"), keep, what=what)
    st.session_state[f"{key}:client"] = client
    for problem in problems:
        icon = ":material/hourglass_top:" if problem.waits else ":material/error:"
        st.toast(escaped(problem.sentence), icon=icon)


def receipts(key: str) -> dict[str, Any]:
    """Return which entry of which client is kept, for the component to stop sending it."""
    known: Client = st.session_state.get(f"{key}:client") or Client()
    return known.receipts()
