"""Charts of curves and intervals whose points carry what they stand for, so that a click can open its photos.

What rests on few photos is drawn hollow or faint, so that colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.calibration import ReliabilityBin
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.ranking import ClassCurves
from gallery.evaluation.slices import MEASURES, Slice
from gallery.settings import FEW_PHOTOS
from gallery.ui.components.clickable_chart import Axis, Chart, Point
from gallery.ui.components.theme import WRONG
from gallery.words import class_title, interval, percent, photo_count

ACCENT = {False: "#1f6f54", True: "#5cc49c"}
NAME_LENGTH = 30
"""Characters of a slice's name beside its dot; the tooltip and the table have the whole."""

DRAWN_POINTS = 120
"""Points drawn of a curve: as many as a hand can tell apart on 500 px."""

SLICE_HEIGHT = 30
"""px of a slice's row."""


def precision_recall_chart(curves: ClassCurves, *, colour: str, threshold: float) -> Chart:
    """Return the precision-recall curve of a class; a point carries its threshold.

    Args:
        curves: of the class, which has photos.
        colour: of the class.
        threshold: whose point is marked.
    """
    shown = curves.thinned(DRAWN_POINTS)
    share = curves.positives / (curves.positives + curves.negatives)
    points = tuple(
        Point(
            r, p, target=t, colour=colour,
            tip=(f"Threshold {percent(t)}", photo_count(tp + fp), f"Precision {percent(p)}",
                 f"Recall {percent(r)}"),
        )
        for t, tp, fp, p, r in _points(shown, shown.precision, shown.recall)
    )  # fmt: skip
    return Chart(
        Axis("Recall"),
        Axis("Precision"),
        points,
        joined=True,
        dashes=(((0, share), (1, share)),),
        ring=_at(curves, curves.recall, curves.precision, threshold),
        title="Precision and recall (dashes: guessing)",
        alt=f"Precision-recall curve of {class_title(curves.class_name)}",
    )


def roc_chart(curves: ClassCurves, *, colour: str, threshold: float) -> Chart:
    """Return the ROC curve of a class that has photos, as others have; a point carries its threshold."""
    shown = curves.thinned(DRAWN_POINTS)
    points = tuple(
        Point(
            f, r, target=t, colour=colour,
            tip=(f"Threshold {percent(t)}", f"Recall {percent(r)} ({photo_count(tp)})",
                 f"False positive rate {percent(f)} ({photo_count(fp)})"),
        )
        for t, tp, fp, r, f in _points(shown, shown.recall, shown.false_positive_rate)
    )  # fmt: skip
    return Chart(
        Axis("False positive rate"),
        Axis("Recall"),
        points,
        joined=True,
        dashes=(((0, 0), (1, 1)),),
        ring=_at(curves, curves.false_positive_rate, curves.recall, threshold),
        title="ROC (dashes: guessing)",
        alt=f"ROC curve of {class_title(curves.class_name)}",
    )


def reliability_chart(
    bins: Sequence[ReliabilityBin], *, chosen: int | None = None, dark: bool = False
) -> Chart:
    """Return the reliability diagram; a bar carries the number of its bin, above it stand its photos."""
    points = tuple(
        Point(
            (one.low + one.high) / 2, one.accuracy, target=m, shape="bar", colour=ACCENT[dark],
            width=one.high - one.low, interval=one.interval, few=one.n < FEW_PHOTOS, chosen=m == chosen,
            label=f"{one.n:,}" if one.n < 10_000 else f"{one.n / 1000:.0f}k",
            tip=(f"Confidence {interval((one.low, one.high), 0)}, mean {percent(one.confidence or 0.0)}",
                 f"{photo_count(one.n)}, {percent(one.accuracy)} correct",
                 f"95 % CI {interval(one.interval)}",
                 *["few photos"] * (one.n < FEW_PHOTOS)),
        )
        for m, one in enumerate(bins)
        if one.n and one.accuracy is not None
    )  # fmt: skip
    return Chart(
        Axis("Confidence"),
        Axis("Accuracy", low=0, high=1.1),
        points,
        dashes=(((0, 0), (1, 1)),),
        alt="Reliability diagram: accuracy by confidence",
    )


