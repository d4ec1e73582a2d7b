"""The submission file: its headings, its ids, and the rows of photos that a known classifier looked at."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gallery.errors import ExchangeError
from gallery.exchange.submission_csv import Submission, predict_to_csv
from gallery.types import (
    BatchPrediction,
    DecodedPhoto,
    FileEntry,
    ImageBatch,
    PhotoMetadata,
    SkippedFile,
    SkipReason,
)


class Reddish:
    """Says "dog" as surely as a picture is red."""

    model_id, class_names, input_px = "m", ("dog", "cat"), 2

    def classify(self, images: ImageBatch) -> BatchPrediction:
        dog = images[:, 0, 0, 0].astype(np.float32) / 100
        return BatchPrediction(np.stack([dog, 1 - dog], 1), np.zeros((len(images), 1), np.float32), None)


ROOT = Path("/photos").absolute()
REDNESS = {"2.jpg": 90, "10.jpg": 20, "1.jpg": 60}


def decode(paths: Iterable[Path]) -> Iterator[DecodedPhoto | SkippedFile]:
    for path in paths:
        if path.stem == "torn":
            yield SkippedFile(path, SkipReason.DAMAGED, "half of it is missing")
            continue
        pixels = np.full((2, 2, 3), REDNESS.get(path.name, 50), np.uint8)
        yield DecodedPhoto(path, "0" * 64, PhotoMetadata(2, 2, 1, "JPEG"), pixels, b"")


def predict(out: Path, names: Iterable[str], **options: object) -> Submission:
    entries = [FileEntry(ROOT / name, 1, 1) for name in names]
    return predict_to_csv(entries, out, root=ROOT, classifier=Reddish(), decode=decode, **options)  # type: ignore[arg-type]


def test_rows_are_in_natural_order_under_the_users_headings(tmp_path: Path) -> None:
    result = predict(tmp_path / "s.csv", REDNESS, columns=("Id", "Category"))
    assert (tmp_path / "s.csv").read_bytes() == b"Id,Category\r\n1,dog\r\n2,dog\r\n10,cat\r\n"
    assert (result.rows, result.skipped) == (3, ())


@pytest.mark.parametrize("name", ["no folder/s.csv", "", "photo.jpg"])
def test_a_place_that_cannot_be_written_is_named_before_any_photo_is_read(tmp_path: Path, name: str) -> None:
    asked: list[Path] = []

    def reading(paths: Iterable[Path]) -> Iterator[DecodedPhoto | SkippedFile]:
        asked.extend(paths)
        yield from ()

    with pytest.raises(ExchangeError, match=r"cannot be written|never written over"):
        predict_to_csv(
            [FileEntry(ROOT / "2.jpg", 1, 1)], tmp_path / name, root=ROOT,
            classifier=Reddish(), decode=reading, columns=("id", "label"),
        )  # fmt: skip
    assert asked == []


def test_a_column_named_by_a_class_holds_its_probability(tmp_path: Path) -> None:
    predict(tmp_path / "s.csv", REDNESS, columns=("id", "Dog", "label", "confidence"), ids="name")
    rows = list(csv.reader((tmp_path / "s.csv").read_text().splitlines()))
    assert rows[1:] == [
        ["1.jpg", "0.6", "dog", "0.6"],
        ["2.jpg", "0.9", "dog", "0.9"],
        ["10.jpg", "0.2", "cat", "0.8"],
    ]


def test_an_unreadable_photo_has_no_row_and_is_named(tmp_path: Path) -> None:
    result = predict(tmp_path / "s.csv", ["1.jpg", "torn.jpg"])
    assert (result.rows, [file.path.name for file in result.skipped]) == (1, ["torn.jpg"])
    assert result.skipped[0].reason == "damaged or truncated"


def test_two_photos_of_one_id_are_refused_and_their_paths_tell_them_apart(tmp_path: Path) -> None:
    names = ["a/1.jpg", "b/1.jpg"]
    with pytest.raises(ExchangeError, match="2 photos would have the id '1'"):
        predict(tmp_path / "s.csv", names, ids="stem")
    predict(tmp_path / "s.csv", names)  # by themselves they keep their station
    assert (tmp_path / "s.csv").read_text().split() == ["id,label", "a/1.jpg,dog", "b/1.jpg,dog"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"columns": ("id",)}, "two different headings"),
        ({"columns": ("id", "id")}, "two different headings"),
        ({"columns": ("id", "label", "klass")}, "Only one of the columns label, klass"),
        ({"ids": "hash"}, "'hash' is none of these"),
    ],
)
def test_headings_that_make_no_sense_are_refused(
    options: dict[str, object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(ExchangeError, match=says):
        predict(tmp_path / "s.csv", REDNESS, **options)
    assert not (tmp_path / "s.csv").exists()


def test_an_empty_folder_gives_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="no photos"):
        predict(tmp_path / "s.csv", [])
