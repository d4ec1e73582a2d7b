"""What models say of the photos that a training held back, with a classifier that looks at one pixel."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.datasets.labelled import Part
from gallery.errors import TrainingError
from gallery.training.held_out import HeldOutPhoto, answers_of, held_out, say
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest
from gallery.types import BatchPrediction, Classifier


class BrightCorner:
    """Says bright or dark by the first pixel."""

    model_id = "corner"
    class_names = ("dark", "bright")
    input_px = 32

    def classify(self, images: NDArray[np.uint8]) -> BatchPrediction:
        bright = (images[:, 0, 0].mean(axis=1) > 128).astype(np.float32)
        return BatchPrediction(
            np.stack([1 - bright, bright], axis=1), np.ones((len(images), 4), np.float32), None
        )


def request_of(tmp_path: Path, data: Path) -> TrainingRequest:
    folder = tmp_path / "training"
    folder.mkdir()
    return TrainingRequest(data, recipe_named("cnn-small"), None, "owls", folder, tmp_path / "cache")


def write_split(folder: Path, rows: list[tuple[str, str, str, str, str]]) -> None:
    with (folder / "split.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("photo_id", "path", "label", "group", "part"), *rows])


def test_photos_to_test_come_before_photos_to_judge_by_and_each_once(tmp_path: Path) -> None:
    request = request_of(tmp_path, tmp_path)
    rows = [
        ("a", "cat/1.jpg", "cat", "cat", "train"),
        ("b", "cat/2.jpg", "cat", "cat", "validation"),
        ("b", "cat/copy.jpg", "cat", "cat", "validation"),
    ]
    write_split(request.folder, rows)
    found = held_out(request, lambda path: path)
    assert found.part is Part.VALIDATION
    assert found.photos == (HeldOutPhoto("b", tmp_path / "cat/copy.jpg", "cat"),)
    write_split(request.folder, [*rows, ("c", "/elsewhere/3.jpg", "dog", "dog", "test")])
    found = held_out(request, lambda path: path)
    assert found.part is Part.TEST
    assert found.photos == (HeldOutPhoto("c", Path("/elsewhere/3.jpg"), "dog"),)


def test_a_split_that_is_gone_or_holds_nothing_back_is_said(tmp_path: Path) -> None:
    request = request_of(tmp_path, tmp_path)
    with pytest.raises(TrainingError, match="nothing to compare on"):
        held_out(request, lambda path: path)
    write_split(request.folder, [("a", "cat/1.jpg", "cat", "cat", "train")])
    with pytest.raises(TrainingError, match="no photo that was held back"):
        held_out(request, lambda path: path)


@pytest.fixture
def photos(pictures: Any, parts: Any) -> list[HeldOutPhoto]:
    """Forty pictures, every third of them bright, and one that is gone; ids as the decoder gives them."""
    paths = [
        pictures.add(
            f"{number:02}.npy", np.full((32, 32, 3), 200 if number % 3 == 0 else 10 + number, np.uint8)
        )
        for number in range(40)
    ]
    with parts.decode(32) as decode:
        ids = {one.path: one.photo_id for one in decode(paths)}
    return [HeldOutPhoto(ids[path], path, "bright") for path in paths]


def test_a_model_is_asked_about_every_photo_in_batches(photos: list[HeldOutPhoto], parts: Any) -> None:
    told: list[int] = []
    said = say(BrightCorner(), photos, parts, told.append)
    for number, photo in enumerate(photos):
        assert said[photo.photo_id] == ("bright" if number % 3 == 0 else "dark")
    assert told[-1] == len(said)


def test_answers_are_kept_and_asked_for_once(photos: list[HeldOutPhoto], parts: Any, tmp_path: Path) -> None:
    loaded: list[str] = []
    told: list[tuple[int, int]] = []

    def load(name: str) -> Any:
        def give() -> Classifier:
            loaded.append(name)
            return BrightCorner()

        return give

    def report(done: int, total: int, stage: str = "") -> None:
        told.append((done, total))

    asked = {"one-1": load("one-1"), "two-2": load("two-2")}
    said = answers_of(tmp_path, photos, parts, asked, report)
    assert set(said) == {"one-1", "two-2"}
    assert told[-1][0] > 40  # both models' answers, a photo that is there twice once
    assert {total for _, total in told} == {80}
    assert answers_of(tmp_path, photos, parts, asked, report) == said
    assert loaded == ["one-1", "two-2"]
    (tmp_path / "said-one-1.json").write_text("torn")
    assert answers_of(tmp_path, photos, parts, asked, report) == said
    assert loaded == ["one-1", "two-2", "one-1"]


def test_answers_that_cannot_be_kept_are_a_sentence(
    photos: list[HeldOutPhoto], parts: Any, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="could not be kept"):
        answers_of(tmp_path / "gone", photos, parts, {"one": BrightCorner}, lambda *_: None)