def coverage_chart(
    curve: AccuracyCoverage, *, chosen: CoveragePoint | None, wanted: float, dark: bool = False
) -> Chart:
    """Return accuracy against coverage; a point carries its threshold.

    Args:
        curve: of some photos.
        chosen: the point to mark.
        wanted: accuracy asked for, drawn as a line.
        dark: colours for the dark theme.
    """
    drawn = np.unique(np.linspace(0, len(curve) - 1, DRAWN_POINTS).round().astype(np.int64))
    there = [curve.point(int(m)) for m in drawn]
    points = tuple(
        Point(
            one.coverage, one.accuracy, target=one.threshold, colour=ACCENT[dark],
            tip=(f"Threshold {percent(one.threshold)}",
                 f"{one.kept:,} of {one.n:,} photos above, {percent(one.accuracy)} correct",
                 f"{one.left_out:,} below"),
        )
        for one in there
    )  # fmt: skip
    low = max(0.0, min([wanted, *(one.accuracy for one in there)]) - 0.08)
    step = 0.1 if low < 0.6 else 0.05
    ticks = tuple((k * step, percent(k * step, 0)) for k in range(round(1 / step) + 1) if k * step >= low)
    return Chart(
        Axis("Share of photos above the threshold"),
        Axis("Accuracy of those", low=low, ticks=ticks),
        points,
        joined=True,
        dashes=(((0, wanted), (1, wanted)),),
        ring=(chosen.coverage, chosen.accuracy) if chosen else None,
        alt="Accuracy against the share of photos above the confidence threshold",
    )


def slices_chart(
    slices: Sequence[Slice],
    *,
    overall: float,
    chosen: int | None = None,
    mixed: bool = False,
    dark: bool = False,
) -> Chart:
    """Return the accuracy of slices with intervals, the first on top; a dot carries its place.

    Args:
        slices: in the order of the rows.
        overall: accuracy of all photos, drawn as a line.
        chosen: the row to mark.
        mixed: they are of several dimensions, so each says its own.
        dark: colours for the dark theme.
    """
    points = tuple(
        Point(
            one.accuracy, m, target=m, interval=one.interval, few=one.few, chosen=m == chosen,
            shape="diamond" if _worse(one) else "dot",
            colour=WRONG[dark][1] if _worse(one) else ACCENT[dark],
            tip=(f"{one.dimension}: {one.name}",
                 f"{one.right:,} of {one.n:,} correct ({percent(one.accuracy)})",
                 f"95 % CI {interval(one.interval)}",
                 *["few photos"] * one.few, *["worse than the rest"] * _worse(one)),
        )
        for m, one in enumerate(slices)
    )  # fmt: skip
    names = [
        f"{one.dimension + ': ' if mixed else ''}{_short(one)}  ({one.n:,}{', few' * one.few})"
        for one in slices
    ]
    end = len(slices) - 0.4
    return Chart(
        Axis("Accuracy"),
        Axis("", low=end, high=-0.6, ticks=tuple(enumerate(names)), grid=False),
        points,
        dashes=(((overall, -0.6), (overall, end)),),
        height=96 + SLICE_HEIGHT * len(slices),
        alt="Accuracy of each group of photos with its 95 % confidence interval, the lowest first",
    )


def _points(curves: ClassCurves, *values: NDArray[Any]) -> Sequence[tuple[Any, ...]]:
    """Return threshold, true positives, false positives and more of each point, as plain numbers."""
    columns = (curves.thresholds, curves.true_positives, curves.false_positives, *values)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _worse(one: Slice) -> bool:
    return one.stands_out and not one.few


def _short(one: Slice) -> str:
    """Return a name without the range of a measure, and without its middle where it is long: ends tell "
    "folders apart best."""
    name = one.name.partition(" (")[0] if one.dimension in MEASURES else one.name
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH // 3]}…{name[-NAME_LENGTH * 2 // 3 :]}"


def _at(
    curves: ClassCurves, x: NDArray[Any], y: NDArray[Any], threshold: float
) -> tuple[float, float] | None:
    passed = int(np.count_nonzero(curves.thresholds >= threshold))
    return (float(x[passed - 1]), float(y[passed - 1])) if passed else None
