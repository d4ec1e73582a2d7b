"""The confusion matrix on a page: a chart for the pointer, a twin table for keyboard and screen reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from gallery.ui import chart_door, charts, theme
from gallery.ui.charts import Cell

COUNTS, SHARES = "Photos", "Shares of the true class"
ALL_CLASSES = "All"


def show(
    matrix: NDArray[Any],
    class_names: Sequence[str],
    *,
    chosen: Cell | None,
    key: str,
    on_choose: Callable[[Cell], None],
) -> None:
    """Draw the matrix; `on_choose` gets the cell that was clicked, before the page runs again."""
    numbers = st.segmented_control(
        "Numbers in the matrix",
        [COUNTS, SHARES],
        default=COUNTS,
        required=True,
        key=f"{key}_numbers",
        label_visibility="collapsed",
    )
    dark = charts.is_dark()

    chart_door.show(
        charts.confusion_figure(matrix, class_names, shares=numbers == SHARES, chosen=chosen, dark=dark),
        key=key,
        alt="Confusion matrix: rows are true classes, columns what the model says. The table below it "
        "holds the same numbers.",
        on_choose=lambda data: on_choose(charts.clicked_cell(data, len(class_names))),
    )
    st.caption(
        "Green: recognised. Orange: mistaken. Click a number to see its photos, a sum for a whole class."
    )
    with st.expander("The matrix as a table, for keyboard and screen reader"):
        _table(matrix, class_names, key=f"{key}_table", on_choose=on_choose)


def _table(
    matrix: NDArray[Any], class_names: Sequence[str], *, key: str, on_choose: Callable[[Cell], None]
) -> None:
    frame = table_frame(matrix, class_names)

    def selected() -> None:
        cell = selected_cell(st.session_state[key], len(class_names), list(frame.columns))
        if cell is not None:
            on_choose(cell)

    st.dataframe(
        frame,
        key=key,
        on_select=selected,
        selection_mode="single-cell",
        column_order=[ALL_CLASSES, *[name for name in frame.columns if name != ALL_CLASSES]],
        height="content",
        alt="Confusion matrix as a table; choosing a cell shows its photos",
    )


def table_frame(matrix: NDArray[Any], class_names: Sequence[str]) -> pd.DataFrame:
    """Return the matrix with its sums as a table: a row a true class, a column a predicted one."""
    names = [theme.plain_name(name) for name in class_names] + [ALL_CLASSES]
    frame = pd.DataFrame(charts.with_totals(matrix), index=names, columns=names)
    frame.index.name = "True class"
    return frame


def selected_cell(state: Any, class_count: int, columns: Sequence[str]) -> Cell | None:
    """Return the cell that a dataframe's selection names; None when it names none."""
    cells = state["selection"]["cells"] if state else []
    if not cells:
        return None
    row, column = int(cells[0][0]), cells[0][1]
    if column not in columns or not 0 <= row <= class_count:
        return None
    said = int(np.flatnonzero(np.asarray(columns) == column)[0])
    return Cell(row if row < class_count else None, said if said < class_count else None)
