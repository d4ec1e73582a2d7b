"""Average heatmaps and evidence at the border, on maps small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.errors import CamError
from gallery.evaluation.evidence import (
    BORDER_AREA,
    FEW_IN_A_CELL,
    Group,
    average_map,
    border_shares,
    compare_borders,
    shares_of_evidence,
    usual_and_limit,
)
from gallery.evaluation.report import Cell

CENTRE = np.zeros((14, 14))
CENTRE[6:8, 6:8] = 3
EDGE = np.zeros((14, 14))
EDGE[0, :] = 5
NOTHING = np.zeros((14, 14))


def test_each_photo_weighs_the_same_however_strong_its_map_is() -> None:
    strong, weak = 1000 * CENTRE, EDGE
    average = average_map(np.stack([strong, weak, NOTHING]))
    assert (average.photos, average.without) == (2, 1)
    assert average.heat.sum() == pytest.approx(1)
    assert average.heat[6, 6] == pytest.approx(0.5 / 4)  # four cells share half of it
    assert average.heat[0, 0] == pytest.approx(0.5 / 14)


def test_photos_without_evidence_average_to_none() -> None:
    average = average_map(np.stack([NOTHING, NOTHING]))
    assert not average.heat.any()
    assert (average.photos, average.without) == (0, 2)
    assert np.isnan(average.border_share)
    assert average_map(np.zeros((0, 14, 14))).photos == 0


def test_the_border_is_two_of_fourteen_cells() -> None:
    third = np.zeros((14, 14))
    third[2, 2] = 1  # the first cell off the border
    even = np.ones((14, 14))
    found = border_shares(np.stack([CENTRE, EDGE, third, even, NOTHING]))
    assert found[:4] == pytest.approx([0, 1, 0, (196 - 100) / 196])
    assert np.isnan(found[4])
    assert pytest.approx((196 - 100) / 196) == BORDER_AREA


def test_a_cell_partly_in_the_border_counts_by_its_part() -> None:
    # 4 cells a side, border 1/7: of the outer cells 4/7 lie in it; off it are 3/7 of an outer cell a side
    corner = np.zeros((4, 4))
    corner[0, 0] = 1
    assert border_shares(corner[None])[0] == pytest.approx(1 - (3 / 7) ** 2)


def test_the_share_of_an_average_is_the_average_of_the_shares() -> None:
    dice = np.random.default_rng(0)
    maps = dice.random((9, 14, 14))
    assert average_map(maps).border_share == pytest.approx(border_shares(maps).mean())


def test_the_limit_is_median_and_robust_deviation() -> None:
    # median 0.4, deviations 0.2 0.1 0 0.1 0.2: their median is 0.1
    usual, limit = usual_and_limit([0.2, 0.3, 0.4, 0.5, 0.6])
    assert (usual, limit) == (0.4, pytest.approx(0.4 + 3 * 1.4826 * 0.1))


def test_a_column_that_looks_at_the_border_is_found_and_a_small_cell_is_not_judged() -> None:
    # five classes, each recognised on six photos at 0.3; nine photos of class 0 are called 1, at the border;
    # four of class 2 are called 3, wholly at the border: too few to say
    y_true = np.array([k for k in range(5) for _ in range(6)] + [0] * 9 + [2] * 4)
    y_pred = np.array([k for k in range(5) for _ in range(6)] + [1] * 9 + [3] * 4)
    shares = np.array([0.3] * 30 + [0.9] * 9 + [1.0] * 4)
    groups = compare_borders(shares, y_true, y_pred, 5)
    cells = {
        (g.cell.true, g.cell.predicted): g for g in groups if None not in (g.cell.true, g.cell.predicted)
    }
    assert set(cells) == {(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (0, 1)}
    assert cells[0, 1] == Group(Cell(0, 1), 9, pytest.approx(0.9), pytest.approx(0.3), stands_out=True)
    assert [place for place, group in cells.items() if group.stands_out] == [(0, 1)]
    said = {g.cell.predicted: g for g in groups if g.cell.true is None}
    assert said[1].border_share == pytest.approx((6 * 0.3 + 9 * 0.9) / 15)
    assert [k for k, group in said.items() if group.stands_out] == [1, 3]  # 3: (6 * 0.3 + 4) / 10 = 0.58
    true = {g.cell.true: g for g in groups if g.cell.predicted is None}
    assert [k for k, group in true.items() if group.stands_out] == [0, 2]


def test_groups_that_hardly_differ_do_not_stand_out() -> None:
    y = np.repeat(np.arange(5), FEW_IN_A_CELL)
    shares = np.repeat([0.3, 0.3, 0.3, 0.3, 0.35], FEW_IN_A_CELL)
    assert not any(group.stands_out for group in compare_borders(shares, y, y, 5))


def test_too_few_groups_are_not_judged() -> None:
    y = np.repeat(np.arange(3), 9)
    groups = compare_borders(np.repeat([0.1, 0.1, 0.9], 9), y, y, 3)
    assert len(groups) == 9
    assert not any(group.stands_out for group in groups)
    assert all(np.isnan(group.usual) for group in groups)


def test_photos_without_evidence_are_in_no_group() -> None:
    y = np.zeros(9, np.int64)
    shares = np.array([0.5] * 5 + [np.nan] * 4)
    assert {group.photos for group in compare_borders(shares, y, y, 2)} == {5}


@pytest.mark.parametrize("maps", [CENTRE, -CENTRE[None], CENTRE[None] * np.nan])
def test_maps_that_are_none_are_refused(maps: np.ndarray) -> None:
    with pytest.raises(CamError):
        shares_of_evidence(maps)
