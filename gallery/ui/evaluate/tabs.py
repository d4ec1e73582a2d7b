"""Below the matrix: five tabs, of which the first holds the classification report and its photos."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import clickable_chart, messages, theme
from gallery.ui.evaluate import compare, confidence, labels, matrix, numbers, slices
from gallery.words import class_title, photo_count

REPORT = "Report"
CORRECT, MISCLASSIFIED = "correct", "misclassified"


def report_frame(report: EvaluationReport) -> pd.DataFrame:
    """Return the classification report as people read it: one row per class, then the averages.

    The interval is Wilson's 95 % interval of the recall; a class without
    photos has no recall and no interval.
    """
    frame = report.to_frame().rename_axis("Class").reset_index()
    frame = frame[frame["Class"] != "accuracy"]  # stands on top of the page, with its interval
    support = frame["support"].to_numpy()
    intervals = [_interval(report, k) for k in range(len(report.class_names))]
    averages = [""] * (len(frame) - len(intervals))
    names = [class_title(name) for name in report.class_names] + ["Macro average", "Weighted average"]
    icons = [theme.icon_address(name, report.class_names) for name in report.class_names] + [None] * 2
    return pd.DataFrame(
        {
            theme.ICON_COLUMN: icons,
            "Class": names,
            "Precision": frame["precision"].to_numpy(),
            "Recall": np.where(support > 0, frame["recall"].to_numpy(), np.nan),
            "95 % CI of recall": intervals + averages,
            "F1": frame["f1-score"].to_numpy(),
            "Photos": support,
        }
    )


def _interval(report: EvaluationReport, class_index: int) -> str:
    support = int(report.scores.support[class_index])
    if support == 0:
        return "no photos"
    low, high = report.recall_interval(class_index)
    return f"{low:.2f} to {high:.2f}" + (" (few photos)" if support < FEW_PHOTOS else "")


def _report(evaluation: Evaluation) -> None:
    report = evaluation.report
    state = st.dataframe(
        report_frame(report),
        key="evaluate_report",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("Precision", "Recall", "F1")
        }
        | {theme.ICON_COLUMN: theme.icon_column()},
        height="content",
        alt="Classification report: precision, recall, F1 and number of photos of each class",
    )
    st.caption(
        "Precision: share of photos predicted as this class that are correct. Recall: share of photos of "
        "this class that are recognised. F1: harmonic mean of both. Choose a row to see the photos of its "
        "class."
    )
    numbers.show_more(evaluation)
    rows = state["selection"]["rows"]
    row = rows[0] if rows else None
    _photos(evaluation, None if row is None else Cell(row if row < len(report.class_names) else None, None))


def _photos(evaluation: Evaluation, chosen: Cell | None) -> None:
    """Show the correct or the misclassified photos, of the class whose row is chosen or of all."""
    cell = chosen or Cell(None, None)
    rows = evaluation.report.cell(cell.true, None)
    wrong = len(evaluation.report.wrong_in(cell))
    parts = {MISCLASSIFIED: rows[:wrong], CORRECT: rows[wrong:]}  # a cell's rows: errors first
    which = st.segmented_control(
        "Photos",
        list(parts),
        key="evaluate_report_which",
        format_func=lambda part: f"{len(parts[part]):,} {part}",
    )
    if which is None and chosen is None:
        return
    title, order = cell.title(evaluation.report.class_names), "worst first"
    if which is not None:
        rows = parts[which]
        title = f"{title}, {which}"
        order = "highest confidence first" if which == MISCLASSIFIED else "lowest confidence first"
    st.markdown(f"**{title}: {photo_count(len(rows))}**, {order}")
    if len(rows):
        matrix.grid(evaluation, rows, key="evaluate_report_grid", scope=f"{cell!r} {which}")


_TABS: dict[str, Callable[[Evaluation], None]] = {
    REPORT: _report,
    confidence.TAB: confidence.show,
    slices.TAB: slices.show,
    labels.TAB: labels.show,
    compare.TAB: compare.show,
}
"""What each tab shows, in their order; a part of Evaluate adds itself by a line here."""


@st.fragment
def show(evaluation: Evaluation) -> None:
    """Show the tabs; only the open one is computed, and a click in it runs this part of the page alone."""
    messages.show_said()
    key = "evaluate_tabs"
    asked = st.session_state.get(matrix.OPEN_TAB)  # outlives a visit to another page; the widget's does not
    wanted = asked if asked in _TABS else REPORT
    if st.session_state.get(key) != wanted:  # written each time, it would undo a click made meanwhile
        st.session_state[key] = wanted

    def chosen() -> None:
        st.session_state[matrix.OPEN_TAB] = st.session_state[key]

    for tab, show_part in zip(st.tabs(list(_TABS), key=key, on_change=chosen), _TABS.values(), strict=True):
        if tab.open:
            with tab:
                show_part(evaluation)
    clickable_chart.load_ahead()
