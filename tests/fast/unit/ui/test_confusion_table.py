"""The confusion matrix as a table: every cell is a button, and every number can be read."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gallery.charts.drawing import INK
from gallery.evaluation.report import Cell
from gallery.ui.components import theme
from gallery.ui.components.confusion_table import cells, matrix_data

NAMES = ("dog", "cat", "cow")
MATRIX = np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]])  # no photo of a cow


def test_every_cell_and_every_sum_is_there_with_its_number() -> None:
    drawn = cells.drawn_cells(MATRIX, NAMES)
    assert [[cell["text"] for cell in row] for row in drawn] == [
        ["8", "2", "", "10"],
        ["1", "3", "", "4"],
        ["", "", "", "0"],
        ["9", "5", "0", "14"],
    ]


def test_shares_are_of_the_true_class_and_sums_stay_counts() -> None:
    drawn = cells.drawn_cells(MATRIX, NAMES, shares=True)
    assert [[cell["text"] for cell in row] for row in drawn] == [
        ["80\u00a0%", "20\u00a0%", "", "10"],
        ["25\u00a0%", "75\u00a0%", "", "4"],
        ["", "", "", "0"],
        ["9", "5", "0", "14"],
    ]


def test_each_says_in_words_what_it_counts() -> None:
    drawn = cells.drawn_cells(MATRIX, NAMES)
    said = {(i, j): (drawn[i][j]["what"], drawn[i][j]["many"]) for i in range(4) for j in range(4)}
    assert said[0, 1] == ("True Dog, predicted Cat", "2 photos (20.0\u00a0% of the class)")
    assert said[1, 0] == ("True Cat, predicted Dog", "1 photo (25.0\u00a0% of the class)")
    assert said[2, 2] == ("True Cow, correct", "0 photos (0.0\u00a0% of the class)")
    assert said[0, 3] == ("True Dog", "10 photos")
    assert said[3, 3] == ("All photos", "14 photos")


@pytest.mark.parametrize("dark", [False, True])
def test_the_more_of_a_class_the_stronger_the_colour_and_errors_have_another(dark: bool) -> None:
    drawn = cells.drawn_cells(np.array([[10, 0, 0], [5, 5, 0], [1, 8, 1]]), NAMES, dark=dark)
    none, right = theme.RIGHT[dark]
    assert drawn[0][0]["fill"] == right  # all of the class
    assert drawn[0][1]["fill"] == none
    assert drawn[1][0]["fill"] == theme.WRONG[dark][1]  # half of the class: errors have their full colour
    assert drawn[2][1]["fill"] == theme.WRONG[dark][1]
    assert drawn[1][1]["fill"] not in (none, right)


def test_rows_and_columns_are_named_with_icons_and_the_sums_without() -> None:
    names = matrix_data(MATRIX, NAMES, shares=False, dark=False)["names"]
    assert [name["title"] for name in names] == ["Dog", "Cat", "Cow", "All"]
    assert [bool(name["icon"]) for name in names] == [True, True, True, False]


def test_classes_with_few_photos_are_marked_and_those_with_none_are_not() -> None:
    data = matrix_data(np.array([[25, 5], [3, 1]]), ("dog", "cat"), shares=False, dark=False)
    assert data["few"] == [False, True, False]  # 30, 4, and 34 in all
    assert matrix_data(MATRIX, NAMES, shares=False, dark=False)["few"] == [True, True, False, True]


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ([0, 1], Cell(0, 1)),
        ([0, 3], Cell(0, None)),
        ([3, 1], Cell(None, 1)),
        ([3, 3], Cell(None, None)),
    ],
)
def test_a_click_on_a_sum_names_a_row_or_a_column(place: list[int], cell: Cell) -> None:
    assert cells.cell_at(place, 3) == cell
    assert cells.place_of(cell, 3) == place


@pytest.mark.parametrize(
    "place", [None, [], [0], [0, 4], [-1, 0], ["0", 1], [0.0, 1], [True, 0], "01", {"0": 1}]
)
def test_what_a_browser_should_not_send_is_no_cell(place: object) -> None:
    assert cells.cell_at(place, 3) is None


@pytest.mark.parametrize("dark", [False, True])
def test_the_numbers_stand_out_from_their_cells(dark: bool) -> None:
    for scale in (theme.RIGHT[dark], theme.WRONG[dark]):
        for share in np.linspace(0, 1, 21):
            fill = cells.mix(*scale, float(share))
            assert contrast(cells.readable_on(fill), fill) >= 4.5
    assert contrast(INK[dark], cells.TOTAL[dark]) >= 4.5


def contrast(first: str, second: str) -> float:
    """WCAG 2.1's contrast ratio."""

    def luminance(colour: str) -> float:
        channels = [int(pair, 16) / 255 for pair in re.findall("..", colour[1:])]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)
