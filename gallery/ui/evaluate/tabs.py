"""Below the matrix: the classification report, correct and incorrect photos, problems, downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from gallery.evaluation.report import EvaluationReport
from gallery.settings import FEW_PHOTOS
from gallery.types import display_path
from gallery.ui.components import button_row, theme
from gallery.ui.components.button_row import Choice
from gallery.ui.components.confusion_table import Cell
from gallery.ui.components.plain_text import escaped
from gallery.ui.evaluate import compare as evaluate_compare
from gallery.ui.evaluate import confidence as evaluate_confidence
from gallery.ui.evaluate import curves as evaluate_curves
from gallery.ui.evaluate import numbers as evaluate_numbers
from gallery.ui.evaluate import slices as evaluate_slices
from gallery.ui.evaluate import suspects as evaluate_suspects
from gallery.ui.evaluate import view as evaluate_view
from gallery.ui.evaluate.folder import EvaluatedFolder, matrix_csv, predictions_csv, report_csv
from gallery.web import report as evaluate_report
from gallery.web.addresses import BASE
from gallery.words import photo_count

CHOSEN = "evaluate_tab"
"""Where the session remembers the name of the open tab."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab below the matrix.

    Attributes:
        name: what it is remembered by.
        show: draws it; runs only while the tab is open.
        count: written behind the name.
    """

    name: str
    show: Callable[[EvaluatedFolder], None]
    count: int | None = None

    @property
    def title(self) -> str:
        return self.name if self.count is None else f"{self.name} ({self.count:,})"


def tabs(folder: EvaluatedFolder) -> tuple[Tab, ...]:
    """Return the tabs in their order; a part of Evaluate adds itself by a line here."""
    report = folder.report
    return (
        Tab("Classification report", _report),
        Tab(evaluate_curves.TAB, evaluate_curves.show),
        Tab(evaluate_confidence.TAB, evaluate_confidence.show),
        Tab(evaluate_slices.TAB, evaluate_slices.show),
        Tab("Correct", _correct, len(report.correct())),
        Tab("Incorrect", _incorrect, len(report.incorrect())),
        Tab(evaluate_suspects.TAB, evaluate_suspects.show),
        Tab(evaluate_compare.TAB, evaluate_compare.show),
        Tab("Problems", _problems, len(folder.problems)),
        Tab("Downloads", _downloads),
    )


@st.fragment
def show(folder: EvaluatedFolder) -> None:
    """Show the tabs; only the open one is computed, and a click in it runs this part of the page alone."""
    there = {tab.name: tab for tab in tabs(folder)}
    chosen = there.get(st.session_state.get(CHOSEN, ""), next(iter(there.values())))

    def choose(name: str) -> None:
        st.session_state[CHOSEN] = name

    button_row.show(
        [Choice(tab.name, tab.title) for tab in there.values()],
        chosen=chosen.name,
        label="Parts of the evaluation",
        key="evaluate_tabs",
        on_choose=choose,
        look="tabs",
    )
    with st.container(key="evaluate_panel"):
        chosen.show(folder)


def report_frame(report: EvaluationReport) -> pd.DataFrame:
    """Return the classification report as people read it: a row a class, then the averages.

    The interval is Wilson's 95 % interval of the recall; a class without
    photos has no recall and no interval.
    """
    frame = report.to_frame().rename_axis("Class").reset_index()
    frame = frame[frame["Class"] != "accuracy"]  # stands on top of the page, with its interval
    support = frame["support"].to_numpy()
    intervals = [_interval(report, k) for k in range(len(report.class_names))]
    averages = [""] * (len(frame) - len(intervals))
    names = [theme.label_text(name) for name in report.class_names] + ["Macro average", "Weighted average"]
    return pd.DataFrame(
        {
            "Class": names,
            "Precision": frame["precision"].to_numpy(),
            "Recall": np.where(support > 0, frame["recall"].to_numpy(), np.nan),
            "95 % interval of recall": intervals + averages,
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


def _report(folder: EvaluatedFolder) -> None:
    report = folder.report
    state = st.dataframe(
        report_frame(report),
        key="evaluate_report",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            name: st.column_config.NumberColumn(format="%.3f") for name in ("Precision", "Recall", "F1")
        },
        height="content",
        alt="Classification report: precision, recall, F1 and number of photos of each class",
    )
    st.caption(
        "Precision: of the photos that the model calls so, the share that are. Recall: of those that are so, "
        "the share it finds. F1: both in one. Choose a row to see the photos of its class."
    )
    row = selected_row(state)
    if row is None:
        return
    true = row if row < len(report.class_names) else None
    rows = report.cell(true, None)
    cell = Cell(true, None)
    sentence = cell.sentence(report.class_names)
    st.markdown(f"**{sentence[0].upper()}{sentence[1:]}: {photo_count(len(rows))}**, worst first")
    if len(rows):
        evaluate_view.grid(folder, rows, key="evaluate_class_grid", height=480, scope=repr(cell))


def selected_row(state: Any) -> int | None:
    """Return the row that a dataframe's selection names; None when it names none."""
    rows: Sequence[int] = state["selection"]["rows"] if state else []
    return int(rows[0]) if rows else None


def _correct(folder: EvaluatedFolder) -> None:
    rows = folder.report.correct()
    if not len(rows):
        st.info("The model recognised none of these photos.", icon="🔎")
        return
    st.caption("Least certain first: the first ones nearly went wrong.")
    evaluate_view.grid(folder, rows, key="evaluate_correct_grid", height=600)


def _incorrect(folder: EvaluatedFolder) -> None:
    rows = folder.report.incorrect()
    if not len(rows):
        st.success("The model recognised every photo.", icon="✅")
        return
    st.caption("Most certain first: here the model was sure and wrong, or the label of the folder is.")
    evaluate_view.grid(folder, rows, key="evaluate_incorrect_grid", height=600)


def _problems(folder: EvaluatedFolder) -> None:
    if not folder.problems and not folder.skipped:
        st.success("Every file could be read and every folder is a class.", icon="✅")
        return
    for problem in folder.problems:
        st.warning(escaped(problem), icon="⚠️")
    if folder.skipped:
        st.markdown("**Files that could not be read**; they are in no number above.")
        evaluate_numbers.skipped_table(folder)


def _downloads(folder: EvaluatedFolder) -> None:
    evaluate_report.show(folder, base=BASE)
    name = display_path(folder.root).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "photos"
    report = folder.report
    for title, what, file_name, text in (
        ("Classification report", "a row a class, with the averages", "report", lambda: report_csv(report)),
        ("Confusion matrix", "rows are true classes", "matrix", lambda: matrix_csv(report)),
        (
            "Predictions",
            "a row a photo, with all probabilities",
            "predictions",
            lambda: predictions_csv(folder),
        ),
    ):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                f"{title} (CSV)",
                text,
                file_name=f"{name}_{file_name}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"evaluate_download_{file_name}",
                on_click="ignore",
                width=280,
            )
            st.markdown(what, width="content")
