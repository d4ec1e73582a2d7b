"""Which view Browse shows in this session, and how it follows the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from gallery.ui import view_address
from gallery.ui.view_address import View

_VIEW, _ADDRESS = "browse:view", "browse:address"


def current() -> View:
    """Return the view to show; an address that came from outside (a link, a bookmark) wins."""
    parameters = dict(st.query_params)
    known: View | None = st.session_state.get(_VIEW)
    if known is None or (parameters and parameters != st.session_state.get(_ADDRESS)):
        known = view_address.read(parameters)
        st.session_state[_VIEW], st.session_state[_ADDRESS] = known, parameters
    elif not parameters and st.session_state.get(_ADDRESS):  # back from another page
        known = replace(known, photo=None)
        st.session_state[_VIEW] = known
    return known


def change(**parts: Any) -> None:
    """Show something else from now on."""
    st.session_state[_VIEW] = replace(st.session_state.get(_VIEW, View()), **parts)


def open_collection(collection_id: int) -> None:
    """Show another collection, from its beginning."""
    kept = st.session_state.get(_VIEW, View())
    st.session_state[_VIEW] = View(collection_id, sort=kept.sort, unsure_below=kept.unsure_below)


def clear_filters() -> None:
    """Show the whole shelf again."""
    st.session_state[_VIEW] = st.session_state.get(_VIEW, View()).without_filters()


def write_address() -> None:
    """Put the view into the address, if it is not there yet."""
    wanted = view_address.written(st.session_state[_VIEW])
    st.session_state[_ADDRESS] = wanted
    if dict(st.query_params) != wanted:
        st.query_params.from_dict(wanted)
