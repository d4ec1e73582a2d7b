"""The charts whose points open photos: what they carry, what is marked, and what rests on few photos."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.evaluation.calibration import reliability_bins
from gallery.evaluation.coverage import AccuracyCoverage
from gallery.evaluation.ranking import class_curves
from gallery.evaluation.slices import Slice, all_slices
from gallery.ui.components import clickable_chart
from gallery.ui.evaluate import curve_charts

Y_TRUE = np.array([0, 0, 0, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
NAMES = ("dog", "cat")


def points(chart: clickable_chart.Chart) -> list[tuple[float, float]]:
    return [(round(point.x, 6), round(point.y, 6)) for point in chart.points]


def test_a_precision_recall_curve_has_a_point_for_each_threshold_and_marks_the_chosen() -> None:
    dog, _ = class_curves(Y_TRUE, PROBABILITIES, NAMES)
    chart = curve_charts.precision_recall_chart(dog, colour="#123456", threshold=0.5)
    # by the probability of dog: .9 dog, .6 dog, .3 cat, .2 dog
    assert points(chart) == [(0.333333, 1), (0.666667, 1), (0.666667, 0.666667), (1, 0.75)]
    assert [point.target for point in chart.points] == [0.9, 0.6, 0.3, 0.2]
    assert chart.ring == (pytest.approx(2 / 3), 1)
    assert chart.dashes == (((0, 0.75), (1, 0.75)),)  # guessing: three of four are dogs
    assert chart.points[3].tip == (
        "Threshold 20.0\u00a0%", "4 photos", "Precision 75.0\u00a0%", "Recall 100.0\u00a0%",
    )  # fmt: skip


def test_a_roc_curve_has_the_other_photos_along_its_axis() -> None:
    dog, _ = class_curves(Y_TRUE, PROBABILITIES, NAMES)
    chart = curve_charts.roc_chart(dog, colour="#123456", threshold=0.95)
    assert points(chart) == [(0, 0.333333), (0, 0.666667), (1, 0.666667), (1, 1)]
    assert chart.ring is None  # no photo passes 95 %
    assert chart.points[2].tip[2] == "False positive rate 100.0\u00a0% (1 photo)"


def test_bars_of_the_reliability_diagram_carry_their_bin_and_few_photos_are_faint() -> None:
    bins = reliability_bins(Y_TRUE, PROBABILITIES)
    chart = curve_charts.reliability_chart(bins, chosen=8)
    assert sum(int(point.label) for point in chart.points) == 4
    for point in chart.points:
        one = bins[int(point.target)]
        assert (point.shape, point.y, point.label) == ("bar", one.accuracy, f"{one.n}")
        assert point.x == pytest.approx((one.low + one.high) / 2)
        assert point.few
        assert point.chosen == (point.target == 8)


def test_the_coverage_curve_begins_where_the_surest_photo_is_kept() -> None:
    curve = AccuracyCoverage.of(Y_TRUE, PROBABILITIES)
    chart = curve_charts.coverage_chart(curve, chosen=curve.at_threshold(0.7), wanted=0.95)
    # by confidence: .9 right, .8 wrong, .7 right, .6 right
    assert points(chart) == [(0.25, 1), (0.5, 0.5), (0.75, 0.666667), (1, 0.75)]
    assert [point.target for point in chart.points] == [0.9, 0.8, 0.7, 0.6]
    assert chart.ring == (0.75, pytest.approx(2 / 3))
    assert chart.y.low == pytest.approx(0.42)
    assert chart.y.ticks[0] == (0.5, "50\u00a0%")


def slices() -> tuple[Slice, ...]:
    right = np.array([True] * 60 + [False] * 15 + [True] * 15 + [False] * 5)
    folders = ["good"] * 60 + ["bad"] * 30 + ["a folder whose name is much too long for a chart"] * 5
    return all_slices({"Folder": folders}, right)["Folder"]


def test_slices_stand_in_rows_and_the_worse_ones_have_another_shape() -> None:
    shown = slices()
    chart = curve_charts.slices_chart(shown, overall=75 / 95, chosen=0, mixed=True)
    assert [point.y for point in chart.points] == [0, 1, 2]
    assert (chart.y.low, chart.y.high) == (2.6, -0.6)  # the first one is on top
    by_name = {one.name: point for one, point in zip(shown, chart.points, strict=True)}
    assert by_name["bad"].shape == "diamond"
    assert by_name["good"].shape == "dot"
    assert by_name["bad"].x == 0.5
    few = by_name["a folder whose name is much too long for a chart"]
    assert few.few
    assert few.tip[-1] == "few photos"
    texts = [text for _, text in chart.y.ticks]
    assert "Folder: bad  (30)" in texts
    assert any(text.startswith("Folder: a folder w…") and text.endswith("(5, few)") for text in texts)


def test_the_browser_gets_what_is_unusual_of_a_point_and_no_more() -> None:
    chart = clickable_chart.Chart(
        clickable_chart.Axis("x"),
        clickable_chart.Axis("y"),
        (clickable_chart.Point(0.25, 0.5, 7.0, ("one",), few=True),),
    )
    plain = clickable_chart._plain(chart)
    assert plain["points"] == [{"x": 0.25, "y": 0.5, "target": 7.0, "tip": ("one",), "few": True}]
    assert plain["x"]["label"] == "x"
    assert plain["joined"] is False
