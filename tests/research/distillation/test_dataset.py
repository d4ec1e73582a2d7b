"""Splits keep sources apart; near duplicates are found; weights are what the rule says."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.errors import DatasetError
from research.distillation.dataset import (
    UNLABELLED,
    TrainingPhoto,
    apply_split,
    difference_hash,
    draw_validation,
    near_duplicates,
    read_photos,
    sampling_weights,
    write_split,
)


def photo(number: int, source: str, class_index: int = 0, part: str = "train") -> TrainingPhoto:
    return TrainingPhoto(Path(f"{source}_{number}.jpg"), f"{number:064x}", source, class_index, part)


def test_a_source_held_out_whole_is_on_one_side_only():
    photos = [photo(i, source) for i, source in enumerate(["old", "new", "new", "old", "third"])]
    split = draw_validation(photos, whole_sources={"new"}, shares={})
    sources = {part: {p.source for p in split if p.part == part} for part in ("train", "val")}
    assert sources == {"train": {"old", "third"}, "val": {"new"}}


def test_a_share_takes_so_many_photos_of_that_class_and_source_but_at_most_half():
    photos = [photo(i, "farm", i % 2) for i in range(20)]
    split = draw_validation(photos, whole_sources=(), shares={("dog", "farm"): 3, ("cat", "farm"): 99})
    held = [p.class_index for p in split if p.part == "val"]
    assert (held.count(0), held.count(1)) == (3, 5)


def test_test_photos_stay_test_photos():
    split = draw_validation([photo(0, "new", part="test")], whole_sources={"new"}, shares={})
    assert split[0].part == "test"


def test_a_tenth_of_the_unlabelled_photos_is_watched():
    photos = [photo(i, "web", UNLABELLED, "unlabelled") for i in range(50)]
    split = draw_validation(photos, watched=600)
    assert sum(p.part == "watched" for p in split) == 5


def test_the_split_is_the_same_each_time_and_can_be_stored(tmp_path):
    photos = [photo(i, "farm", i % 2) for i in range(20)]
    split = draw_validation(photos, whole_sources=(), shares={("dog", "farm"): 3})
    write_split(split, tmp_path / "split.csv")
    assert apply_split(photos, tmp_path / "split.csv") == split
    assert draw_validation(photos, whole_sources=(), shares={("dog", "farm"): 3}) == split


def test_a_split_of_other_photos_is_refused(tmp_path):
    write_split([photo(0, "farm")], tmp_path / "split.csv")
    with pytest.raises(DatasetError, match="other photos"):
        apply_split([photo(1, "farm")], tmp_path / "split.csv")


def test_the_hash_of_a_ramp_rises_everywhere():
    ramp = Image.fromarray(np.tile(np.arange(90, dtype=np.uint8), (80, 1)))
    assert difference_hash(ramp) == 2**64 - 1


def test_a_recompressed_photo_is_a_duplicate_and_another_one_is_not(tmp_path):
    rng = np.random.default_rng(0)
    first, second = (
        Image.fromarray(rng.integers(0, 255, (12, 12, 3), np.uint8)).resize((96, 96)) for _ in range(2)
    )
    first.save(tmp_path / "again.jpg", quality=60)
    with Image.open(tmp_path / "again.jpg") as again:
        hashes = np.array([difference_hash(again), difference_hash(second)], np.uint64)
    apart = np.eye(3, dtype=np.float32)
    found = near_duplicates(np.array([difference_hash(first)], np.uint64), hashes, apart[:1], apart[1:])
    assert found.tolist() == [True, False]


def test_photos_of_nearly_equal_features_are_duplicates_though_their_hashes_differ():
    kept, candidates = np.array([0], np.uint64), np.array([2**64 - 1, 2**64 - 1], np.uint64)
    features = np.array([[2.0, 0.1], [1.0, 1.0]], np.float32)
    assert near_duplicates(kept, candidates, np.array([[1.0, 0.0]], np.float32), features).tolist() == [
        True,
        False,
    ]


def test_half_of_the_draws_are_labelled_and_rare_classes_weigh_more():
    photos = [
        photo(0, "a", 0),
        *(photo(i, "a", 1) for i in range(1, 5)),
        photo(9, "web", UNLABELLED, "unlabelled"),
    ]
    photos.append(photo(10, "held", 0, "val"))
    weights = sampling_weights(photos)
    # class 0: 1 / sqrt(1) = 1; class 1: four of 1 / sqrt(4) = 0.5; together 3, scaled to a half
    assert weights == pytest.approx([1 / 6, *[1 / 12] * 4, 0.5, 0.0])


def test_thumbnails_weigh_half():
    weights = sampling_weights([photo(0, "a"), photo(1, "thumb100-flickr")])
    assert weights == pytest.approx([2 / 3, 1 / 3])


def test_the_table_is_read_with_labels_and_unlabelled_photos_follow(tmp_path):
    (tmp_path / "unlabelled" / "web").mkdir(parents=True)
    (tmp_path / "unlabelled" / "web" / "x.webp").write_bytes(b"abc")
    with (tmp_path / "photos.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "class", "source", "split", "sha256"])
        writer.writerow(["photos/a.jpg", "horse", "a", "test", "00"])
    first, second = read_photos(tmp_path)
    assert (first.class_index, first.part, first.path) == (2, "test", tmp_path / "photos/a.jpg")
    assert (second.class_index, second.part, second.source) == (UNLABELLED, "unlabelled", "web")
    assert (
        second.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180's example


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"photos\.csv"):
        read_photos(tmp_path)
