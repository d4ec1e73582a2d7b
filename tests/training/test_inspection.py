"""What a look at the data finds, on sets whose faults were put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.training.inspection import inspect_set, near_pairs, same_pictures
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
    assert "1 groups of duplicates bear different labels: one must be wrong." in inspection.summary()


def test_likeness_is_carried_on_and_flat_pictures_are_like_nothing() -> None:
    hashes = np.array([0xFFFF, 0xFFF0, 0xFF00, 0, 0], np.uint64)  # 4 bits apart, twice; two flat ones
    assert same_pictures(list("abcde"), hashes) == [(0, 1, 2)]
    assert same_pictures(list("abcdd"), hashes) == [(0, 1, 2), (3, 4)]


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
