"""A choice between a few things side by side, of which exactly one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import streamlit as st

Option = TypeVar("Option")


def one_of(
    label: str,
    options: Mapping[Option, str] | Iterable[Option],
    *,
    key: str,
    default: Option | None = None,
    on_change: Callable[[], None] | None = None,
    help: str | None = None,
) -> Option:
    """Show options and return the chosen one.

    Args:
        label: of the choice, for those who do not see it.
        options: with their titles, or themselves.
        key: the widget's own; the session keeps the choice under it.
        default: what is chosen at first; the first option if None.
        on_change: what another choice does before the page runs again.
        help: what the choice means.
    """
    titles = options if isinstance(options, Mapping) else {option: str(option) for option in options}
    if st.session_state.get(key) not in titles:
        st.session_state[key] = next(iter(titles)) if default is None else default
    st.segmented_control(
        label,
        list(titles),
        key=key,
        required=True,
        format_func=titles.__getitem__,
        label_visibility="collapsed",
        on_change=on_change or "rerun",
        help=help,
    )
    chosen: Option = st.session_state[key]
    return chosen
