"""Who sits at the browser: one name a browser, asked once and kept in its cookie."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import streamlit as st

from gallery.services import labelling, wiring
from gallery.web.addresses import BASE

COOKIE = "gallery_person"
_BROWSER = "gallery_browser"

_NAMED = "person:named"


def current() -> str:
    """Return under which name this browser's labels are kept."""
    named = st.session_state.get(_NAMED) or unquote(st.context.cookies.get(COOKIE, ""))
    return labelling.person_named(named)


def browser() -> str:
    """Return this browser's own name, by which what it sent without a person's name is told apart; or ""."""
    return str(st.context.cookies.get(_BROWSER, ""))


def is_named() -> bool:
    """Return whether a person has given a name here."""
    return bool(st.session_state.get(_NAMED) or st.context.cookies.get(COOKIE, ""))


def named(name: object) -> None:
    """Take note of a name that was given since the page was opened: its cookies are those of that moment."""
    if isinstance(name, str):
        st.session_state[_NAMED] = name


def keeping() -> dict[str, Any]:
    """Return what a component needs to keep what is said by key: where to, and under which name."""
    return {
        "base": BASE,
        "catalog": labelling.catalog_name(),
        "usual_person": wiring.person(),
    }
