"""The trust badge of a heatmap: tested on demand, kept, with every number, two curves and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from gallery.charts.drawing import chart, percent_axis, plain
from gallery.errors import GalleryError
from gallery.explanation.perturbation import Curve
from gallery.explanation.randomisation import SAME_MAP_CORRELATION
from gallery.explanation.records import MapOf
from gallery.explanation.trust import Trust, TrustReport
from gallery.services import explain, heatmaps
from gallery.services.explain import Choice
from gallery.services.explained_photo import ExplainedPhoto
from gallery.services.heatmaps import MapPair
from gallery.types import FloatArray
from gallery.ui.components import theme, waiting
from gallery.ui.components.choice import one_of
from gallery.ui.components.plain_text import escaped
from gallery.words import class_title, counted, percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

_VERDICTS = {
    Trust.PASSES: (st.success, ":material/check_circle:", "Passes: the prediction rests on the marked parts"),
    Trust.DOUBTFUL: (
        st.warning,
        ":material/help:",
        "Doubtful: take this heatmap as a hint, not as a finding",
    ),
    Trust.FAILS: (st.error, ":material/block:", "Fails: this heatmap shows nothing about the prediction"),
}
_LINES = {False: ("#1f6f54", "#ae4b00", "#5c6c6a"), True: ("#5cc49c", "#f16700", "#94a4a2")}
"""This map, elsewhere, random; by dark. The dashes tell them apart without colour."""


def show(photo: ExplainedPhoto, choice: Choice, pair: MapPair | None, compared: str) -> None:
    """Show how far a map can be trusted, or the button that finds it out."""
    if pair is None:
        st.caption("A heatmap can be tested when it is computed.")
        return
    predicted = photo.prediction.label
    titles = {one: f"The heatmap of {class_title(one)}" for one in (predicted, compared)}
    name = one_of("The heatmap of", titles, key="explain_trust_class")
    cam = pair.first if name == predicted else pair.second
    index = photo.prediction.class_names.index(name)
    if not heatmaps.has_evidence(cam):
        st.info(
            f"There is no evidence for {class_title(name)}, so there is nothing to test.",
            icon=":material/search:",
        )
        return
    which = choice.map_of(photo, index)
    report = explain.trust_of(which) or _test(photo, choice, cam, which)
    if report is None:
        return
    _badge(report, class_title(name), choice.method.title, dark=theme.is_dark())
    _averages(choice)


def _test(photo: ExplainedPhoto, choice: Choice, cam: FloatArray, which: MapOf) -> TrustReport | None:
    """Offer the test, or show how far it is; return what it found once it has."""
    key = explain.trust_key(which)
    if waiting.known(key) is None and st.session_state.get("explain_trust_asked") != which:
        st.markdown(
            "The test checks whether the prediction rests on the marked parts: it removes and restores them "
            "step by step, and compares the heatmap with those of randomised (untrained) networks."
        )
        st.button(
            "Test this heatmap",
            type="primary",
            icon=":material/verified_user:",
            key="explain_trust_test",
            on_click=lambda: st.session_state.update(explain_trust_asked=which),
            help=f"About {explain.trust_passes(choice):,} model runs on altered copies of the photo: some "
            "seconds to two minutes. The result is kept.",
        )
        return None
    try:
        task = waiting.known(key) or explain.trust_task(photo, choice, cam, which.class_index)
    except GalleryError as exc:
        st.warning(escaped(str(exc)), icon=":material/warning:")
        return None
    done = waiting.is_done(task, "Testing the heatmap", unit="model runs", key="explain_trust_waiting")
    return task.result if done else None


def _averages(choice: Choice) -> None:
    """Show the means over all heatmaps that were tested with this method."""
    found = explain.trust_averages(choice)
    if found is None:
        st.caption(
            "Average drop and increase need several photos: test some more with this method to see their "
            "means."
        )
        return
    st.caption(
        f"Over the {found.tested} heatmaps tested so far with {choice.method.title} at this layer: average "
        f"drop {percent(found.drop, 0)}, average increase {percent(found.increase, 0)}, mean area of "
        f"deletion {found.deletion:.2f}, of insertion {found.insertion:.2f}; {found.passed} passed."
    )


def _badge(report: TrustReport, class_name: str, method: str, *, dark: bool) -> None:
    """Show the badge, its four numbers and the curves.

    Args:
        report: what was found.
        class_name: as people read it.
        method: its title.
        dark: lines for the dark theme.
    """
    box, icon, headline = _VERDICTS[report.verdict]
    box(f"**{headline}.** {_why(report, class_name)}", icon=icon)
    for column, (name, value, good, meaning) in zip(
        st.columns(4, border=True), _numbers(report), strict=True
    ):
        with column.container(gap=None):
            st.metric(name, value)
            icon = "" if good is None else ":material/check: " if good else ":material/close: "
            st.caption(icon + meaning)
    left, right = st.columns(2)
    for column, kind, title, better in (
        (left, "deletion", "Deletion: the marked parts turn grey", "should fall"),
        (right, "insertion", "Insertion: the marked parts are restored on the blurred photo", "should rise"),
    ):
        with column:
            st.markdown(f"**{title}** ({better} early)")
            curves = _curves(report, kind)
            areas = ", ".join(f"{name} {curve.area:.2f}" for name, curve in curves)
            st.plotly_chart(
                _figure(curves, class_name, dark=dark),
                theme=None,
                config={"displayModeBar": False},
                key=f"explain_trust_{kind}",
                alt=f"{title}: {areas} (areas under the curves)",
            )
    with st.expander("The two curves as a table"):
        st.dataframe(_table(report), hide_index=True, alt="Deletion and insertion curves as numbers")
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


def _numbers(report: TrustReport) -> list[tuple[str, str, bool | None, str]]:
    """Return the four numbers: name, value, whether it is as it should be (None: no line drawn), meaning."""
    found: list[tuple[str, str, bool | None, str]] = []
    for kind, early, better, best in (
        ("deletion", report.deletes_early, "lower", min(report.deletion_others)),
        ("insertion", report.inserts_early, "higher", max(report.insertion_others)),
    ):
        own, elsewhere, random = (curve.area for _, curve in _curves(report, kind))
        found.append(
            (
                f"{kind.capitalize()} (area under the curve)",
                f"{own:.2f}",
                early,
                f"elsewhere {elsewhere:.2f}, random {random:.2f}, the best elsewhere {best:.2f}; "
                f"{better} is better",
            )
        )
    found.append(
        (
            "Drop" if not report.increased else "Increase",
            percent(report.drop, 0)
            if not report.increased
            else f"+{100 * (report.kept - report.whole):.1f} points",
            None,
            f"with only the marked parts shown, {percent(report.whole, 0)} becomes "
            f"{percent(report.kept, 0)}; a small drop is good",
        )
    )
    test, check = report.randomisation, "Randomised-network check"
    if test is None:
        return [*found, (check, "not tested", None, "")]
    networks = counted(len(test.correlations), "randomised network")
    if test.mean is None:
        return [*found, (check, "no map", None, f"not tested: the heatmaps of {networks} are empty")]
    meaning = (
        f"rank correlation with the heatmaps of {networks}; {SAME_MAP_CORRELATION} or more counts as the "
        "same heatmap"
    )
    return [*found, (check, f"{test.mean:.2f}", test.passed, meaning)]


def _curves(report: TrustReport, kind: str) -> list[tuple[str, Curve]]:
    return [
        ("this heatmap", getattr(report, kind)),
        ("elsewhere", getattr(report, f"{kind}_elsewhere")),
        ("random", getattr(report, f"{kind}_random")),
    ]


def _table(report: TrustReport) -> dict[str, list[float]]:
    """Return both kinds of curves as columns, in percent."""
    columns = {"Replaced (%)": [round(100 * share, 1) for share in report.deletion.shares]}
    for kind in ("deletion", "insertion"):
        for name, curve in _curves(report, kind):
            columns[f"{kind.capitalize()}, {name}"] = [round(100 * p, 1) for p in curve.probabilities]
    return columns


def _figure(curves: Sequence[tuple[str, Curve]], class_name: str, *, dark: bool) -> go.Figure:
    """Return the curves of one kind, the map's own filled below."""
    import plotly.graph_objects as go

    lines = [
        go.Scatter(
            x=[100 * share for share in curve.shares],
            y=[100 * p for p in curve.probabilities],
            mode="lines",
            name=f"{name} ({curve.area:.2f})",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"{name}<br>%{{x:.0f}} % replaced: %{{y:.1f}} %<extra></extra>",
        )
        for (name, curve), colour, dash in zip(curves, _LINES[dark], ("solid", "dash", "dot"), strict=True)
    ]
    lines[0].update(line_width=3, fill="tozeroy", fillcolor="rgba(92,196,156,.15)")
    y = percent_axis(f"probability of {plain(class_name)}")
    figure = chart(lines, "", x=percent_axis("of the photo replaced"), y=y, dark=dark, height=290).figure
    return figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
