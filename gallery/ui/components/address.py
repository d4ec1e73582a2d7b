"""The words of the address that say what a page shows."""

from __future__ import annotations

import streamlit as st


def go(**words: str | None) -> None:
    """Put something else into the address; None takes a word out."""
    for name, value in words.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value
