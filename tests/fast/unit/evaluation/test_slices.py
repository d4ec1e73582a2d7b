"""Slices: what each is named, how good it is, which comes first."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gallery.errors import DatasetError
from gallery.evaluation.metrics import wilson_interval
from gallery.evaluation.slices import (
    DIMENSIONS,
    UNKNOWN,
    Slice,
    all_slices,
    day_or_night_names,
    folder_names,
    hour_names,
    hours_of,
    mark_worse,
    part_names,
    slice_names,
    slices_by,
    worse_p_value,
    worst_first,
)
from gallery.types import PhotoMetadata


def right(*counts: tuple[int, int]) -> np.ndarray:
    """Whether photos are right: for each (hits, misses), so many of them."""
    return np.array([hit for hits, misses in counts for hit in [True] * hits + [False] * misses])


def test_a_slice_by_hand() -> None:
    night, day = slices_by("time", ["day"] * 40 + ["night"] * 30, right((36, 4), (15, 15)))
    assert (night.name, night.n, night.right, night.accuracy) == ("night", 30, 15, 0.5)
    assert night.interval == wilson_interval(15, 30)
    assert night.accuracy_of_rest == 0.9
    assert night.rows.tolist() == list(range(40, 70))
    for one, table in ((night, [[15, 15], [36, 4]]), (day, [[36, 4], [15, 15]])):
        assert one.p_value == pytest.approx(stats.fisher_exact(table, alternative="less").pvalue)
    assert [one.stands_out for one in mark_worse([night, day])] == [True, False]
    assert json.loads(json.dumps(day.to_json()))["interval"] == list(wilson_interval(36, 40))


def test_the_worst_is_first_but_few_photos_come_last_and_are_marked() -> None:
    names = ["good"] * 20 + ["bad"] * 20 + ["one"] + ["nineteen"] * 19
    found = slices_by("folder", names, right((19, 1), (10, 10), (0, 1), (19, 0)))
    assert [one.name for one in found] == ["bad", "good", "one", "nineteen"]
    assert [one.few for one in found] == [False, False, True, True]


def test_slices_of_several_dimensions_are_ordered_together() -> None:
    by_folder = slices_by("folder", ["a"] * 20 + ["b"] * 20, right((20, 0), (10, 10)))
    by_size = slices_by("size", ["large"] * 20 + ["small"] * 20, right((15, 5), (18, 2)))
    together = worst_first([*by_folder, *by_size])
    assert [(one.dimension, one.name) for one in together] == [
        ("folder", "b"), ("size", "large"), ("size", "small"), ("folder", "a"),
    ]  # fmt: skip


def test_one_slice_of_all_photos_has_no_rest_and_none_of_no_photos() -> None:
    (whole,) = slices_by("folder", ["a"] * 3, right((1, 2)))
    assert whole.accuracy_of_rest is None
    assert whole.p_value is None
    assert not mark_worse([whole])[0].stands_out
    assert slices_by("folder", [], np.zeros(0, bool)) == ()


def test_chance_alone_marks_a_slice_in_one_evaluation_of_twenty_at_most() -> None:
    dice = np.random.default_rng(7)
    marked = 0
    for _ in range(400):
        hits = dice.random(400) < 0.9
        names = {str(d): [str(part) for part in dice.integers(0, 5, 400)] for d in range(8)}  # 40 slices
        marked += any(one.stands_out for of_it in all_slices(names, hits).values() for one in of_it)
    assert marked <= 33  # 99.5 % of binomial(400, 0.05)


def test_holm_marks_each_slice_by_what_is_left_and_passes_over_few_photos() -> None:
    def of(chance: float | None, n: int = 40) -> Slice:
        return Slice("d", "x", n, 0, (0.0, 1.0), 0.5, chance, np.zeros(0, np.int64))

    # 0.05 by 4, 3, 2, 1: 0.0125, 0.0167, 0.025, 0.05
    found = mark_worse([of(0.016), of(0.01), of(0.03), of(0.04), of(1e-9, n=19), of(None)])
    assert [one.stands_out for one in found] == [True, True, False, False, False, False]


@given(st.integers(1, 60), st.data())
def test_the_chance_is_the_share_of_draws_with_so_few_right(total: int, data: st.DataObject) -> None:
    good, n = data.draw(st.integers(0, total)), data.draw(st.integers(1, total))
    hits = data.draw(st.integers(max(0, n - (total - good)), min(n, good)))
    draws = sum(math.comb(good, k) * math.comb(total - good, n - k) for k in range(hits + 1))
    assert worse_p_value(hits, n, good, total) == pytest.approx(draws / math.comb(total, n), abs=1e-12)


def test_as_many_names_as_photos_are_asked_for() -> None:
    with pytest.raises(DatasetError, match="each of the 2 photos, got 1"):
        slices_by("hour", ["x"], np.array([True, False]))


def test_folders_are_named_below_the_root_whatever_bytes_they_hold() -> None:
    root = Path("/data")
    paths = [root / "dog" / "a" / "1.jpg", root / "2.jpg", root / "caf\udce9" / "3.jpg"]
    assert folder_names(paths, root) == ["dog/a", ".", "caf\ufffd"]


def test_hours_come_from_camera_times_and_are_never_invented() -> None:
    hours = hours_of(["2024-05-01T06:12:09", "2024-05-01 23:00", None, "", "2024-05-01", "2024-05-01T99:00"])
    assert hours[:2].tolist() == [6.0, 23.0]
    assert np.isnan(hours[2:]).all()
    assert hour_names(hours) == ["06-07 h", "23-24 h", *[UNKNOWN] * 4]
    assert day_or_night_names(hours)[:3] == ["day (06-18 h)", "night (18-06 h)", UNKNOWN]


def test_parts_hold_about_as_many_photos_each_and_say_their_range() -> None:
    names = part_names(np.arange(6.0), ("low", "middle", "high"), unit="px")
    assert names == ["low (0 to 1 px)"] * 2 + ["middle (2 to 3 px)"] * 2 + ["high (4 to 5 px)"] * 2


def test_equal_values_stay_together_and_unknown_ones_apart() -> None:
    parts = ("dark", "normal", "bright")
    assert part_names(np.array([5.0, 5.0, 5.0, np.nan]), parts) == ["normal (5)"] * 3 + [UNKNOWN]
    assert part_names(np.array([5.0, 5.0, 5.0, 1200.4]), parts) == ["dark (5)"] * 3 + ["bright (1,200)"]
    assert part_names(np.full(3, np.nan), parts) == [UNKNOWN] * 3


def test_every_dimension_names_every_photo_and_what_is_not_known_says_so() -> None:
    root = Path("/data")
    facts = [
        PhotoMetadata(2000, 1000, 1, "JPEG", "2024-05-01T22:10:00", brightness=20.0, sharpness=300.0),
        PhotoMetadata(4000, 3000, 1, "JPEG"),
        None,
    ]
    names = slice_names([root / "dog/1.jpg", root / "cat/2.jpg", root / "3.jpg"], root, facts)
    assert tuple(names) == DIMENSIONS
    assert names["Folder"] == ["dog", "cat", "."]
    assert names["Day or night"] == ["night (18-06 h)", UNKNOWN, UNKNOWN]
    assert names["Hour"] == ["22-23 h", UNKNOWN, UNKNOWN]
    assert names["Brightness"] == ["normal brightness (20 of 255)", UNKNOWN, UNKNOWN]
    assert names["Sharpness"] == ["normal sharpness (300)", UNKNOWN, UNKNOWN]
    assert names["Longer side"] == ["small (2,000 px)", "large (4,000 px)", UNKNOWN]
