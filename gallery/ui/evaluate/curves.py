"""A class's precision-recall and ROC curves, a part of the tab on confidence; points open their photos."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from gallery.charts.evaluation import precision_recall_chart, roc_chart
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.ranking import ClassCurves
from gallery.settings import FEW_PHOTOS
from gallery.ui.components import clickable_chart, table, theme
from gallery.ui.components.choice import one_of
from gallery.ui.evaluate import matrix
from gallery.words import class_title, counted, photo_count

THRESHOLD = "evaluate_curve_threshold"
CLASS = "evaluate_curve_class"

PAST = "past"


def show(evaluation: Evaluation) -> None:
    """Show a class, its curves and areas, and the photos of a threshold."""
    curves = evaluation.diagnosis.curves
    if not evaluation.diagnosis.curves_worst_first:
        st.info(
            "A curve needs photos of at least two classes. Evaluate a folder with more than one.",
            icon=":material/monitoring:",
        )
        return
    k = _class(evaluation)
    threshold = float(st.session_state.setdefault(THRESHOLD, 0.5))
    _areas(evaluation, k)
    _charts(curves[k], threshold, evaluation.report.class_names)
    _photos(evaluation, k)
    _table(curves)


def _class(evaluation: Evaluation) -> int:
    """Let the user choose a class; the first one is that of the lowest average precision."""
    curves, among = evaluation.diagnosis.curves, evaluation.report.class_names
    ranked = evaluation.diagnosis.curves_worst_first
    if st.session_state.get(CLASS) not in ranked:
        st.session_state[CLASS] = ranked[0]
    chosen = st.pills(
        "Class, with its average precision",
        sorted(ranked),
        key=CLASS,
        required=True,
        format_func=lambda k: (
            f"{theme.label_markdown(among[k], among)} {curves[k].average_precision or 0.0:.2f}"
        ),
    )
    return ranked[0] if chosen is None else chosen


def _areas(evaluation: Evaluation, k: int) -> None:
    curves = evaluation.diagnosis.curves[k]
    name = class_title(curves.class_name)
    intervals = evaluation.diagnosis.area_intervals(k)
    for_ap, for_auc = "", " (no 95 % CI: too few photos, or no errors)"
    if intervals is not None:
        for_ap, for_auc = (f" (95 % CI {low:.3f} to {high:.3f})" for low, high in intervals)
    st.markdown(
        f"**{name}**: {curves.positives:,} photos of it, {curves.negatives:,} others. Average precision "
        f"**{curves.average_precision:.3f}**{for_ap}, area under the ROC curve **{curves.auc:.3f}**{for_auc}."
    )
    if curves.positives < FEW_PHOTOS:
        st.warning(
            f"Only {photo_count(curves.positives)} of {name}: a single photo moves these curves a lot. Take "
            "them for a rough guess, or label more.",
            icon=":material/warning:",
        )


def _charts(curves: ClassCurves, threshold: float, class_names: Sequence[str]) -> None:
    charts = {"precision_recall": precision_recall_chart, "roc": roc_chart}
    for column, (name, chart) in zip(st.columns(2), charts.items(), strict=True):
        with column:
            clickable_chart.show(
                chart(curves, class_names, threshold=threshold, dark=theme.is_dark()),
                key=f"evaluate_{name}",
                on_choose=lambda chosen: st.session_state.update({THRESHOLD: chosen}),
            )


def _photos(evaluation: Evaluation, k: int) -> None:
    """Show the photos behind a point: those past its threshold, the wrong ones of them, those missed."""
    name = class_title(evaluation.report.class_names[k])
    threshold = st.slider(
        f"Threshold: photos with a probability of {name} of at least",
        0.0,
        1.0,
        step=0.01,
        format="percent",
        key=THRESHOLD,
        width=420,
    )
    found = evaluation.diagnosis.rows_at(k, threshold)._asdict()
    counts = {name: len(rows) for name, rows in found.items()}
    titles = {
        PAST: f"{counts[PAST]:,} above the threshold",
        "false": counted(counts["false"], "false positive"),
        "missed": counted(counts["missed"], f"missed {name.lower()} photo"),
    }
    which = one_of("Which of them", titles, key="evaluate_curve_which")
    rows = found[which]
    if not len(rows):
        st.info("There are none at this threshold. Choose another point.", icon=":material/search:")
        return
    matrix.grid(evaluation, rows, key="evaluate_curve_grid", scope=f"{k} {threshold} {which}")


def _table(curves: tuple[ClassCurves, ...]) -> None:
    names = [one.class_name for one in curves]
    table.show(
        pd.DataFrame(
            {
                theme.ICON_COLUMN: [theme.icon_address(one.class_name, names) for one in curves],
                "Class": [class_title(one.class_name) for one in curves],
                "Average precision": [one.average_precision for one in curves],
                "AUC": [one.auc for one in curves],
                "Photos": [one.positives for one in curves],
                "": [_remark(one.positives) for one in curves],
            }
        ),
        fold="All classes as a table",
        key="evaluate_curves_table",
        formats={"Average precision": "%.3f", "AUC": "%.3f"},
        alt="Average precision and area under the ROC curve of each class",
    )


def _remark(photos: int) -> str:
    if not photos:
        return "no photos"
    return "few photos: a rough guess" if photos < FEW_PHOTOS else ""
