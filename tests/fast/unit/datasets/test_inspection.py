"""What a look at the data finds, on sets whose faults were put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gallery.datasets.duplicates import duplicate_groups
from gallery.datasets.inspection import inspect_set
from gallery.datasets.labelled import Part
from gallery.datasets.pixel_store import decode_set


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
    inspection = inspect_set(found, duplicate_groups(found), [train, train, train, held, held, held])
    assert inspection.counts == {"dog": 2, "cat": 4}
    assert inspection.part_counts == {train: {"dog": 0, "cat": 3}, held: {"dog": 2, "cat": 1}}
    assert inspection.imbalance == 2
    assert (inspection.median_px, len(inspection.small)) == ((32, 32), 6)
    exact, near = inspection.duplicates
    assert (exact.indices, exact.exact, exact.contradicts, exact.leaks) == ((0, 1), True, False, False)
    assert (near.indices, near.exact, near.contradicts, near.leaks) == ((2, 5), False, False, True)
    assert (exact.doubtful, near.doubtful) == (False, True)
    as_json = inspection.to_json()
    assert (as_json["exact_duplicates"], as_json["contradictions"], as_json["leaks"]) == (1, 0, 1)
    assert as_json["near_with_other_labels"] == 1
    said = "1 group of nearly equal pictures has different labels: please check."
    assert said in inspection.summary()


def test_equal_files_of_different_labels_contradict_each_other_also_in_a_larger_group(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(2):
        pictures.add(f"cat/{number}.npy", make_noise(number))
    pictures.add("cat/0_paler.npy", make_noise(0) // 2 + 60)
    (pictures.root / "dog").mkdir()
    shutil.copy(pictures.root / "cat/0.npy", pictures.root / "dog/0.npy")
    found = decode_set(pictures.read(), input_px=32, decode=pictures.decode, folder=tmp_path / "decoded")
    inspection = inspect_set(found, duplicate_groups(found))
    [group] = inspection.duplicates
    assert (len(group.indices), group.exact, group.contradicts, group.doubtful) == (3, False, True, False)
    assert "1 group of equal files has different labels: one must be wrong." in inspection.summary()
