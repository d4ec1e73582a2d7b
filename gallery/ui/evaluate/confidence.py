"""The tab on calibration, the confidence threshold that reaches an accuracy, and each class's curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from gallery.charts.evaluation import coverage_chart, reliability_chart
from gallery.evaluation.calibration import ReliabilityBin
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.diagnosis import WANTED_ACCURACY
from gallery.evaluation.evaluation import Evaluation
from gallery.services import collections
from gallery.settings import FEW_PHOTOS, UNSURE_BELOW
from gallery.ui.components import clickable_chart, messages, table, theme, view_state
from gallery.ui.components.choice import one_of
from gallery.ui.evaluate import curves, matrix
from gallery.words import interval, percent, photo_count

TAB = "Confidence"
PART = "evaluate_confidence_part"
CALIBRATION, CURVES = "Calibration and threshold", "Precision, recall and ROC"
WANTED = "evaluate_wanted"
POINT = "evaluate_coverage_point"
BIN = "evaluate_bin"
SHOWN = "evaluate_confidence_shown"
KEPT, LEFT_OUT, IN_BIN = "kept", "left out", "bin"
BEFORE, AFTER = "As predicted", "After temperature scaling"


def show(evaluation: Evaluation) -> None:
    """Show the tab: reliability left, accuracy against coverage right; or the curves of a class."""
    part = one_of("Part of this tab", (CALIBRATION, CURVES), key=PART)
    if part == CURVES:
        curves.show(evaluation)
        return
    if evaluation.report.n < FEW_PHOTOS:
        st.warning(
            f"Only {photo_count(evaluation.report.n)}: these figures are rough guesses. Label more photos "
            "before you choose a threshold.",
            icon=":material/warning:",
        )
    left, right = st.columns(2, gap="large")
    with left:
        bins = _reliability(evaluation)
    with right:
        point = _coverage(evaluation)
    _photos(evaluation, bins, point)


def _reliability(evaluation: Evaluation) -> tuple[ReliabilityBin, ...]:
    diagnosis = evaluation.diagnosis
    scaled = diagnosis.calibration
    st.markdown("**Does accuracy match confidence?** Bars on the dashed line are well calibrated.")
    with st.container(horizontal=True):
        st.metric(
            "Calibration error (ECE)",
            percent(evaluation.report.calibration_error),
            border=True,
            help="Expected calibration error: the mean difference between confidence and accuracy, over 15 "
            "bins of confidence; 0 is best.",
        )
        if scaled is None:
            st.caption("Temperature scaling needs at least two photos.")
        else:
            st.metric(
                "After temperature scaling",
                percent(scaled.ece_after),
                border=True,
                help="Confidences are divided by a temperature "
                f"({float(np.median(scaled.temperatures)):.2f}) fitted by five-fold cross-validation: on no "
                "photo that it is applied to.",
            )
    bins = diagnosis.bins
    if diagnosis.bins_after is not None:
        which = one_of("Confidence", (BEFORE, AFTER), key="evaluate_scaled")
        bins = diagnosis.bins_after if which == AFTER else bins
    clickable_chart.show(
        reliability_chart(bins, chosen=st.session_state.get(BIN), dark=theme.is_dark()),
        key="evaluate_reliability",
        on_choose=lambda number: _open(IN_BIN, int(number)),
    )
    st.caption(
        f"Above each bar its number of photos; click a bar to see them. Faint: fewer than {FEW_PHOTOS}."
    )
    _table(bins)
    return bins


def _table(bins: tuple[ReliabilityBin, ...]) -> None:
    there = [(m, one) for m, one in enumerate(bins) if one.n]
    table.show(
        pd.DataFrame(
            {
                "Confidence": [interval((one.low, one.high), 0) for _, one in there],
                "Photos": [one.n for _, one in there],
                "Mean confidence": [one.confidence for _, one in there],
                "Accuracy": [one.accuracy for _, one in there],
                "95 % CI": [interval(one.interval, 0) for _, one in there],
            }
        ),
        fold="The diagram as a table",
        key="evaluate_bins",
        on_choose=lambda row: _open(IN_BIN, there[row][0]),
        formats={"Mean confidence": "percent", "Accuracy": "percent"},
        alt="Reliability diagram as a table; choosing a row shows its photos",
    )


def _coverage(evaluation: Evaluation) -> CoveragePoint | None:
    """Show the accuracy asked for and the curve; return the point that is chosen, by either."""
    curve = evaluation.diagnosis.coverage
    st.markdown("**How many photos can the model sort alone?**")
    st.session_state.setdefault(WANTED, round(100 * WANTED_ACCURACY))
    asked_percent = st.number_input(
        "Target accuracy (%)", 1, 100, step=1, key=WANTED, width=220,
        on_change=lambda: st.session_state.pop(POINT, None),
    )  # fmt: skip
    wanted = asked_percent / 100
    of, threshold = st.session_state.get(POINT, (None, 0.0))
    clicked = curve.at_threshold(threshold) if of == evaluation.identity else None
    point = curve.coverage_at(wanted) if clicked is None else clicked
    _say(point, wanted, by_click=clicked is not None)
    _threshold(evaluation.report.model_id, point)

    def choose(threshold: float) -> None:
        st.session_state[POINT] = (evaluation.identity, threshold)
        _open(KEPT)

    clickable_chart.show(
        coverage_chart(curve, chosen=point, wanted=wanted, dark=theme.is_dark()),
        key="evaluate_coverage",
        on_choose=choose,
    )
    st.caption("Each point is a confidence threshold: click one to see the photos above it.")
    _coverage_table(curve, choose)
    return point


def _coverage_table(curve: AccuracyCoverage, choose: Callable[[float], None]) -> None:
    points = curve.at_round_thresholds()
    table.show(
        pd.DataFrame(
            {
                "Confidence at least": [one.threshold for one in points],
                "Photos": [one.kept for one in points],
                "Share of all": [one.coverage for one in points],
                "Accuracy": [one.accuracy for one in points],
                "95 % CI": [interval(one.interval, 0) for one in points],
            }
        ),
        fold="The curve as a table",
        key="evaluate_coverage_table",
        on_choose=lambda row: choose(points[row].threshold),
        formats=dict.fromkeys(("Confidence at least", "Share of all", "Accuracy"), "percent"),
        alt="What a confidence threshold keeps, as a table; choosing a row shows the photos above it",
    )


def _say(point: CoveragePoint | None, wanted: float, *, by_click: bool) -> None:
    if point is None:
        st.warning(
            f"No confidence threshold reaches {percent(wanted, 0)} accuracy on these photos. Set a lower "
            "target, or train the model on photos like these.",
            icon=":material/warning:",
        )
        return
    st.markdown(
        f"{'At this point' if by_click else f'For {percent(wanted, 0)} accuracy'}: a confidence threshold of "
        f"**{percent(point.threshold)}** leaves **{point.left_out:,} of {point.n:,} photos** "
        f"({percent(point.share_left_out)}) to people. Of the {point.kept:,} others, "
        f"{percent(point.accuracy)} are correct (95 % CI {interval(point.interval)})."
    )
    if point.kept < FEW_PHOTOS:
        st.caption(f"Only {photo_count(point.kept)} are above it: a rough guess.")
    with st.container(horizontal=True, gap="small"):
        for words, which, count in (
            ("below", LEFT_OUT, point.left_out),
            ("above", KEPT, point.kept),
        ):
            st.button(
                f"{count:,} {words}",
                type="tertiary",
                icon=":material/photo_library:",
                key=f"evaluate_coverage_{which.replace(' ', '_')}",
                disabled=not count,
                on_click=_open,
                args=(which,),
                help="Shows these photos below, the least certain first.",
            )


def _open(which: str, bin_number: int = -1) -> None:
    st.session_state[SHOWN], st.session_state[BIN] = which, bin_number


def _threshold(model_id: str, point: CoveragePoint | None) -> None:
    """Show the threshold of the Unsure shelf as it is now, and let it be set to the chosen point's."""
    chosen = collections.chosen_threshold(model_id)
    now = UNSURE_BELOW if chosen is None else chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Use it for the Unsure shelf",
            type="primary",
            icon=":material/done_all:",
            key="evaluate_use_threshold",
            disabled=point is None or point.threshold == now,
            on_click=messages.attempt,
            args=(_choose, model_id, None if point is None else point.threshold),
        )
        if chosen is not None:
            st.button(
                f"Back to {percent(UNSURE_BELOW, 0)}",
                icon=":material/undo:",
                key="evaluate_reset_threshold",
                on_click=messages.attempt,
                args=(_choose, model_id, None),
            )
        st.markdown(f"Confidence threshold of the Unsure shelf now: **{percent(now)}**.", width="content")


