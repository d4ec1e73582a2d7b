"""Photos decoded once, in their places, unreadable ones named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.datasets.pixel_store import DecodedSet, decode_set, difference_hash, trim_cache
from gallery.errors import TrainingError
from gallery.types import SkipReason


def decoded(pictures: Any, tmp_path: Path) -> DecodedSet:
    return decode_set(pictures.read(), input_px=32, decode=pictures.decode, folder=tmp_path / "decoded")


def test_each_photo_keeps_its_own_pixels_whatever_the_order_of_decoding(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number, name in enumerate(("cat/1.npy", "cat/2.npy", "dog/3.npy")):
        pictures.add(name, make_noise(number))
    found = decoded(pictures, tmp_path)
    assert [photo.path.stem for photo in found.data.photos] == ["1", "2", "3"]
    np.testing.assert_array_equal(found.images(np.array([2, 0])), [make_noise(2), make_noise(0)])
    assert (found.widths_px.tolist(), found.input_px) == ([32, 32, 32], 32)


def test_an_unreadable_photo_is_named_and_left_out(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    pictures.spoil("cat/0.npy")
    pictures.add("cat/1.npy", make_noise(1))
    pictures.add("dog/2.npy", make_noise(2))
    found = decoded(pictures, tmp_path)
    assert len(found) == 2
    np.testing.assert_array_equal(found.images(np.array([0])), [make_noise(1)])
    [skipped] = found.skipped
    assert (skipped.path.name, skipped.reason) == ("0.npy", SkipReason.DAMAGED)


def test_the_same_files_are_not_decoded_twice_but_changed_ones_are(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    pictures.add("cat/1.npy", make_noise(1))
    pictures.add("dog/2.npy", make_noise(2))
    decoded(pictures, tmp_path)
    again = decoded(pictures, tmp_path)
    assert pictures.decoded == 2
    np.testing.assert_array_equal(again.images(np.array([0, 1])), [make_noise(1), make_noise(2)])
    path = pictures.add("dog/2.npy", make_noise(3))
    path.touch()
    assert decoded(pictures, tmp_path).images(np.array([1])).tolist() == [make_noise(3).tolist()]


def test_a_class_without_a_readable_photo_is_an_error_that_names_it(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    pictures.spoil("cat/1.npy")
    pictures.add("dog/2.npy", make_noise(2))
    with pytest.raises(TrainingError, match="class 'cat'"):
        decoded(pictures, tmp_path)


def test_an_interrupted_decoding_leaves_nothing_that_looks_finished(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    pictures.add("cat/1.npy", make_noise(1))
    pictures.add("dog/2.npy", make_noise(2))

    def stopped(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_set(
            pictures.read(),
            input_px=32,
            decode=pictures.decode,
            folder=tmp_path / "decoded",
            on_progress=stopped,
        )
    assert list((tmp_path / "decoded").iterdir()) == []


def test_the_cache_forgets_what_was_used_longest_ago_but_never_the_latest(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "facts.csv").write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "features.npy").write_bytes(b"x" * 100)
    os.utime(tmp_path / "features.npy", (999_997, 999_997))
    (tmp_path / "unzipped").mkdir()
    trim_cache(tmp_path, limit_bytes=250)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["middle", "new", "unzipped"]
    trim_cache(tmp_path, limit_bytes=10)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["new", "unzipped"]


def test_what_is_left_of_a_half_removed_set_does_not_block_it(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    pictures.add("cat/1.npy", make_noise(1))
    pictures.add("dog/2.npy", make_noise(2))
    decoded(pictures, tmp_path)
    [kept] = (tmp_path / "decoded").iterdir()
    (kept / "facts.csv").unlink()
    again = decoded(pictures, tmp_path)
    np.testing.assert_array_equal(again.images(np.array([0, 1])), [make_noise(1), make_noise(2)])
    assert [place.name for place in (tmp_path / "decoded").iterdir()] == [kept.name]


def test_what_killed_processes_left_goes_after_a_day(tmp_path: Path) -> None:
    for name in (".decoding-old", ".removed-old", ".decoding-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pixels.npy").write_bytes(b"x")
    for name in ("block5_pool-old.part", "block5_pool-new.part"):
        (tmp_path / name).write_bytes(b"x")
    for place in tmp_path.glob("*old*"):
        os.utime(place, (1_000_000, 1_000_000))
    trim_cache(tmp_path)
    assert sorted(place.name for place in tmp_path.iterdir()) == [".decoding-new", "block5_pool-new.part"]


def test_difference_hash_compares_neighbours_of_a_9_x_8_grid() -> None:
    grid = np.zeros((8, 9), np.uint8)
    grid[0] = [0, 9, 0, 9, 0, 9, 0, 9, 0]  # rises, falls, ...: 10101010
    grid[7, 8] = 9  # the last comparison of the last row
    picture = np.repeat(grid.repeat(4, 0).repeat(4, 1)[..., None], 3, axis=2)
    assert difference_hash(picture) == (0b10101010 << 56) | 1


def test_difference_hash_survives_another_size_and_brightness() -> None:
    grid = np.random.default_rng(0).integers(0, 200, (8, 9)).astype(np.uint8)
    small = np.repeat(grid.repeat(4, 0).repeat(4, 1)[..., None], 3, axis=2)
    large = np.repeat((grid + 30).repeat(28, 0).repeat(25, 1)[..., None], 3, axis=2)
    assert difference_hash(small) == difference_hash(large)
