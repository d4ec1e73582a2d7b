"""The confusion matrix as a figure: every cell is a door, and every number can be read."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gallery.ui import charts
from gallery.ui.charts import Cell

NAMES = ("dog", "cat", "cow")
MATRIX = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])  # no photo of a cow


def doors(figure: object) -> dict[tuple[int, int], int]:
    """What each clickable point carries: (row, column) to number of photos."""
    return {(i, j): n for i, j, n in figure.data[-1].customdata}  # type: ignore[attr-defined]


def test_every_cell_and_every_sum_is_a_door_with_its_number() -> None:
    found = doors(charts.confusion_figure(MATRIX, NAMES))
    assert len(found) == 16
    assert (found[0, 1], found[0, 3], found[3, 0], found[3, 3]) == (2, 10, 9, 14)


def test_a_click_can_only_meet_the_doors() -> None:
    figure = charts.confusion_figure(MATRIX, NAMES)
    assert [trace.hoverinfo for trace in figure.data[:-1]] == ["skip"] * 4
    assert figure.layout.clickmode == "event+select"
    assert figure.layout.dragmode is False
    assert tuple(figure.layout.xaxis.range) == (-0.5, 3.5)
    assert tuple(figure.layout.yaxis.range) == (3.5, -0.5)  # the first class on top
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.yaxis.fixedrange


def test_counts_and_shares_are_written_and_empty_cells_are_not() -> None:
    def written(shares: bool) -> dict[tuple[int, int], str]:
        numbers = charts.confusion_figure(MATRIX, NAMES, shares=shares).data[3]
        return {(int(y), int(x)): text for x, y, text in zip(numbers.x, numbers.y, numbers.text, strict=True)}

    assert written(False)[0, 0] == "8"
    assert written(True)[0, 0] == "80%"
    assert written(True)[1, 0] == "25%"
    assert written(True)[0, 3] == "10"  # sums stay counts
    assert written(False)[2, 2] == ""


def test_tooltips_say_the_cell_in_words() -> None:
    texts = charts.confusion_figure(MATRIX, NAMES).data[-1].text
    assert texts[1] == "True Dog, model says Cat<br><b>2 photos</b> (20.0% of the class)<br>Click to see them"
    assert texts[-1] == "All photos<br><b>14 photos</b><br>Click to see them"


@pytest.mark.parametrize(
    ("cell", "corner"), [(Cell(1, 0), (-0.5, 0.5)), (Cell(1, None), (2.5, 0.5)), (Cell(None, 0), (-0.5, 2.5))]
)
def test_the_chosen_cell_is_framed(cell: Cell, corner: tuple[float, float]) -> None:
    (frame,) = charts.confusion_figure(MATRIX, NAMES, chosen=cell).layout.shapes
    assert (frame.x0, frame.y0) == corner


@pytest.mark.parametrize("data", [[0, 1, 2], {"0": 0, "1": 1, "2": 2}])
def test_a_click_gives_what_its_point_carries_whether_plotly_sends_a_list_or_a_dict(data: object) -> None:
    state = {"selection": {"points": [{"customdata": data}]}}
    assert charts.clicked_data(state) == [0, 1, 2]


def test_a_click_on_a_sum_names_a_row_or_a_column() -> None:
    assert charts.clicked_cell([0, 1, 2], 3) == Cell(0, 1)
    assert charts.clicked_cell([0, 3, 0], 3) == Cell(0, None)
    assert charts.clicked_cell([3, 1, 0], 3) == Cell(None, 1)
    assert charts.clicked_cell([3, 3, 0], 3) == Cell(None, None)


@pytest.mark.parametrize("state", [None, {"selection": {"points": []}}, {"selection": {"points": [{}]}}])
def test_no_click_gives_nothing(state: object) -> None:
    assert charts.clicked_data(state) is None


@pytest.mark.parametrize("dark", [False, True])
def test_the_numbers_stand_out_from_their_cells(dark: bool) -> None:
    for scale in (charts.RIGHT[dark], charts.WRONG[dark]):
        for share in np.linspace(0, 1, 21):
            cell = charts.mix(*scale, float(share))
            assert contrast(charts.readable_on(cell), cell) >= 4.5


def contrast(first: str, second: str) -> float:
    """WCAG 2.1's contrast ratio."""

    def luminance(colour: str) -> float:
        channels = [int(pair, 16) / 255 for pair in re.findall("..", colour[1:])]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)
