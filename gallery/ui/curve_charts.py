"""Charts of curves and intervals whose points carry what they stand for, so that a click can open its photos.

Each has one trace that answers to the pointer; the others ignore it. What rests
on few photos is drawn hollow, so that colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gallery.evaluation.calibration import ReliabilityBin
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.metrics import FEW_PHOTOS
from gallery.evaluation.ranking import ClassCurves
from gallery.evaluation.slices import Slice
from gallery.ui.charts import CLEAR, FONT, TEXT, WRONG

ACCENT = {False: "#1f6f54", True: "#5cc49c"}
MUTED = {False: "#5f6462", True: "#9ba09e"}
GRID = {False: "#dfe5e2", True: "#333b38"}
NAME_LENGTH = 30
"""Characters of a slice's name beside its dot; the tooltip and the table have the whole."""

DRAWN_POINTS = 120
"""Points drawn of a curve: as many as a hand can tell apart on 500 px."""

_NO_POINTER: dict[str, Any] = {"hoverinfo": "skip", "showlegend": False}
_STEADY: dict[str, Any] = {  # a chosen point is marked by the page, not by fading all others
    "selected": {"marker": {"opacity": 1}},
    "unselected": {"marker": {"opacity": 1}},
}


def precision_recall_figure(
    curves: ClassCurves, *, colour: str, threshold: float, dark: bool = False
) -> go.Figure:
    """Return the precision-recall curve of a class; a point carries ``[threshold]``.

    Args:
        curves: of the class, which has photos.
        colour: of the class.
        threshold: whose point is marked.
        dark: colours for the dark theme.
    """
    shown = curves.thinned(DRAWN_POINTS)
    share = curves.positives / (curves.positives + curves.negatives)
    hover = [
        f"From {t:.1%} on<br><b>{tp + fp:,} photos</b>, {tp:,} of the class ({p:.1%})<br>"
        f"{r:.1%} of the class found<br>Click to see them"
        for t, tp, fp, p, r in zip(
            shown.thresholds, shown.true_positives, shown.false_positives, shown.precision, shown.recall,
            strict=True,
        )
    ]  # fmt: skip
    figure = go.Figure(
        [
            _dashes([0, 1], [share, share], dark),
            _curve(shown.recall, shown.precision, shown.thresholds[:, None], hover, colour),
            _mark(*_at(curves, curves.recall, curves.precision, threshold), dark),
        ]
    )
    return _laid_out(figure, "Recall: share of the class found", "Precision: share that is right", dark)


def roc_figure(curves: ClassCurves, *, colour: str, threshold: float, dark: bool = False) -> go.Figure:
    """Return the ROC curve of a class that has photos, as others have; a point carries ``[threshold]``."""
    shown = curves.thinned(DRAWN_POINTS)
    hover = [
        f"From {t:.1%} on<br>{r:.1%} of the class found ({tp:,} photos)<br>"
        f"{f:.1%} of the others taken for it ({fp:,} photos)<br>Click to see them"
        for t, tp, fp, r, f in zip(
            shown.thresholds, shown.true_positives, shown.false_positives, shown.recall,
            shown.false_positive_rate, strict=True,
        )
    ]  # fmt: skip
    figure = go.Figure(
        [
            _dashes([0, 1], [0, 1], dark),
            _curve(shown.false_positive_rate, shown.recall, shown.thresholds[:, None], hover, colour),
            _mark(*_at(curves, curves.false_positive_rate, curves.recall, threshold), dark),
        ]
    )
    return _laid_out(figure, "Share of other photos taken for it", "Recall: share of the class found", dark)


