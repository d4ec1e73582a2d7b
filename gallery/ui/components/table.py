"""A table on a page: of classes with their icons, folded away or not; what a chart shows, for the keyboard.

The choice of a row can do what a click in the chart does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from gallery.types import SkippedFile, display_path
from gallery.ui.components import theme

if TYPE_CHECKING:
    import pandas as pd  # takes half a second


def show(
    frame: pd.DataFrame,
    *,
    key: str,
    alt: str,
    fold: str = "",
    on_choose: Callable[[int], None] | None = None,
    formats: Mapping[str, str] | None = None,
    columns: Mapping[str, Any] | None = None,
    height: Literal["auto", "content"] = "content",
) -> None:
    """Show a table; `on_choose` gets the number of the chosen row before the page runs again.

    Args:
        frame: what is shown, a row after the other; `theme.ICON_COLUMN` holds addresses of icons.
        key: the table's own.
        alt: what the table shows, in words.
        fold: title of the fold that it lies in; "" for none.
        on_choose: what the choice of a row does; None where rows cannot be chosen.
        formats: of columns of numbers, "percent" or as C has it.
        columns: how `st.dataframe` shows other columns.
        height: whether all rows are shown at once.
    """
    place = st.container()
    if fold:
        unfolded = place.expander(fold, key=f"{key}_open", on_change="rerun")
        if not unfolded.open:
            return
        place = unfolded

    def chosen() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if on_choose is not None and rows and 0 <= rows[0] < len(frame):
            on_choose(int(rows[0]))

    numbers = {name: st.column_config.NumberColumn(format=digits) for name, digits in (formats or {}).items()}
    place.dataframe(
        frame,
        key=key,
        hide_index=True,
        on_select="ignore" if on_choose is None else chosen,
        selection_mode="single-row",
        column_config={theme.ICON_COLUMN: theme.icon_column(), **numbers, **(columns or {})},
        height=height,
        alt=alt,
    )


def skipped(files: Sequence[SkippedFile], root: Path) -> None:
    """Show files below a folder that could not be read, each with its reason and the remedy."""
    places = [one.path.relative_to(root) if one.path.is_relative_to(root) else one.path for one in files]
    st.dataframe(
        {
            "File": [display_path(place) for place in places],
            "Reason": [one.reason.value for one in files],
            "What to do": [one.detail for one in files],
        },
        hide_index=True,
        row_height=74,  # from twice the usual height on, long sentences wrap
        column_config={
            "File": st.column_config.TextColumn(width="medium"),
            "Reason": st.column_config.TextColumn(width="small"),
            "What to do": st.column_config.TextColumn(width="large"),
        },
        alt="Files that could not be read, with the reasons",
    )
