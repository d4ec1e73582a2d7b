"""The result of a heatmap's test, in words, numbers and two curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gallery.charts.drawing import CLEAR, FONT, GRID, INK
from gallery.explanation.perturbation import Curve
from gallery.explanation.randomisation import SAME_MAP_CORRELATION
from gallery.explanation.trust import Trust, TrustReport
from gallery.words import percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEADLINES = {
    Trust.PASSES: "Passes: the prediction rests on the marked parts",
    Trust.DOUBTFUL: "Doubtful: take this heatmap as a hint, not as a finding",
    Trust.FAILS: "Fails: this heatmap shows nothing about the prediction",
}
_BOXES = {
    Trust.PASSES: (st.success, ":material/check_circle:"),
    Trust.DOUBTFUL: (st.warning, ":material/help:"),
    Trust.FAILS: (st.error, ":material/block:"),
}
_LINES = {False: ("#1f6f54", "#ae4b00", "#5c6c6a"), True: ("#5cc49c", "#f16700", "#94a4a2")}
"""This map, elsewhere, random; by dark. The dashes tell them apart without colour."""


def show(report: TrustReport, class_name: str, method: str, *, dark: bool) -> None:
    """Show the badge, its four numbers and the curves.

    Args:
        report: what was found.
        class_name: as people read it.
        method: its title.
        dark: lines for the dark theme.
    """
    box, icon = _BOXES[report.verdict]
    box(f"**{HEADLINES[report.verdict]}.** {_why(report, class_name)}", icon=icon)
    for column, (name, value, good, meaning) in zip(st.columns(4, border=True), numbers(report), strict=True):
        with column.container(gap=None):
            st.metric(name, value)
            icon = "" if good is None else ":material/check: " if good else ":material/close: "
            st.caption(icon + meaning)
    left, right = st.columns(2)
    for column, title, curves, better in (
        (left, "Deletion: the marked parts turn grey", _of(report, "deletion"), "should fall early"),
        (
            right,
            "Insertion: the marked parts are restored on the blurred photo",
            _of(report, "insertion"),
            "should rise early",
        ),
    ):
        with column:
            st.markdown(f"**{title}** ({better})")
            st.plotly_chart(
                figure(curves, class_name, dark=dark),
                theme=None,
                config={"displayModeBar": False},
                key=f"explain_trust_{title[:8]}",
                alt=f"{title}: {in_words(curves)}",
            )
    with st.expander("The two curves as a table"):
        st.dataframe(table(report), hide_index=True, alt="Deletion and insertion curves as numbers")
    st.caption(
        f"{method}. Deletion and insertion: Petsiuk et al. 2018; average drop and increase: Chattopadhay et "
        "al. 2018; randomised networks: Adebayo et al. 2018. *Elsewhere*: the same heatmap shifted by thirds "
        "of the photo, mean of eight; *random*: cells in random order, mean of two."
    )


def _why(report: TrustReport, class_name: str) -> str:
    test = report.randomisation
    if test is not None and test.passed is False:
        return (
            "Randomised (untrained) networks give nearly the same heatmap, so it shows the outlines of the "
            "photo and nothing about this model."
        )
    if test is not None and test.passed is None:
        return (
            "Randomised (untrained) networks give empty heatmaps for this photo, so the comparison with them "
            "says nothing."
        )
    if report.is_faint:
        return f"The model gives {class_name} only {percent(report.whole)} here, too little to test."
    if report.points_at_evidence:
        return (
            "Removed and restored, the marked parts change the prediction clearly more than the same shape "
            f"at eight other places{_weaker_way(report)}. One in four heatmaps of other photos passes too, "
            "since animals often stand in the same place: a strong hint, not a proof."
        )
    if report.is_ahead:
        return (
            "The marked parts change the prediction more than the same shape at eight other places, but one "
            "of them comes close."
        )
    return (
        "The same shape elsewhere on the photo changes the prediction as much as the marked parts, or more."
    )


def _weaker_way(report: TrustReport) -> str:
    """Return which of both ways would not have shown it alone."""
    if not report.deletes_early:
        return ", although removing other parts alone changes as much"
    if not report.inserts_early:
        return ", although restoring other parts alone changes as much"
    return ""


def numbers(report: TrustReport) -> list[tuple[str, str, bool | None, str]]:
    """Return the four numbers: name, value, whether it is as it should be (None: no line drawn), meaning."""
    test = report.randomisation
    found = [
        (
            "Deletion (area under the curve)",
            f"{report.deletion.area:.2f}",
            report.deletes_early,
            f"elsewhere {report.deletion_elsewhere.area:.2f}, random {report.deletion_random.area:.2f}, "
            f"the best elsewhere {min(report.deletion_others):.2f}; lower is better",
        ),
        (
            "Insertion (area under the curve)",
            f"{report.insertion.area:.2f}",
            report.inserts_early,
            f"elsewhere {report.insertion_elsewhere.area:.2f}, random {report.insertion_random.area:.2f}, "
            f"the best elsewhere {max(report.insertion_others):.2f}; higher is better",
        ),
        (
            "Drop" if not report.increased else "Increase",
            percent(report.drop, 0)
            if not report.increased
            else f"+{100 * (report.kept - report.whole):.1f} points",
            None,
            f"with only the marked parts shown, {percent(report.whole, 0)} becomes "
            f"{percent(report.kept, 0)}; a small drop is good",
        ),
    ]
    if test is None:
        return [*found, ("Randomised-network check", "not tested", None, "")]
    networks = "1 network" if len(test.correlations) == 1 else f"{len(test.correlations)} networks"
    meaning = (
        f"rank correlation with the heatmaps of {networks.replace('network', 'randomised network')}; "
        f"{SAME_MAP_CORRELATION} or more counts as the same heatmap"
    )
    if test.mean is None:
        untested = (
            f"not tested: the heatmaps of {networks.replace('network', 'randomised network')} are empty"
        )
        return [*found, ("Randomised-network check", "no map", None, untested)]
    return [*found, ("Randomised-network check", f"{test.mean:.2f}", test.passed, meaning)]


def _of(report: TrustReport, kind: str) -> list[tuple[str, Curve]]:
    return [
        ("this heatmap", getattr(report, kind)),
        ("elsewhere", getattr(report, f"{kind}_elsewhere")),
        ("random", getattr(report, f"{kind}_random")),
    ]


def in_words(curves: Sequence[tuple[str, Curve]]) -> str:
    """Return each curve's area in words, for those who do not see the chart."""
    return ", ".join(f"{name} {curve.area:.2f}" for name, curve in curves) + " (areas under the curves)"