def reliability_figure(
    bins: Sequence[ReliabilityBin], *, chosen: int | None = None, dark: bool = False
) -> go.Figure:
    """Return the reliability diagram; a bar carries ``[its bin]``, and its photos are counted above it."""
    there = [(m, one) for m, one in enumerate(bins) if one.n]
    accuracy = np.array([one.accuracy for _, one in there])
    bounds = np.array([one.interval for _, one in there])
    few = [one.n < FEW_PHOTOS for _, one in there]
    hover = [
        f"Confidence {one.low:.0%} to {one.high:.0%}, mean {one.confidence:.1%}<br><b>{one.n:,} photos, "
        f"{one.accuracy:.1%} right</b><br>95 % interval {one.interval[0]:.1%} to {one.interval[1]:.1%}"
        f"{'<br>few photos' if thin else ''}<br>Click to see them"
        for (_, one), thin in zip(there, few, strict=True)
    ]
    middles = [(one.low + one.high) / 2 for _, one in there]
    bars = go.Bar(
        x=middles, y=accuracy, width=[one.high - one.low for _, one in there],
        customdata=[[m] for m, _ in there], text=hover, hovertemplate="%{text}<extra></extra>",
        textposition="none", showlegend=False,
        marker={
            "color": [_veiled(ACCENT[dark], 0.15 if thin else 0.6) for thin in few],
            "line": {"color": [TEXT[dark] if m == chosen else ACCENT[dark] for m, _ in there],
                     "width": [3 if m == chosen else 1 for m, _ in there]},
        },
        error_y={"type": "data", "array": bounds[:, 1] - accuracy, "arrayminus": accuracy - bounds[:, 0],
                 "color": TEXT[dark], "thickness": 1.5, "width": 3},
        **_STEADY,
    )  # fmt: skip
    counts = go.Scatter(
        x=middles, y=[1.05] * len(there), mode="text", cliponaxis=False,
        text=[f"{one.n:,}" if one.n < 10_000 else f"{one.n / 1000:.0f}k" for _, one in there],
        textfont={"size": 11, "color": TEXT[dark]}, **_NO_POINTER,
    )  # fmt: skip
    figure = go.Figure([bars, _dashes([0, 1], [0, 1], dark), counts])
    _laid_out(figure, "How sure the model is", "Share that is right", dark)
    figure.update_yaxes(range=[0, 1.1])
    figure.update_layout(hoverdistance=20)  # from any distance, plotly takes the last bar for the nearest
    return figure


def coverage_figure(
    curve: AccuracyCoverage, *, chosen: CoveragePoint | None, wanted: float, dark: bool = False
) -> go.Figure:
    """Return accuracy against coverage; a point carries ``[threshold]``.

    Args:
        curve: of some photos.
        chosen: the point to mark.
        wanted: accuracy asked for, drawn as a line.
        dark: colours for the dark theme.
    """
    drawn = np.unique(np.linspace(0, len(curve) - 1, DRAWN_POINTS).round().astype(np.int64))
    points = [curve.point(int(m)) for m in drawn]
    hover = [
        f"Unsure below {one.threshold:.1%}<br><b>{one.kept:,} of {one.n:,} photos kept, "
        f"{one.accuracy:.1%} right</b><br>{one.left_out:,} left out<br>Click to see the kept ones"
        for one in points
    ]
    figure = go.Figure(
        [
            _dashes([0, 1], [wanted, wanted], dark),
            _curve(
                [one.coverage for one in points], [one.accuracy for one in points],
                [[one.threshold] for one in points], hover, ACCENT[dark],
            ),
            _mark(chosen.coverage if chosen else None, chosen.accuracy if chosen else None, dark),
        ]
    )  # fmt: skip
    _laid_out(figure, "Share of the photos that is kept", "Share of those that is right", dark)
    lowest = min([wanted, *(one.accuracy for one in points)])
    figure.update_yaxes(range=[max(0.0, lowest - 0.08), 1.02])
    return figure


