"""The charts of an evaluation: each point stands for photos, and carries which.

What rests on few photos is drawn hollow or faint, so that colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gallery.charts.drawing import (
    ACCENT,
    CLEAR,
    INK,
    QUIET,
    SIGN,
    UNCHANGED,
    WORSE,
    Chart,
    chart,
    faded,
    percent_axis,
    plain,
    ring,
)
from gallery.class_styles import text_colour
from gallery.evaluation.calibration import ReliabilityBin
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.ranking import ClassCurves
from gallery.evaluation.slices import MEASURES, Slice
from gallery.settings import FEW_PHOTOS
from gallery.words import class_title, interval, percent, photo_count

NAME_LENGTH = 30
"""Characters of a slice's name beside its dot; what is shown at the dot, and the table, have the whole."""

DRAWN_POINTS = 120
"""Points drawn of a curve: as many as a hand can tell apart on 500 px."""

DRAWN_SLICES = 25
"""A folder with more of them has the rest in the table."""

ROW_PX = 30
"""Height of a slice's row."""

COUNTS_AT = 108.0
"""Where the numbers of photos stand above the bars, on the axis of 0 to 100 %."""


def precision_recall_chart(
    curves: ClassCurves, class_names: Sequence[str], *, threshold: float | None = None, dark: bool = False
) -> Chart:
    """Return the precision-recall curve of a class that has photos; a point stands for its threshold.

    Args:
        curves: of the class.
        class_names: all of the model, for the class's colour.
        threshold: whose point is marked; None for none.
        dark: colours for the dark theme.
    """
    base = 100 * curves.positives / (curves.positives + curves.negatives)
    guessing = ((0, base), (100, base))
    return _curve(curves, class_names, "Precision-recall", "recall", "precision", guessing, threshold, dark)


def roc_chart(
    curves: ClassCurves, class_names: Sequence[str], *, threshold: float | None = None, dark: bool = False
) -> Chart:
    """Return the ROC curve of a class that has photos, as others have; see `precision_recall_chart`."""
    guessing = ((0, 0), (100, 100))
    return _curve(curves, class_names, "ROC", "false_positive_rate", "recall", guessing, threshold, dark)


def reliability_chart(
    bins: Sequence[ReliabilityBin], *, chosen: int | None = None, dark: bool = False
) -> Chart:
    """Return the reliability diagram; a bar stands for its bin's number, above it are its photos."""
    import plotly.graph_objects as go

    there = [(m, one, one.accuracy) for m, one in enumerate(bins) if one.accuracy is not None]
    middles = [50 * (one.low + one.high) for _, one, _ in there]
    widths = [100 * (one.high - one.low) for _, one, _ in there]
    bars = go.Bar(
        x=middles,
        y=[100 * accuracy for _, _, accuracy in there],
        width=widths,
        marker={
            "color": [faded(ACCENT[dark], 0.15 if one.n < FEW_PHOTOS else 0.6) for _, one, _ in there],
            "line": {
                "color": [INK[dark] if m == chosen else ACCENT[dark] for m, _, _ in there],
                "width": [3 if m == chosen else 1 for m, _, _ in there],
            },
        },
        error_y=_whiskers([(one.interval, accuracy) for _, one, accuracy in there], dark=dark),
        hoverinfo="skip",
    )
    columns = go.Bar(  # answers to the pointer in its whole height: a bar of 2 % would hardly be hit
        x=middles,
        y=[COUNTS_AT] * len(there),
        width=widths,
        marker={"color": CLEAR, "line": {"width": 0}},
        text=[f"{one.n:,}" if one.n < 10_000 else f"{one.n / 1000:.0f}k" for _, one, _ in there],
        textposition="inside", insidetextanchor="end", textangle=0, constraintext="none",
        textfont={"size": 11, "color": INK[dark]},
        customdata=[[m] for m, _, _ in there],
        hovertext=[
            _lines(
                f"Confidence {interval((one.low, one.high), 0)}, mean {percent(one.confidence or 0.0)}",
                f"<b>{photo_count(one.n)}, {percent(accuracy)} correct</b>",
                f"95 % CI {interval(one.interval)}",
                "few photos" if one.n < FEW_PHOTOS else "",
            )
            for _, one, accuracy in there
        ],
        hoverinfo="text",
        **UNCHANGED,
    )  # fmt: skip
    return chart(
        [bars, columns], "Reliability diagram: accuracy by confidence",
        x=percent_axis("Confidence"), y=percent_axis("Accuracy") | {"range": [0, 110]},
        dark=dark, dashes=((0, 0), (100, 100)),
    )  # fmt: skip