def table(report: TrustReport) -> dict[str, list[float]]:
    """Return both kinds of curves as columns, in percent."""
    columns = {"Replaced (%)": [round(100 * share, 1) for share in report.deletion.shares]}
    for kind in ("deletion", "insertion"):
        for name, curve in _of(report, kind):
            columns[f"{kind.capitalize()}, {name}"] = [round(100 * p, 1) for p in curve.probabilities]
    return columns


def figure(curves: Sequence[tuple[str, Curve]], class_name: str, *, dark: bool) -> go.Figure:
    """Return the curves of one kind, the map's own filled below."""
    import plotly.graph_objects as go

    text = INK[dark]
    lines = []
    for number, (name, curve) in enumerate(curves):
        colour = _LINES[dark][number]
        lines.append(
            go.Scatter(
                x=[100 * share for share in curve.shares],
                y=[100 * p for p in curve.probabilities],
                mode="lines",
                name=f"{name} ({curve.area:.2f})",
                line={
                    "color": colour,
                    "width": 3 if number == 0 else 2,
                    "dash": ("solid", "dash", "dot")[number],
                },
                fill="tozeroy" if number == 0 else None,
                fillcolor="rgba(92,196,156,.15)",
                hovertemplate=f"{name}<br>%{{x:.0f}} % replaced: %{{y:.1f}} %<extra></extra>",
            )
        )
    drawn = go.Figure(lines)
    axis = {
        "gridcolor": GRID[dark], "zeroline": False, "fixedrange": True, "ticksuffix": " %",
        "tickfont": {"color": text}, "range": [0, 100],
    }  # fmt: skip
    drawn.update_xaxes(**axis, title={"text": "of the photo replaced", "font": {"color": text}})
    drawn.update_yaxes(**axis, title={"text": f"probability of {class_name}", "font": {"color": text}})
    drawn.update_layout(
        height=290, margin={"l": 60, "r": 10, "t": 30, "b": 44}, paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR, font={"color": text, "family": FONT}, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": text}},
    )  # fmt: skip
    return drawn