def _choose(model_id: str, threshold: float | None) -> None:
    collections.choose_threshold(model_id, threshold)
    view_state.change(unsure_below=None)  # what this session had set in Browse gives way to it
    share = UNSURE_BELOW if threshold is None else threshold
    messages.say_done(f"Photos with a confidence below {percent(share)} are now on the Unsure shelf.")


def _photos(evaluation: Evaluation, bins: tuple[ReliabilityBin, ...], point: CoveragePoint | None) -> None:
    """Show the photos of the bar or the point that was clicked."""
    which, curve = st.session_state.get(SHOWN), evaluation.diagnosis.coverage
    if which == IN_BIN and 0 <= st.session_state[BIN] < len(bins):
        one = bins[st.session_state[BIN]]
        rows, title = one.rows, f"Confidence {interval((one.low, one.high), 0)}"
    elif which == KEPT and point is not None:
        rows = curve.kept_rows(point.threshold)
        title = f"Confidence of {percent(point.threshold)} or more, lowest first"
    elif which == LEFT_OUT and point is not None:
        rows, title = curve.left_out_rows(point.threshold), f"Confidence below {percent(point.threshold)}"
    else:
        return
    st.markdown(f"**{title}: {photo_count(len(rows))}**")
    if len(rows):
        matrix.grid(evaluation, rows, key="evaluate_confidence_grid", scope=title)
