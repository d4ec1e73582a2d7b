"""Below the matrix: the classification report, correct and incorrect photos, problems, downloads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.services.export import EvaluationTable, evaluation_csv
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import button_row, theme
from gallery.ui.components.button_row import Choice
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import compare, confidence, curves, matrix, numbers, slices, suspects
from gallery.ui.evaluate.matrix import OPEN_TAB
from gallery.web.addresses import BASE
from gallery.web.report import PATH as REPORT_PATH
from gallery.words import class_title, photo_count


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab below the matrix.

    Attributes:
        name: what it is remembered by.
        show: draws it; runs only while the tab is open.
        count: written behind the name.
    """

    name: str
    show: Callable[[Evaluation], None]
    count: int | None = None

    @property
    def title(self) -> str:
        return self.name if self.count is None else f"{self.name} ({self.count:,})"


def tabs(evaluation: Evaluation) -> tuple[Tab, ...]:
    """Return the tabs in their order; a part of Evaluate adds itself by a line here."""
    report = evaluation.report
    return (
        Tab("Classification report", _report),
        Tab(curves.TAB, curves.show),
        Tab(confidence.TAB, confidence.show),
        Tab(slices.TAB, slices.show),
        Tab("Correct", _correct, len(report.correct())),
        Tab("Incorrect", _incorrect, len(report.incorrect())),
        Tab(suspects.TAB, suspects.show),
        Tab(compare.TAB, compare.show),
        Tab("Problems", _problems, len(evaluation.problems)),
        Tab("Downloads", _downloads),
    )


@st.fragment
def show(evaluation: Evaluation) -> None:
    """Show the tabs; only the open one is computed, and a click in it runs this part of the page alone."""
    there = {tab.name: tab for tab in tabs(evaluation)}
    chosen = there.get(st.session_state.get(OPEN_TAB, ""), next(iter(there.values())))

    def choose(name: str) -> None:
        st.session_state[OPEN_TAB] = name

    button_row.show(
        [Choice(tab.name, tab.title) for tab in there.values()],
        chosen=chosen.name,
        label="Parts of the evaluation",
        key="evaluate_tabs",
        on_choose=choose,
        look="tabs",
    )
    with st.container(key="evaluate_panel"):
        chosen.show(evaluation)


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
    row = selected_row(state)
    if row is None:
        return
    cell = Cell(row if row < len(report.class_names) else None, None)
    rows = report.cell(cell.true, None)
    st.markdown(f"**{cell.title(report.class_names)}: {photo_count(len(rows))}**, worst first")
    if len(rows):
        matrix.grid(evaluation, rows, key="evaluate_class_grid", height=480, scope=repr(cell))


def selected_row(state: Any) -> int | None:
    """Return the row that a dataframe's selection names; None when it names none."""
    rows: Sequence[int] = state["selection"]["rows"] if state else []
    return int(rows[0]) if rows else None


def _correct(evaluation: Evaluation) -> None:
    rows = evaluation.report.correct()
    if not len(rows):
        st.info("No photo is classified correctly.", icon=":material/search:")
        return
    st.caption("Lowest confidence first.")
    matrix.grid(evaluation, rows, key="evaluate_correct_grid", height=600)


def _incorrect(evaluation: Evaluation) -> None:
    rows = evaluation.report.incorrect()
    if not len(rows):
        st.success("All photos are classified correctly.", icon=":material/check_circle:")
        return
    st.caption("Highest confidence first: here the model, or the label, is wrong.")
    matrix.grid(evaluation, rows, key="evaluate_incorrect_grid", height=600)


def _problems(evaluation: Evaluation) -> None:
    if not evaluation.problems and not evaluation.skipped:
        st.success("All files could be read, and all folders are classes.", icon=":material/check_circle:")
        return
    for problem in evaluation.problems:
        st.warning(escaped(problem), icon=":material/warning:")
    if evaluation.skipped:
        st.markdown("**Files that could not be read**; they are not counted above.")
        numbers.skipped_table(evaluation)


def _downloads(evaluation: Evaluation) -> None:
    _report_button(evaluation)
    for title, what, table in (
        ("Classification report", "one row per class, with the averages", EvaluationTable.REPORT),
        ("Confusion matrix", "rows are true classes", EvaluationTable.MATRIX),
        ("Predictions", "one row per photo, with all probabilities", EvaluationTable.PHOTOS),
    ):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                f"{title} (CSV)",
                functools.partial(evaluation_csv, evaluation, table),
                file_name=f"{evaluation.folder_name}_{table}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"evaluate_download_{table}",
                on_click="ignore",
                width=280,
            )
            st.markdown(what, width="content")


def _report_button(evaluation: Evaluation) -> None:
    """Show the button that makes and downloads the report of what Evaluate shows now."""
    asked = {name: st.query_params[name] for name in ("labels", "trained") if name in st.query_params}
    address = f"{BASE}{REPORT_PATH}/{evaluation.report.model_id}/{evaluation.collection_id}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.link_button(
            "Report (HTML)",
            f"{address}?{urlencode(asked)}" if asked else address,
            icon=":material/download:",
            width=280,
            help="Takes some seconds: the photos are copied into it.",
        )
        st.markdown(
            "all of this page in one file: numbers, matrix, photos, heatmaps, model card. It opens anywhere, "
            "without the gallery",
            width="content",
        )
