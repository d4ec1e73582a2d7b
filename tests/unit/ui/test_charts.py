"""What all charts share."""

from __future__ import annotations

import pytest

from gallery.ui import charts


@pytest.mark.parametrize("data", [[0, 1, 2], {"0": 0, "1": 1, "2": 2}])
def test_a_click_gives_what_its_point_carries_whether_plotly_sends_a_list_or_a_dict(data: object) -> None:
    state = {"selection": {"points": [{"customdata": data}]}}
    assert charts.clicked_data(state) == [0, 1, 2]


@pytest.mark.parametrize("state", [None, {"selection": {"points": []}}, {"selection": {"points": [{}]}}])
def test_no_click_gives_nothing(state: object) -> None:
    assert charts.clicked_data(state) is None
