"""What a look at the data finds, on sets whose faults were put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.training.inspection import duplicate_groups, groups_of, inspect_set, likeness, near_pairs
from gallery.training.labelled_data import Part
from gallery.training.pixel_store import decode_set


def test_counts_sizes_duplicates_contradictions_and_leaks_are_found(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(3):
        pictures.add(f"cat/{number}.npy", make_noise(number))
    pictures.add("dog/3.npy", make_noise(3))
    shutil.copy(pictures.root / "cat/0.npy", pictures.root / "cat/0_copy.npy")  # exact, rows 0 and 1
    brighter = np.clip(make_noise(1).astype(int) + 3, 0, 255).astype(np.uint8)
    pictures.add("dog/other_1.npy", brighter)  # near, and another label: rows 2 and 5
    pictures.spoil("dog/9.npy")
    found = decode_set(pictures.read(), input_px=32, decode=pictures.decode, folder=tmp_path / "decoded")
    assert [photo.path.stem for photo in found.data.photos] == ["0", "0_copy", "1", "2", "3", "other_1"]
    train, held = Part.TRAIN, Part.VALIDATION
    inspection = inspect_set(found, [train, train, train, held, held, held])
    assert inspection.counts == {"dog": 2, "cat": 4}
    assert inspection.part_counts == {train: {"dog": 0, "cat": 3}, held: {"dog": 2, "cat": 1}}
    assert inspection.imbalance == 2
    assert (inspection.median_px, len(inspection.small)) == ((32, 32), 6)
    exact, near = inspection.duplicates
    assert (exact.indices, exact.exact, exact.contradicts, exact.leaks) == ((0, 1), True, False, False)
    assert (near.indices, near.exact, near.contradicts, near.leaks) == ((2, 5), False, True, True)
    as_json = inspection.to_json()
    assert (as_json["exact_duplicates"], as_json["contradictions"], as_json["leaks"]) == (1, 1, 1)
    assert "1 group of duplicates bears different labels: one must be wrong." in inspection.summary()


def test_likeness_is_carried_on_and_flat_pictures_are_like_nothing() -> None:
    hashes = np.array([0xFFFF, 0xFFF0, 0xFF00, 0, 0], np.uint64)  # 4 bits apart, twice; two flat ones
    pairs = near_pairs(hashes)
    assert groups_of(list("abcde"), pairs) == [(0, 1, 2)]
    assert groups_of(list("abcdd"), pairs) == [(0, 1, 2), (3, 4)]


def test_likeness_is_the_correlation_of_the_cells(make_noise: Callable[[int], Any]) -> None:
    picture = make_noise(0)
    assert likeness(picture, picture // 2 + 60) > 0.999  # paler
    assert likeness(picture, 255 - picture) < -0.999
    assert abs(likeness(picture, make_noise(1))) < 0.5
    assert likeness(picture, np.full_like(picture, 9)) == 0
    one, other = (p.mean(2)[2::4, 2::4].ravel() for p in (picture, make_noise(1)))  # a colour a cell
    assert likeness(picture, make_noise(1)) == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_near_hashes_of_different_pictures_are_no_duplicates(pictures: Any, tmp_path: Path) -> None:
    # Brightness rises to the right in both, but one is bright above and the other below.
    ramp = np.repeat(np.tile(np.arange(32) * 2, (32, 1))[..., None], 3, axis=2)
    light = np.repeat((np.arange(32) * 6)[:, None], 32, axis=1)[..., None]
    ramp[:, :16] = ramp[:, 16:][:, ::-1]  # rises to the middle and falls: half of the bits are set
    pictures.add("cat/1.npy", (ramp + light).astype(np.uint8))
    pictures.add("dog/2.npy", (ramp + light[::-1]).astype(np.uint8))
    found = decode_set(pictures.read(), input_px=32, decode=pictures.decode, folder=tmp_path / "decoded")
    assert near_pairs(found.hashes) == [(0, 1)]
    assert duplicate_groups(found) == []


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 63))
def test_near_pairs_are_those_that_a_plain_comparison_finds(numbers: list[int], flip: int) -> None:
    numbers += [number ^ (1 << flip) for number in numbers[:3]]
    expected = [
        (i, j)
        for i, a in enumerate(numbers)
        for j, b in enumerate(numbers)
        if i < j and bin(a ^ b).count("1") <= 4 and all(4 < bin(x).count("1") < 60 for x in (a, b))
    ]
    assert sorted(near_pairs(np.array(numbers, np.uint64))) == expected