def slices_figure(
    slices: Sequence[Slice],
    *,
    overall: float,
    chosen: int | None = None,
    mixed: bool = False,
    dark: bool = False,
) -> go.Figure:
    """Return the accuracy of slices with intervals, the first on top; a dot carries ``[its place]``.

    Args:
        slices: in the order of the rows.
        overall: accuracy of all photos, drawn as a line.
        chosen: the row to mark.
        mixed: they are of several dimensions, so each says its own.
        dark: colours for the dark theme.
    """
    accuracy = np.array([one.accuracy for one in slices])
    bounds = np.array([one.interval for one in slices]).reshape(-1, 2)
    hover = [
        f"{one.dimension}: {_plain(one.name)}<br><b>{one.right:,} of {one.n:,} right "
        f"({one.accuracy:.1%})</b><br>95 % interval {one.interval[0]:.1%} to {one.interval[1]:.1%}"
        f"{'<br>few photos' if one.few else ''}{'<br>worse than the rest' if _worse(one) else ''}"
        "<br>Click to see them"
        for one in slices
    ]
    places = list(range(len(slices)))
    dots = go.Scatter(
        x=accuracy, y=places, mode="markers", customdata=[[m] for m in places], showlegend=False,
        text=hover, hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
        marker={
            "size": [17 if m == chosen else 12 for m in places],
            "color": [WRONG[dark][1] if _worse(one) else ACCENT[dark] for one in slices],
            "symbol": [
                "circle-open" if one.few else "diamond" if _worse(one) else "circle" for one in slices
            ],
            "line": {"width": [3 if m == chosen else 2 if one.few else 0 for m, one in enumerate(slices)],
                     "color": [TEXT[dark] if m == chosen else ACCENT[dark] for m in places]},
        },
        error_x={"type": "data", "array": bounds[:, 1] - accuracy, "arrayminus": accuracy - bounds[:, 0],
                 "color": MUTED[dark], "thickness": 2, "width": 4},
        **_STEADY,
    )  # fmt: skip
    names = [
        f"{one.dimension + ': ' if mixed else ''}{_plain(_short(one.name))}  ({one.n:,}{', few' * one.few})"
        for one in slices
    ]
    figure = go.Figure([_dashes([overall, overall], [-0.6, len(slices) - 0.4], dark), dots])
    _laid_out(figure, "Share that is right", "", dark)
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(
        range=[len(slices) - 0.4, -0.6], tickformat=None, tickmode="array", tickvals=places, ticktext=names,
        automargin=True, showgrid=False,
    )  # fmt: skip
    figure.update_layout(height=96 + 30 * len(slices), margin={"l": 10, "t": 12, "r": 30})
    return figure


def _worse(one: Slice) -> bool:
    return one.stands_out and not one.few


def _short(name: str) -> str:
    """Return a name without its middle where it is long: ends tell folders apart best."""
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH // 3]}…{name[-NAME_LENGTH * 2 // 3 :]}"


def _plain(name: str) -> str:
    """Return a name in which plotly sees no mark-up of its own."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _curve(
    x: Sequence[float] | NDArray[Any],
    y: Sequence[float] | NDArray[Any],
    carried: Sequence[Sequence[float]] | NDArray[Any],
    hover: Sequence[str],
    colour: str,
) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, customdata=carried, mode="lines+markers", text=hover,
        hovertemplate="%{text}<extra></extra>", showlegend=False,
        line={"color": colour, "width": 2, "shape": "linear"}, marker={"size": 6, "color": colour}, **_STEADY,
    )  # fmt: skip


def _mark(x: float | None, y: float | None, dark: bool) -> go.Scatter:
    """Return the ring around the point that is chosen; nothing where none is."""
    return go.Scatter(
        x=[] if x is None else [x], y=[] if y is None else [y], mode="markers", cliponaxis=False,
        marker={"size": 16, "symbol": "circle-open", "color": TEXT[dark], "line": {"width": 3}},
        **_NO_POINTER,
    )  # fmt: skip


def _at(
    curves: ClassCurves, x: NDArray[Any], y: NDArray[Any], threshold: float
) -> tuple[float | None, float | None]:
    passed = int(np.count_nonzero(curves.thresholds >= threshold))
    return (float(x[passed - 1]), float(y[passed - 1])) if passed else (None, None)


def _dashes(x: Sequence[float], y: Sequence[float], dark: bool) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, mode="lines", line={"color": MUTED[dark], "width": 1.5, "dash": "dash"}, **_NO_POINTER
    )


def _veiled(colour: str, strength: float) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{strength})"


def _laid_out(figure: go.Figure, x_title: str, y_title: str, dark: bool) -> go.Figure:
    axis: dict[str, Any] = {
        "range": [-0.02, 1.02], "fixedrange": True, "zeroline": False, "gridcolor": GRID[dark],
        "tickfont": {"size": 12, "color": TEXT[dark]}, "title": {"font": {"size": 13, "color": TEXT[dark]}},
        "tickformat": ".0%",
    }  # fmt: skip
    figure.update_xaxes(**axis, title_text=x_title)
    figure.update_yaxes(**axis, title_text=y_title)
    figure.update_layout(
        height=330, margin={"l": 62, "r": 14, "t": 14, "b": 48}, paper_bgcolor=CLEAR, plot_bgcolor=CLEAR,
        clickmode="event+select", dragmode=False, hovermode="closest", hoverdistance=-1, showlegend=False,
        font={"color": TEXT[dark], "family": FONT}, bargap=0,
    )  # fmt: skip
    return figure
