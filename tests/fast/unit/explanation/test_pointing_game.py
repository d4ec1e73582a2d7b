"""Shares of heat inside a region, by hand, and photos pasted into quadrants."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.errors import CamError
from tests.benchmark.pointing_game import QUADRANTS, mass_inside, pasted, peak_inside


def test_mass_is_shared_out_by_cells() -> None:
    cam = np.array([[4.0, 1.0], [2.0, 1.0]])
    assert [mass_inside(cam, quadrant) for quadrant in QUADRANTS] == [0.5, 0.125, 0.25, 0.125]
    assert mass_inside(cam, (0, 0, 1, 1)) == 1


def test_a_cell_on_the_border_counts_by_its_part_inside() -> None:
    assert mass_inside(np.array([[1.0, 1.0, 2.0]]), (0, 0, 0.5, 1)) == pytest.approx(1.5 / 4)
    assert mass_inside(np.ones((3, 3)), (0.25, 0.25, 0.75, 0.75)) == pytest.approx(0.25)


def test_even_heat_has_a_quarter_in_each_quadrant() -> None:
    assert [mass_inside(np.ones((7, 9)), quadrant) for quadrant in QUADRANTS] == pytest.approx([0.25] * 4)


def test_the_peak_is_inside_or_not() -> None:
    cam = np.zeros((14, 14))
    cam[3, 9] = 2
    assert [peak_inside(cam, quadrant) for quadrant in QUADRANTS] == [False, True, False, False]


def test_a_map_without_heat_plays_no_game() -> None:
    assert mass_inside(np.zeros((2, 2)), QUADRANTS[0]) is None
    assert peak_inside(np.zeros((2, 2)), QUADRANTS[0]) is None


def test_regions_that_are_none_are_refused() -> None:
    for region in ((0.5, 0, 0.5, 1), (0, 0, 1.5, 1), (0, 0.9, 1, 0.1)):
        with pytest.raises(CamError, match="A region is left, top"):
            mass_inside(np.ones((2, 2)), region)


@pytest.mark.parametrize("quadrant", range(4))
def test_a_photo_is_pasted_where_its_quadrant_says(quadrant: int) -> None:
    photo = np.zeros((20, 30, 3), np.uint8)
    photo[..., 0] = 255  # red: the canvas is grey
    canvas = pasted(photo, quadrant, seed=1)
    assert canvas.shape == (40, 60, 3)
    red = ((canvas == (255, 0, 0)).all(axis=2)).astype(float)
    assert mass_inside(red, QUADRANTS[quadrant]) == 1
    assert red.mean() == 0.25
    assert np.array_equal(pasted(photo, quadrant, seed=1), canvas)


def test_there_are_four_quadrants() -> None:
    with pytest.raises(CamError, match="0 to 3"):
        pasted(np.zeros((2, 2, 3), np.uint8), 4, seed=0)
