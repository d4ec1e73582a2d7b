"""What a test of a heatmap found, in words, numbers and two curves."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from gallery.explanation.perturbation import Curve
from gallery.explanation.randomisation import SAME_MAP_CORRELATION
from gallery.explanation.trust import Trust, TrustReport
from gallery.ui.components import theme
from gallery.words import percent

HEADLINES = {
    Trust.PASSES: "Passes: this map shows what the answer rests on",
    Trust.DOUBTFUL: "Doubtful: take this map as a hint, not as a finding",
    Trust.FAILS: "Fails: do not read anything into this map",
}
_BOXES = {
    Trust.PASSES: (st.success, "✅"),
    Trust.DOUBTFUL: (st.warning, "❔"),
    Trust.FAILS: (st.error, "🚫"),
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
            st.caption(f"{'✓' if good else '✗'} {meaning}" if good is not None else meaning)
    left, right = st.columns(2)
    for column, title, curves, better in (
        (left, "Deletion: the marked parts turn grey", _of(report, "deletion"), "should fall early"),
        (
            right,
            "Insertion: they come back to the blurred photo",
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
        "al. 2018; scrambled weights: Adebayo et al. 2018. *Elsewhere* is the same map shifted by "
        "thirds of the photo, the mean of eight; *random* are cells of the photo in random order, the mean "
        "of two."
    )


def _why(report: TrustReport, class_name: str) -> str:
    test = report.randomisation
    if test is not None and test.passed is False:
        return (
            "A network that learnt nothing gives nearly the same map, so it shows the outlines of the photo "
            "and not what this model learnt."
        )
    if test is not None and test.passed is None:
        return (
            "Networks that learnt nothing give this photo no map to compare with, so nothing shows that this "
            "one is of what the model learnt."
        )
    if report.is_faint:
        return (
            f"The model gives {class_name} only {percent(report.whole)} here: there is hardly an answer "
            "whose grounds could be tested."
        )
    if report.points_at_evidence:
        return (
            "Taken away and handed back together, what it marks matters clearly more than the same shape "
            f"laid at eight other places{_weaker_way(report)}. So do one in four maps of other photos, whose "
            "animal often stands in the same place: it is a strong hint and no proof."
        )
    if report.is_ahead:
        return (
            "What it marks matters more than the same shape laid at eight other places, but one of them "
            "comes close."
        )
    return "The same shape laid elsewhere on the photo matters as much as what it marks, or more."


def _weaker_way(report: TrustReport) -> str:
    """Return which of both ways would not have shown it alone."""
    if not report.deletes_early:
        return ", though another place costs as much when it is taken away alone"
    if not report.inserts_early:
        return ", though another place gives as much when it is handed back alone"
    return ""


def numbers(report: TrustReport) -> list[tuple[str, str, bool | None, str]]:
    """Return the four numbers: name, value, whether it is as it should be (None: no line drawn), meaning."""
    test = report.randomisation
    found = [
        (
            "Deletion, area",
            f"{report.deletion.area:.2f}",
            report.deletes_early,
            f"elsewhere {report.deletion_elsewhere.area:.2f}, random {report.deletion_random.area:.2f}, "
            f"the best elsewhere {min(report.deletion_others):.2f}; lower is better",
        ),
        (
            "Insertion, area",
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
            f"with only the marked parts shown, {percent(report.whole, 0)} become {percent(report.kept, 0)}; "
            "a small drop is good",
        ),
    ]
    if test is None:
        return [*found, ("Scrambled weights", "not tested", None, "")]
    networks = "1 network" if len(test.correlations) == 1 else f"{len(test.correlations)} networks"
    meaning = (
        f"rank correlation with the maps of {networks} that learnt nothing; from {SAME_MAP_CORRELATION} on "
        "it is the same map"
    )
    if test.mean is None:
        untested = f"could not be tested: the maps of {networks} that learnt nothing are empty"
        return [*found, ("Scrambled weights", "no map", None, untested)]
    return [*found, ("Scrambled weights", f"{test.mean:.2f}", test.passed, meaning)]


def _of(report: TrustReport, kind: str) -> list[tuple[str, Curve]]:
    return [
        ("this map", getattr(report, kind)),
        ("elsewhere", getattr(report, f"{kind}_elsewhere")),
        ("random", getattr(report, f"{kind}_random")),
    ]


def in_words(curves: Sequence[tuple[str, Curve]]) -> str:
    """Return each curve's area in words, for those who do not see the chart."""
    return ", ".join(f"{name} {curve.area:.2f}" for name, curve in curves) + " (areas under the curves)"


def table(report: TrustReport) -> dict[str, list[float]]:
    """Return both kinds of curves as columns, in percent."""
    columns = {"Exchanged (%)": [round(100 * share, 1) for share in report.deletion.shares]}
    for kind in ("deletion", "insertion"):
        for name, curve in _of(report, kind):
            columns[f"{kind.capitalize()}, {name}"] = [round(100 * p, 1) for p in curve.probabilities]
    return columns


def figure(curves: Sequence[tuple[str, Curve]], class_name: str, *, dark: bool) -> go.Figure:
    """Return the curves of one kind, the map's own filled below."""
    text = theme.TEXT[dark]
    grid = "rgba(128,128,128,.25)"
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
                hovertemplate=f"{name}<br>%{{x:.0f}} % exchanged: %{{y:.1f}} %<extra></extra>",
            )
        )
    drawn = go.Figure(lines)
    axis = {
        "gridcolor": grid, "zeroline": False, "fixedrange": True, "ticksuffix": " %",
        "tickfont": {"color": text}, "range": [0, 100],
    }  # fmt: skip
    drawn.update_xaxes(**axis, title={"text": "of the photo exchanged", "font": {"color": text}})
    drawn.update_yaxes(**axis, title={"text": f"probability of {class_name}", "font": {"color": text}})
    drawn.update_layout(
        height=290, margin={"l": 60, "r": 10, "t": 30, "b": 44}, paper_bgcolor=theme.CLEAR,
        plot_bgcolor=theme.CLEAR, font={"color": text, "family": theme.FONT}, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": text}},
    )  # fmt: skip
    return drawn
