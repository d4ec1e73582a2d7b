"""Opened data sets, their plans and drafts are found again; looks are made once and told how far they are."""

from __future__ import annotations

import csv
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from gallery.training.looks import LOOK_PX, Look, Looks

from gallery.datasets.labelled import Part
from gallery.datasets.split import SplitPlan
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.training.data_sets import (
    Draft,
    open_set,
    read_draft,
    recent_sets,
    stored_set,
    with_plan,
    write_draft,
    write_people_labels,
)
from gallery.training.recipes import recipe_named
from tests.stored_splits import read_split


def test_a_set_is_found_again_with_its_plan_and_its_draft(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(b"/photos/caf\xe9"))  # a name that is no UTF-8
    opened = open_set(odd, tmp_path)
    assert read_draft(opened) is None
    changed = with_plan(opened, SplitPlan(0.15, 0.15, by_group=True))
    draft = Draft(recipe_named("cnn-small").changed(epochs=3), "none", "my-owls")
    write_draft(changed, draft)
    found = stored_set(opened.set_id, tmp_path)
    assert found == changed
    assert (found.source, found.name) == (odd, "caf\ufffd")
    assert read_draft(found) == draft
    assert open_set(odd, tmp_path).plan == changed.plan
    assert stored_set("../../etc", tmp_path) is None
    assert stored_set("0" * 12, tmp_path) is None
    (opened.folder / "draft.json").write_text("[]")
    assert read_draft(found) is None


def test_sets_are_listed_the_latest_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old")):
        file = open_set(tmp_path / name, tmp_path / "sets").folder / "set.json"
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "sets" / "no set").mkdir()
    assert [one.name for one in recent_sets(tmp_path / "sets")] == ["new", "old"]
    assert recent_sets(tmp_path / "none") == []


def test_what_people_labelled_becomes_a_table_that_the_same_labels_keep(tmp_path: Path) -> None:
    photos = [tmp_path / 'a "quoted", one.jpg', tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for photo in photos:
        photo.write_bytes(b"x")
    said = list(zip(photos, ("cat", "dog", "cat"), strict=True))
    table = write_people_labels([*said, (Path(os.fsdecode(b"/caf\xe9.jpg")), "dog")], tmp_path / "sets")
    assert write_people_labels(reversed(said), tmp_path / "sets") == table
    assert write_people_labels(said[:2], tmp_path / "sets") != table
    assert {(p.path, p.label) for p in read_table(table).photos} == set(said)
    with pytest.raises(DatasetError, match="Nobody has labelled a photo"):
        write_people_labels([], tmp_path / "sets")


def wait_for(look: Look) -> None:
    until = time.monotonic() + 20
    while look.live and time.monotonic() < until:
        time.sleep(0.01)


@pytest.fixture
def looked_at(parts: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The parts, whose small pictures are looked at in their own size."""
    assert LOOK_PX == 224
    monkeypatch.setattr("gallery.training.looks.LOOK_PX", 32)
    return parts


def test_a_look_is_made_once_and_another_plan_reads_no_photo_again(
    striped: Any, looked_at: Any, tmp_path: Path
) -> None:
    striped.spoil("across/99.npy")
    looks = Looks(tmp_path / "cache")
    chosen = open_set(striped.root, tmp_path / "sets")
    assert looks.find(chosen) is None
    look = looks.begin(chosen, looked_at)
    wait_for(look)
    assert look.looked is not None, look.problem
    assert (look.done, look.total, striped.decoded) == (41, 41, 41)
    assert looks.begin(chosen, looked_at) is look
    assert [file.path.name for file in look.looked.inspection.skipped] == ["99.npy"]
    assert look.looked.inspection.counts == {"across": 20, "upright": 20}
    assert len(look.looked.split.rows(Part.VALIDATION)) == 6  # 15 % of 40
    other = with_plan(chosen, SplitPlan(0.15, 0.15))
    again = looks.begin(other, looked_at)
    wait_for(again)
    assert again.looked is not None
    assert len(again.looked.split.rows(Part.TEST)) == 6
    assert striped.decoded == 41
    assert sum(part is Part.TEST for part in read_split(other.split_file).values()) == 6
    assert not any(part is Part.TEST for part in read_split(chosen.split_file).values())


def test_a_look_that_fails_says_why_and_is_made_again_when_asked(
    pictures: Any, looked_at: Any, make_noise: Any, tmp_path: Path
) -> None:
    pictures.add("cat/1.npy", make_noise(1))
    looks = Looks(tmp_path / "cache")
    chosen = open_set(pictures.root, tmp_path / "sets")
    look = looks.begin(chosen, looked_at)
    wait_for(look)
    assert look.problem is not None
    assert "only the class 'cat'" in look.problem
    for number in range(8):
        pictures.add(f"dog/{number}.npy", make_noise(number + 9))
        pictures.add(f"cat/{number}.npy", make_noise(number))
    assert looks.begin(chosen, looked_at) is look  # a page that is drawn again does not read all again
    looks.forget(chosen)
    again = looks.begin(chosen, looked_at)
    wait_for(again)
    assert again.looked is not None, again.problem


def test_a_look_that_is_cancelled_ends_and_a_forgotten_one_is_made_anew(
    striped: Any, looked_at: Any, tmp_path: Path
) -> None:
    going_on = threading.Event()
    decode = striped.decode

    def slowly(paths: Any) -> Any:
        for number, one in enumerate(decode(paths)):
            if number == 1:
                going_on.wait(20)
            yield one

    striped.decode = slowly
    looks = Looks(tmp_path / "cache")
    chosen = open_set(striped.root, tmp_path / "sets")
    look = looks.begin(chosen, looked_at)
    looks.forget(chosen)
    assert looks.find(chosen) is None
    going_on.set()
    wait_for(look)
    assert look.problem is not None
    assert "Cancelled" in look.problem
    striped.decode = decode
    again = looks.begin(chosen, looked_at)
    wait_for(again)
    assert again.looked is not None


def test_a_table_of_labels_is_read_by_other_programs(tmp_path: Path) -> None:
    table = write_people_labels([(tmp_path / "a, b.jpg", "guinea pig")], tmp_path)
    with table.open(newline="", encoding="utf-8") as rows:
        assert list(csv.reader(rows)) == [["path", "label"], [str(tmp_path / "a, b.jpg"), "guinea pig"]]
