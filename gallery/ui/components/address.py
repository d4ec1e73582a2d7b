"""The words of the address that say what a page shows, and the widgets that show and change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def go(**words: str | None) -> None:
    """Put something else into the address; None takes a word out."""
    for name, value in words.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def bound(key: str, value: Any, on_choose: Callable[[Any], None]) -> dict[str, Any]:
    """Return key and callback of a widget that shows what is kept elsewhere, as in the address.

    Args:
        key: the widget's own.
        value: what it shows; call this before it is drawn.
        on_choose: keeps what is chosen, before the page runs again.
    """
    st.session_state[key] = value
    return {"key": key, "on_change": lambda: on_choose(st.session_state[key])}
