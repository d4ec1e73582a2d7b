"""The split: its shares, its groups, its memory, and that no picture lies on both sides."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.datasets.duplicates import duplicate_groups
from gallery.datasets.labelled import Part
from gallery.datasets.pixel_store import DecodedSet, decode_set
from gallery.datasets.split import Split, SplitPlan, draw, part_counts, split_set
from gallery.errors import DatasetError
from tests.stored_splits import read_split


def decoded(pictures: Any, tmp_path: Path) -> DecodedSet:
    return decode_set(pictures.read(), input_px=32, decode=pictures.decode, folder=tmp_path / "decoded")


def split_of(found: DecodedSet, plan: SplitPlan, *, stored: Path | None = None) -> Split:
    return split_set(found, plan, duplicate_groups(found), stored=stored)


def draw_all(labels: np.ndarray, clusters: Sequence[Sequence[int]], plan: SplitPlan) -> list[Part]:
    return draw([None] * len(labels), clusters, labels, plan)


def counts(labels: np.ndarray, parts: list[Part]) -> Counter[tuple[int, Part]]:
    return Counter(zip(labels.tolist(), parts, strict=True))


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (SplitPlan(0.15), {Part.TRAIN: (85, 17), Part.VALIDATION: (15, 3)}),
        (SplitPlan(0.15, 0.15), {Part.TRAIN: (70, 14), Part.VALIDATION: (15, 3), Part.TEST: (15, 3)}),
    ],
)
def test_every_class_has_its_shares(plan: SplitPlan, expected: dict[Part, tuple[int, int]]) -> None:
    labels = np.array([0] * 100 + [1] * 20)
    found = counts(labels, draw_all(labels, [[row] for row in range(120)], plan))
    assert {part: (found[0, part], found[1, part]) for part in expected} == expected


def test_a_rare_class_has_a_validation_photo() -> None:
    labels = np.array([0] * 50 + [1] * 2)
    found = counts(labels, draw_all(labels, [[row] for row in range(52)], SplitPlan(0.15)))
    assert (found[1, Part.TRAIN], found[1, Part.VALIDATION]) == (1, 1)


def test_a_class_of_two_photos_is_trained_on_also_where_a_test_part_is_asked() -> None:
    labels = np.array([0] * 50 + [1] * 2 + [2] * 3)
    found = counts(labels, draw_all(labels, [[row] for row in range(55)], SplitPlan(0.15, 0.15)))
    assert (found[1, Part.TRAIN], found[1, Part.VALIDATION], found[1, Part.TEST]) == (1, 1, 0)
    assert (found[2, Part.TRAIN], found[2, Part.VALIDATION], found[2, Part.TEST]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("groups", "test", "expected"),
    [
        (2, 0.0, (1, 1, 0)),
        (3, 0.0, (2, 1, 0)),
        (2, 0.15, (1, 1, 0)),
        (3, 0.15, (1, 1, 1)),
        (4, 0.15, (2, 1, 1)),
    ],
)
def test_of_a_few_equal_groups_a_class_one_is_held_back(
    groups: int, test: float, expected: tuple[int, int, int]
) -> None:
    labels = np.repeat([0, 1], 10 * groups)
    clusters = np.arange(20 * groups).reshape(-1, 10).tolist()
    found = counts(labels, draw_all(labels, clusters, SplitPlan(0.15, test, by_group=True)))
    for label in (0, 1):
        held = tuple(found[label, part] // 10 for part in (Part.TRAIN, Part.VALIDATION, Part.TEST))
        assert held == expected


def test_of_unequal_groups_the_smallest_is_held_back_and_none_that_another_class_learns_from() -> None:
    # Class 0 in groups of 30 and 20; class 1 only beside class 0 in the group of 20: that one must stay.
    labels = np.array([0] * 30 + [0] * 10 + [1] * 10)
    parts = draw_all(labels, [range(30), range(30, 50)], SplitPlan(0.15))
    assert [parts[0], parts[30]] == [Part.VALIDATION, Part.TRAIN]


def test_another_seed_gives_another_split_and_the_same_seed_the_same() -> None:
    labels, singles = np.zeros(40, int), [[row] for row in range(40)]
    one, other = (draw_all(labels, singles, SplitPlan(seed=seed)) for seed in (0, 1))
    assert one == draw_all(labels, singles, SplitPlan(seed=0)) != other


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=1, max_size=30),
    st.sampled_from([SplitPlan(0.15), SplitPlan(0.15, 0.15), SplitPlan(0.4)]),
)
def test_clusters_stay_whole_and_every_photo_has_a_part(
    sizes: list[tuple[int, int]], plan: SplitPlan
) -> None:
    labels = np.array([label for size, label in sizes for _ in range(size)])
    ends = np.cumsum([size for size, _ in sizes])
    clusters = [list(range(end - size, end)) for (size, _), end in zip(sizes, ends, strict=True)]
    parts = draw_all(labels, clusters, plan)
    assert len(parts) == len(labels)
    assert all(len({parts[row] for row in cluster}) == 1 for cluster in clusters)


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.5, 0.5), (-0.1, 0.0), (0.2, 1.0)])
def test_shares_that_leave_nothing_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(DatasetError, match="leave some for training"):
        SplitPlan(*shares)


def test_near_and_exact_duplicates_lie_on_one_side(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(12):
        pictures.add(f"cat/{number:02}.npy", make_noise(number))
        pictures.add(f"cat/{number:02}_again.npy", np.minimum(make_noise(number), 252) + 3)
        pictures.add(f"dog/{number:02}.npy", make_noise(100 + number))
        shutil.copy(pictures.root / f"dog/{number:02}.npy", pictures.root / f"dog/{number:02}_copy.npy")
    found = decoded(pictures, tmp_path)
    for seed in range(5):
        split = split_of(found, SplitPlan(0.25, seed=seed))
        for row in range(0, 48, 2):
            assert split.parts[row] is split.parts[row + 1]
        assert len(split.rows(Part.VALIDATION)) == 12


def test_grouped_photos_stay_together(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(24):
        for name in ("cat", "dog"):
            pictures.add(f"{name}/site{number % 6}/{number}.npy", make_noise(number + 50 * (name == "dog")))
    found = decoded(pictures, tmp_path)
    split = split_of(found, SplitPlan(0.2, by_group=True))
    sides: dict[str, set[Part]] = {}
    for photo, part in zip(found.data.photos, split.parts, strict=True):
        sides.setdefault(photo.group, set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())
    assert len(split.rows(Part.VALIDATION)) == 8  # one site of four photos a class: nearest to 4.8


def test_photos_of_a_sequence_stay_together(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(24):  # eight bursts of three photos a class, an hour apart
        pictures.taken_at[f"{number}.npy"] = f"2024-05-01T{number // 3:02}:00:{20 * (number % 3):02}"
        for name in ("cat", "dog"):
            pictures.add(f"{name}/{number}.npy", make_noise(number + 50 * (name == "dog")))
    found = decoded(pictures, tmp_path)
    assert found.taken_at[0] == "2024-05-01T00:00:00"
    split = split_of(found, SplitPlan(0.25, by_sequence=True))
    sides: dict[tuple[str, int], set[Part]] = {}
    for photo, part in zip(found.data.photos, split.parts, strict=True):
        sides.setdefault((photo.label, int(photo.path.stem) // 3), set()).add(part)
    assert (len(sides), all(len(parts) == 1 for parts in sides.values())) == (16, True)
    assert len(split.rows(Part.VALIDATION)) == 12


def test_a_copy_in_another_group_is_left_out_of_the_training(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(24):
        for name in ("cat", "dog"):
            pictures.add(f"{name}/site{number % 6}/{number}.npy", make_noise(number + 50 * (name == "dog")))
    for site in range(6):  # one photo of each site of cats was copied to the next
        copy = pictures.root / f"cat/site{(site + 1) % 6}/copy{site}.npy"
        shutil.copy(pictures.root / f"cat/site{site}/{site}.npy", copy)
    found = decoded(pictures, tmp_path)
    split = split_of(found, SplitPlan(0.2, by_group=True))
    judged = {found.photo_ids[row] for row in split.rows(Part.VALIDATION)}
    assert judged
    assert not judged & {found.photo_ids[row] for row in split.rows(Part.TRAIN)}
    assert split.parts.count(Part.LEFT_OUT) == 2  # the site's own photo elsewhere, and the one it was given


def test_a_class_of_a_single_group_is_drawn_photo_by_photo_and_named(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(20):
        pictures.add(f"cat/site{number % 5}/{number}.npy", make_noise(number))
        pictures.add(f"dog/one site/{number}.npy", make_noise(number + 50))
    found = decoded(pictures, tmp_path)
    split = split_of(found, SplitPlan(0.2, by_group=True))
    held = [found.data.photos[row] for row in split.rows(Part.VALIDATION)]
    assert sorted(photo.label for photo in held) == ["cat"] * 4 + ["dog"] * 4
    assert len({photo.group for photo in held if photo.label == "cat"}) == 1
    assert split.notes == ("Too few groups to part them: photos of dog were drawn one by one.",)


def test_grouping_that_takes_a_whole_class_is_refused_with_the_remedy(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(6):
        pictures.add(f"cat/{number}.npy", make_noise(number))
        pictures.add(f"dog/{number}.npy", make_noise(number + 10))
    with pytest.raises(DatasetError, match="switch grouping off"):
        split_of(decoded(pictures, tmp_path), SplitPlan(by_group=True))


def test_a_stored_split_is_reused_and_new_photos_are_drawn_around_it(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(20):
        pictures.add(f"{'cat' if number % 2 else 'dog'}/{number}.npy", make_noise(number))
    file = tmp_path / "run" / "split.csv"
    first = split_of(decoded(pictures, tmp_path), SplitPlan(0.2), stored=file)
    before = read_split(file)
    assert split_of(decoded(pictures, tmp_path), SplitPlan(0.5, seed=9), stored=file).parts == first.parts
    for number in range(20, 40):
        pictures.add(f"{'cat' if number % 2 else 'dog'}/{number}.npy", make_noise(number))
    split = split_of(decoded(pictures, tmp_path), SplitPlan(0.2), stored=file)
    after = read_split(file)
    assert {photo_id: after[photo_id] for photo_id in before} == dict(before)
    assert len(split.rows(Part.VALIDATION)) == 8


@pytest.mark.parametrize("sites", [16, 1])
def test_a_stored_split_by_group_is_reused_as_it_was_drawn(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path, sites: int
) -> None:
    for number in range(80):
        pictures.add(f"cat/site{number % 16:02}/{number}.npy", make_noise(number))
        pictures.add(f"dog/site{number % sites:02}/{number}.npy", make_noise(number + 200))
    file = tmp_path / "split.csv"
    plan = SplitPlan(0.15, by_group=True)
    before = split_of(decoded(pictures, tmp_path), plan)
    judged = before.rows(Part.VALIDATION)[0]  # the first photo to judge by is copied to a group learnt from
    origin = decoded(pictures, tmp_path).data.photos[judged].path
    learnt = next(
        photo.path.parent
        for photo, part in zip(decoded(pictures, tmp_path).data.photos, before.parts, strict=True)
        if part is Part.TRAIN
    )
    shutil.copy(origin, learnt / "copy.npy")
    found = decoded(pictures, tmp_path)
    first = split_of(found, plan, stored=file)
    assert first.parts.count(Part.LEFT_OUT) >= 1
    assert split_of(found, plan, stored=file).parts == first.parts
    assert part_counts(file) == Counter(first.parts)
    (learnt / "copy.npy").rename(learnt / "renamed.npy")
    again = decoded(pictures, tmp_path)
    renamed = split_of(again, plan, stored=file)
    assert Counter(renamed.parts) == Counter(first.parts)


def test_a_renamed_photo_keeps_its_part(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(40):
        pictures.add(f"{'cat' if number % 2 else 'dog'}/{number:02}.npy", make_noise(number))
    file = tmp_path / "split.csv"
    first = split_of(decoded(pictures, tmp_path), SplitPlan(0.2), stored=file)
    for path in list(pictures.root.rglob("*.npy")):
        path.rename(path.with_name(f"photo {path.name}"))
    assert split_of(decoded(pictures, tmp_path), SplitPlan(0.2, seed=5), stored=file).parts == first.parts


def test_a_file_that_is_no_split_is_refused(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for name in ("cat", "dog"):
        pictures.add(f"{name}/1.npy", make_noise(len(name)))
    (tmp_path / "split.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="no stored split"):
        split_of(decoded(pictures, tmp_path), SplitPlan(), stored=tmp_path / "split.csv")


def test_ready_parts_are_kept_and_copies_of_judged_photos_leave_the_training(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(8):
        name = "cat" if number % 2 else "dog"
        pictures.add(f"train/{name}/{number}.npy", make_noise(number))
        pictures.add(f"validation/{name}/{number}.npy", make_noise(number + 20))
    shutil.copy(pictures.root / "validation/cat/3.npy", pictures.root / "train/cat/leak.npy")
    found = decoded(pictures, tmp_path)
    split = split_of(found, SplitPlan(0.5))
    by_name = {found.data.relative(row): part for row, part in enumerate(split.parts)}
    assert by_name.pop("train/cat/leak.npy") is Part.LEFT_OUT
    assert all(part is Part(name.split("/")[0]) for name, part in by_name.items())
    assert split.notes == ("1 photos show the same picture as a validation or test photo and are left out.",)


def test_of_ready_train_and_test_folders_the_validation_photos_come_from_train(
    pictures: Any, make_noise: Callable[[int], Any], tmp_path: Path
) -> None:
    for number in range(20):
        name = "cat" if number % 2 else "dog"
        pictures.add(f"train/{name}/{number}.npy", make_noise(number))
    for number in range(4):
        pictures.add(f"test/{'cat' if number % 2 else 'dog'}/{number}.npy", make_noise(number + 30))
    shutil.copy(pictures.root / "test/cat/1.npy", pictures.root / "train/cat/leak.npy")
    found = decoded(pictures, tmp_path)
    split = split_of(found, SplitPlan(0.2, 0.15))
    tests = [found.data.relative(row) for row in split.rows(Part.TEST)]
    assert len(tests) == 4
    assert all(name.startswith("test/") for name in tests)
    assert len(split.rows(Part.VALIDATION)) == 4
    assert split.parts.count(Part.LEFT_OUT) == 1