def coverage_chart(
    curve: AccuracyCoverage, *, chosen: CoveragePoint | None, wanted: float, dark: bool = False
) -> Chart:
    """Return accuracy against coverage; a point stands for its threshold.

    Args:
        curve: of some photos.
        chosen: the point to mark.
        wanted: accuracy asked for, drawn as a line.
        dark: colours for the dark theme.
    """
    import plotly.graph_objects as go

    drawn = np.unique(np.linspace(0, len(curve) - 1, DRAWN_POINTS).round().astype(np.int64))
    thresholds, kept = curve.thresholds[drawn], curve.kept[drawn]
    accuracy = 100 * curve.accuracy[drawn]
    line = go.Scatter(
        x=100 * curve.coverage[drawn],
        y=accuracy,
        customdata=np.column_stack([thresholds, 100 * thresholds, kept, len(curve.confidence) - kept]),
        hovertemplate=_lines(
            f"Threshold %{{customdata[1]:.1f}}{SIGN}",
            f"<b>%{{y:.1f}}{SIGN} of %{{customdata[2]:,}} above correct</b>",
            "%{customdata[3]:,} below<extra></extra>",
        ),
        **_line_style(ACCENT[dark], "linear"),
    )
    low = max(0.0, min(100 * wanted, float(accuracy.min())) - 8)
    return chart(
        [line] if chosen is None
        else [line, ring(100 * chosen.coverage, 100 * chosen.accuracy, dark=dark)],
        "Accuracy against the share of photos above the confidence threshold",
        x=percent_axis("Share of photos above the threshold"),
        y=percent_axis("Accuracy of those", low, step=10 if low < 60 else 5),
        dark=dark, dashes=((0, 100 * wanted), (100, 100 * wanted)),
    )  # fmt: skip


def slices_chart(
    slices: Sequence[Slice],
    *,
    overall: float,
    chosen: int | None = None,
    mixed: bool = False,
    dark: bool = False,
) -> Chart:
    """Return the accuracy of slices with intervals, the first on top; a dot stands for its place.

    Args:
        slices: in the order of the rows.
        overall: accuracy of all photos, drawn as a line.
        chosen: the row to mark.
        mixed: they are of several dimensions, so each has its own in its name.
        dark: colours for the dark theme.
    """
    import plotly.graph_objects as go

    colours = [WORSE[dark] if _worse(one) else ACCENT[dark] for one in slices]
    symbols = ["diamond" if _worse(one) else "circle" for one in slices]
    dots = go.Scatter(
        x=[100 * one.accuracy for one in slices],
        y=list(range(len(slices))),
        mode="markers",
        marker={
            "opacity": 1,
            "color": colours,
            "symbol": [
                f"{symbol}-open" if one.few else symbol for symbol, one in zip(symbols, slices, strict=True)
            ],
            "size": [17 if m == chosen else 12 for m in range(len(slices))],
            "line": {
                "color": [
                    INK[dark] if m == chosen else colour
                    for m, colour in enumerate(colours)
                ],
                "width": [3 if m == chosen else 2 for m in range(len(slices))],
            },
        },
        error_x=_whiskers([(one.interval, one.accuracy) for one in slices], dark=dark),
        customdata=[[m] for m in range(len(slices))],
        hovertext=[
            _lines(
                plain(f"{one.dimension}: {one.name}"),
                f"<b>{one.right:,} of {one.n:,} correct ({percent(one.accuracy)})</b>",
                f"95 % CI {interval(one.interval)}",
                "few photos" if one.few else "significantly lower" if _worse(one) else "",
            )
            for one in slices
        ],
        hoverinfo="text",
        cliponaxis=False,
        **UNCHANGED,
    )  # fmt: skip
    names = [
        plain(f"{one.dimension + ': ' if mixed else ''}{_short(one)}  ({one.n:,}{', few' * one.few})")
        for one in slices
    ]
    end = len(slices) - 0.4
    return chart(
        [dots], "Accuracy of each group of photos with its 95 % confidence interval, the lowest first",
        x=percent_axis("Accuracy"),
        y={"range": [end, -0.6], "tickvals": list(range(len(slices))), "ticktext": names, "showgrid": False},
        dark=dark, dashes=((100 * overall, -0.6), (100 * overall, end)), height=96 + ROW_PX * len(slices),
    )  # fmt: skip


