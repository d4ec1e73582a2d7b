"""The menu of what can be taken out of an evaluation: its report as one file, and its tables."""

from __future__ import annotations

import functools
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gallery.evaluation.evaluation import Evaluation
from gallery.services.export import EvaluationTable, evaluation_csv
from gallery.web.addresses import BASE, REPORT

_TABLES = (
    ("Classification report", "One row per class, with the averages.", EvaluationTable.REPORT),
    ("Confusion matrix", "Rows are true classes.", EvaluationTable.MATRIX),
    ("Predictions", "One row per photo, with all probabilities.", EvaluationTable.PHOTOS),
)


def show(evaluation: Evaluation, *, row: DeltaGenerator) -> None:
    """Show the menu at the end of the page's first row."""
    with row, st.popover("Download", icon=":material/download:", key="evaluate_downloads"):
        _report_link(evaluation)
        for title, what, table in _TABLES:
            st.download_button(
                f"{title} (CSV)",
                functools.partial(evaluation_csv, evaluation, table),
                file_name=f"{evaluation.folder_name}_{table}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"evaluate_download_{table}",
                on_click="ignore",
                width="stretch",
            )
            st.caption(what)


def _report_link(evaluation: Evaluation) -> None:
    """Show the link that makes and downloads the report of what Evaluate shows now."""
    asked = {name: st.query_params[name] for name in ("labels", "trained") if name in st.query_params}
    address = f"{BASE}{REPORT}{evaluation.report.model_id}/{evaluation.collection_id}"
    st.link_button(
        "Report (HTML)",
        f"{address}?{urlencode(asked)}" if asked else address,
        icon=":material/download:",
        width="stretch",
        help="Takes some seconds: the photos are copied into it.",
    )
    st.caption(
        "All of this page in one file: numbers, matrix, photos, heatmaps, model card. It opens anywhere, "
        "without the gallery."
    )
