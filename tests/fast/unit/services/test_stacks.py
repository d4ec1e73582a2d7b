"""Stacks as the grid shows them, and what keys and exports take of them."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.services import export, formats, photo_lists, photo_view, stacks, wiring
from gallery.types import PhotoQuery
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery

SAID = {
    "a/1.jpg": {"cat": 0.9, "dog": 0.1},
    "a/2.jpg": {"cat": 0.4, "dog": 0.6},
    "a/3.jpg": {"cat": 0.8, "dog": 0.2},
    "late.jpg": {"dog": 1.0},
}


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """A visit of three photos, and a photo of its own."""
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    for number, name in enumerate(SAID):
        place = made.draw(name, (60 * number, 120, 40))
        exif = Image.Exif()
        moment = datetime.datetime(2024, 5, 1 + (name == "late.jpg"), 6, 0, 10 * number)
        exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
        with Image.open(place) as photo:
            photo.save(place, exif=exif)
    collection = made.tag(SAID)
    stacks.settle(collection.collection_id, MODEL_ID)
    return made


def listed() -> photo_lists.PhotoList:
    file_ids = wiring.catalog().find_files(PhotoQuery(1, MODEL_ID, stacked=True))
    return photo_lists.register(file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES, stacked=True)


def test_a_stack_has_its_count_one_tag_and_those_that_dissent(trap: SmallGallery) -> None:
    (stack, _), (late, _) = photo_lists.page(listed(), 0)
    assert (stack.name, stack.label, len(stack.frames), stack.dissenting) == ("1.jpg", "cat", 3, 1)
    assert (late.name, late.frames, late.dissenting) == ("late.jpg", (), 0)
    assert [frame.label for frame in stacks.frames(stack.file_id, MODEL_ID)] == ["cat", "dog", "cat"]
    facts = photo_view.facts(stack.file_id, MODEL_ID, of_sequence=True)
    assert facts.prediction is not None
    assert facts.prediction.confidence == pytest.approx(stack.confidence)
    assert facts.prediction.photo_id == trap.photo_id("a/1.jpg")


def test_what_is_picked_of_stacks_is_all_their_photos(trap: SmallGallery) -> None:
    chosen = listed()
    assert len(chosen) == 2
    assert len(chosen.picked([[0, 0]])) == 3
    assert [len(frames) for frames in photo_lists.all_files(chosen)] == [3, 1]
    alone = photo_lists.register(chosen.file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)
    assert alone.token != chosen.token
    assert len(alone.picked([[0, 0]])) == 1


def test_labels_of_all_photos_are_the_stacks_and_of_some_are_not(trap: SmallGallery) -> None:
    catalog = wiring.catalog()
    catalog.correct([trap.photo_id("a/1.jpg")], "fox", person="Ada", model_id=MODEL_ID)
    stack = photo_lists.page(listed(), 0)[0][0]
    assert (stack.label, stack.source, stack.dissenting) == ("cat", "model", 2)
    rest = [trap.photo_id(name) for name in ("a/2.jpg", "a/3.jpg")]
    catalog.correct(rest, "fox", person="Ada", model_id=MODEL_ID)
    stack = photo_lists.page(listed(), 0)[0][0]
    assert (stack.label, stack.source, stack.dissenting) == ("fox", "person", 0)


def test_a_photo_without_any_tag_waits(trap: SmallGallery) -> None:
    (stack, _), _ = photo_lists.page(
        photo_lists.register(listed().file_ids, model_id="other", class_names=CLASS_NAMES, stacked=True), 0
    )
    assert (stack.label, stack.source, stack.confidence, stack.dissenting) == (None, "waiting", None, 0)
    assert stacks.prediction(stack.file_id, "other") is None
    assert stacks.with_all_frames(np.zeros(0, np.int64)).tolist() == []


@pytest.mark.parametrize("name", ["csv", "folders"])
def test_stacks_go_out_with_the_tag_of_their_sequence(trap: SmallGallery, name: str) -> None:
    chosen = listed().picked([[0, 1]])

    def made(**options: str) -> bytes:
        out = export.download(name, chosen, MODEL_ID, CLASS_NAMES, formats.options_of(options))
        return b"".join(out.content)

    def tags(content: bytes) -> list[str]:
        if name == "folders":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return [entry.split("/")[0] for entry in archive.namelist()]
        return [row["label"] for row in csv.DictReader(content.decode("utf-8-sig").splitlines())]

    assert tags(made()) == ["cat", "dog", "cat", "dog"]
    assert tags(made(by_sequence="1")) == ["cat", "cat", "cat", "dog"]