_LABELS = {"recall": "Recall", "precision": "Precision", "false_positive_rate": "False positive rate"}


def _curve(
    curves: ClassCurves,
    class_names: Sequence[str],
    name: str,
    across: str,
    up: str,
    guessing: tuple[tuple[float, float], tuple[float, float]],
    threshold: float | None,
    dark: bool,
) -> Chart:
    """Return a curve of a class: two of its shares against each other, a point a threshold."""
    import plotly.graph_objects as go

    shown = curves.thinned(DRAWN_POINTS)
    passed = shown.true_positives + shown.false_positives
    # average precision counts steps: first up or down, then along
    shape = "vh" if up == "precision" else "linear"
    line = go.Scatter(
        x=100 * getattr(shown, across),
        y=100 * getattr(shown, up),
        customdata=np.column_stack([shown.thresholds, 100 * shown.thresholds, passed]),
        hovertemplate=_lines(
            f"Threshold %{{customdata[1]:.1f}}{SIGN}",
            "<b>Photos above it: %{customdata[2]:,}</b>",
            f"{_LABELS[up]} %{{y:.1f}}{SIGN}",
            f"{_LABELS[across]} %{{x:.1f}}{SIGN}<extra></extra>",
        ),
        **_line_style(text_colour(curves.class_name, class_names, dark=dark), shape),
    )
    traces = [line]
    marked = 0 if threshold is None else int(np.count_nonzero(curves.thresholds >= threshold))
    if marked:
        at_x, at_y = getattr(curves, across)[marked - 1], getattr(curves, up)[marked - 1]
        traces.append(ring(100 * float(at_x), 100 * float(at_y), dark=dark))
    return chart(
        traces, f"{name} curve of {class_title(curves.class_name)}", title=f"{name} (dashes: guessing)",
        x=percent_axis(_LABELS[across]), y=percent_axis(_LABELS[up]), dark=dark, dashes=guessing,
    )  # fmt: skip


def _line_style(colour: str, shape: str) -> dict[str, object]:
    return {
        "mode": "lines+markers", "line": {"color": colour, "width": 2, "shape": shape}, "marker": {"size": 6},
        "cliponaxis": False, **UNCHANGED,
    }  # fmt: skip


def _whiskers(intervals: Sequence[tuple[tuple[float, float], float]], *, dark: bool) -> dict[str, object]:
    """Return the 95 % intervals of some shares as plotly takes them: how far they reach from the shares."""
    return {
        "type": "data", "symmetric": False, "thickness": 1.6, "width": 3, "color": QUIET[dark],
        "array": [100 * max(0.0, high - share) for (_, high), share in intervals],
        "arrayminus": [100 * max(0.0, share - low) for (low, _), share in intervals],
    }  # fmt: skip


def _lines(*texts: str) -> str:
    return "<br>".join(text for text in texts if text)


def _worse(one: Slice) -> bool:
    return one.stands_out and not one.few


def _short(one: Slice) -> str:
    """Return a name without the range of a measure, and without its middle where it is long: ends tell
    folders apart best."""
    name = one.name.partition(" (")[0] if one.dimension in MEASURES else one.name
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH // 3]}…{name[-NAME_LENGTH * 2 // 3 :]}"
