"""The charts whose points open photos: what they stand for, what is marked, and what rests on few photos."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.charts import drawing
from gallery.charts.drawing import Chart
from gallery.charts.evaluation import (
    coverage_chart,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
    slices_chart,
)
from gallery.evaluation.calibration import reliability_bins
from gallery.evaluation.coverage import AccuracyCoverage
from gallery.evaluation.ranking import class_curves
from gallery.evaluation.slices import Slice, all_slices
from gallery.words import percent

Y_TRUE = np.array([0, 0, 0, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
NAMES = ("dog", "cat")


def points(chart: Chart, trace: int = 0) -> list[tuple[float, float]]:
    drawn = chart.figure.data[trace]
    return [(round(float(x), 4), round(float(y), 4)) for x, y in zip(drawn.x, drawn.y, strict=True)]


def targets(chart: Chart, trace: int = 0) -> list[float]:
    return [chart.target(trace, k) for k in range(len(chart.figure.data[trace].x))]


def dashes(chart: Chart) -> tuple[float, float, float, float]:
    (line,) = chart.figure.layout.shapes
    return line.x0, line.y0, line.x1, line.y1


def test_a_precision_recall_curve_has_a_point_for_each_threshold_and_marks_the_chosen() -> None:
    dog, _ = class_curves(Y_TRUE, PROBABILITIES, NAMES)
    chart = precision_recall_chart(dog, NAMES, threshold=0.5)
    # by the probability of dog: .9 dog, .6 dog, .3 cat, .2 dog
    assert points(chart) == [(33.3333, 100), (66.6667, 100), (66.6667, 66.6667), (100, 75)]
    assert targets(chart) == [0.9, 0.6, 0.3, 0.2]
    assert points(chart, 1) == [(66.6667, 100)]
    assert dashes(chart) == (0, 75, 100, 75)  # guessing: three of four are dogs
    assert chart.figure.data[0].customdata[3].tolist() == [0.2, pytest.approx(20), 4]  # photos above it
    assert len(precision_recall_chart(dog, NAMES).figure.data) == 1  # nothing is chosen in a report


def test_a_roc_curve_has_the_other_photos_along_its_axis() -> None:
    dog, _ = class_curves(Y_TRUE, PROBABILITIES, NAMES)
    chart = roc_chart(dog, NAMES, threshold=0.95)
    assert points(chart) == [(0, 33.3333), (0, 66.6667), (100, 66.6667), (100, 100)]
    assert len(chart.figure.data) == 1  # no photo passes 95 %: nothing is marked
    assert chart.alt == "ROC curve of Dog"


def test_bars_of_the_reliability_diagram_stand_for_their_bin_and_few_photos_are_faint() -> None:
    bins = reliability_bins(Y_TRUE, PROBABILITIES)
    chart = reliability_chart(bins, chosen=8)
    bars, columns = chart.figure.data
    assert sum(int(text) for text in columns.text) == 4
    for k, target in enumerate(targets(chart, 1)):
        one = bins[int(target)]
        assert one.accuracy is not None
        assert points(chart)[k] == (round(50 * (one.low + one.high), 4), round(100 * one.accuracy, 4))
        assert bars.error_y.array[k] == pytest.approx(100 * (one.interval[1] - one.accuracy))
        assert bars.error_y.arrayminus[k] == pytest.approx(100 * (one.accuracy - one.interval[0]))
        assert bars.marker.color[k].endswith(",0.15)")  # few photos
        assert (bars.marker.line.width[k] == 3) == (target == 8)
        assert f"{one.n} photo" in columns.hovertext[k]


def test_the_coverage_curve_begins_where_the_most_certain_photo_is_kept() -> None:
    curve = AccuracyCoverage.of(Y_TRUE, PROBABILITIES)
    chart = coverage_chart(curve, chosen=curve.at_threshold(0.7), wanted=0.95)
    # by confidence: .9 right, .8 wrong, .7 right, .6 right
    assert points(chart) == [(25, 100), (50, 50), (75, 66.6667), (100, 75)]
    assert targets(chart) == [0.9, 0.8, 0.7, 0.6]
    assert points(chart, 1) == [(75, 66.6667)]
    low, high = chart.figure.layout.yaxis.range
    assert 40 < low < 50 < 100 < high


def slices() -> tuple[Slice, ...]:
    right = np.array([True] * 60 + [False] * 15 + [True] * 15 + [False] * 5)
    folders = ["good"] * 60 + ["bad"] * 30 + ["a <b>folder</b> whose name is much too long for a chart"] * 5
    return all_slices({"Folder": folders}, right)["Folder"]


def test_slices_stand_in_rows_and_the_worse_ones_have_another_shape() -> None:
    shown = slices()
    chart = slices_chart(shown, overall=75 / 95, chosen=0, mixed=True)
    assert [y for _, y in points(chart)] == [0, 1, 2]
    assert targets(chart) == [0, 1, 2]
    assert list(chart.figure.layout.yaxis.range) == [2.6, -0.6]  # the first one is on top
    (dots,) = chart.figure.data
    by_name = {one.name.split()[0]: k for k, one in enumerate(shown)}
    assert dots.marker.symbol[by_name["bad"]] == "diamond"
    assert dots.marker.symbol[by_name["good"]] == "circle"
    assert dots.marker.symbol[by_name["a"]] == "circle-open"
    assert dots.x[by_name["bad"]] == 50
    assert dots.marker.line.width[0] == 3
    texts = chart.figure.layout.yaxis.ticktext
    assert "Folder: bad  (30)" in texts
    assert any(text.startswith("Folder: a &lt;b&gt;folde…") and text.endswith("(5, few)") for text in texts)


def test_names_of_folders_stay_text_in_a_chart() -> None:
    shown = slices()
    (dots,) = slices_chart(shown, overall=0.5).figure.data
    (hostile,) = [text for text in dots.hovertext if "whose name" in text]
    assert hostile.startswith("Folder: a &lt;b&gt;folder&lt;/b&gt; whose")
    assert hostile.endswith("few photos")


def test_a_point_that_stands_for_nothing_cannot_be_chosen() -> None:
    chart = reliability_chart(reliability_bins(Y_TRUE, PROBABILITIES))
    for trace, point in ((0, 0), (1, 99), (7, 0)):
        with pytest.raises(LookupError):
            chart.target(trace, point)


@pytest.mark.parametrize("dark", [False, True])
def test_the_colours_of_charts_read_on_the_paper_of_their_theme(dark: bool) -> None:
    paper = _luminance(drawing.PAPER[dark])
    for colours, least in (
        (drawing.INK, 4.5), (drawing.QUIET, 4.5), (drawing.ACCENT, 3), (drawing.WORSE, 3),
    ):  # fmt: skip
        light, less = sorted((_luminance(colours[dark]), paper), reverse=True)
        assert (light + 0.05) / (less + 0.05) >= least, colours


def _luminance(colour: str) -> float:
    shares = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_percent_signs_of_charts_are_those_of_the_page() -> None:
    dog, _ = class_curves(Y_TRUE, PROBABILITIES, NAMES)
    assert precision_recall_chart(dog, NAMES).figure.layout.xaxis.ticksuffix == percent(0.5, 0)[2:]
