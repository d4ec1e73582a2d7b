"""A table on a page in which the choice of a row does something: what a chart shows, for the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pandas as pd
import streamlit as st


def show(
    frame: pd.DataFrame,
    *,
    key: str,
    on_choose: Callable[[int], None],
    alt: str,
    column_config: dict[str, Any],
    height: Literal["auto", "content"] = "content",
) -> None:
    """Show a table; `on_choose` gets the number of the chosen row before the page runs again.

    Args:
        frame: what is shown, a row after the other.
        key: the table's own.
        on_choose: what the choice of a row does.
        alt: what the table shows, in words.
        column_config: as `st.dataframe` has it.
        height: whether all rows are shown at once.
    """

    def chosen() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows and 0 <= rows[0] < len(frame):
            on_choose(int(rows[0]))

    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        on_select=chosen,
        selection_mode="single-row",
        column_config=column_config,
        height=height,
        alt=alt,
    )
