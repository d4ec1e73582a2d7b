"""The way from the photos of a cell to the desk where their labels are judged."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from gallery.ui.components.confusion_table import Cell
from gallery.ui.evaluate.folder import EvaluatedFolder, Rows

TAB = "Labels that are probably wrong"
SUSPECTS, ERRORS, CELL = "suspects", "errors", "cell"
WHICH_KEY, REVEAL_KEY = "evaluate_judge_which", "evaluate_judge_reveal"


def errors_of(folder: EvaluatedFolder, cell: Cell) -> Rows:
    """Return the rows of a cell, a row, a column or the whole matrix on which label and model differ."""
    report = folder.report
    wrong = report.y_true != report.y_pred
    if cell.true is not None:
        wrong &= report.y_true == cell.true
    if cell.said is not None:
        wrong &= report.y_pred == cell.said
    return np.flatnonzero(wrong).astype(np.int64)


def show(folder: EvaluatedFolder, cell: Cell | None) -> None:
    """Offer to judge the labels of a cell's errors; nothing where label and model agree."""
    if cell in (None, Cell(None, None)) or not len(errors_of(folder, cell)):
        return
    pressed = st.button(
        "Judge these labels",
        icon=":material/gavel:",
        type="tertiary",
        key="evaluate_judge_cell",
        on_click=_open,
        help="Opens the desk below: is the model wrong, or the label?",
    )
    if pressed:
        st.rerun()  # the tabs lie outside the fragment in which the cell was chosen


def _open() -> None:
    st.session_state["evaluate_tab"] = TAB
    st.session_state[WHICH_KEY] = CELL
    st.session_state[REVEAL_KEY] = time.time()
