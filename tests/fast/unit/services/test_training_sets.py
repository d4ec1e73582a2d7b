"""Opened data sets, their plans and drafts are found again, and people's labels become one."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path

import pytest

from gallery.datasets.split import SplitPlan
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.services import wiring
from gallery.services.training_sets import (
    known_set,
    known_sets,
    open_set,
    read_draft,
    split_as,
    write_draft,
    write_people_labels,
)
from gallery.training.data_sets import Draft
from gallery.training.recipes import recipe_named


@pytest.fixture(autouse=True)
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the data sets, in a new home."""
    monkeypatch.setenv("GALLERY_HOME", str(tmp_path / "home"))
    return wiring.settings().training_sets


def test_a_set_is_found_again_with_its_plan_and_its_draft() -> None:
    odd = Path(os.fsdecode(b"/photos/caf\xe9"))  # a name that is no UTF-8
    opened = open_set(odd)
    assert read_draft(opened) is None
    plan = SplitPlan(0.15, 0.15, by_group=True)
    split_as(opened, plan)
    draft = Draft(recipe_named("cnn-small").changed(epochs=3), "none", "my-owls")
    write_draft(opened, draft)
    found = known_set(opened.set_id)
    assert found == dataclasses.replace(opened, plan=plan)
    assert (found.source, found.name) == (odd, "caf\ufffd")
    assert read_draft(found) == draft
    assert open_set(odd).plan == plan
    assert known_set("../../etc") is None
    assert known_set("0" * 12) is None
    (opened.folder / "draft.json").write_text("[]")
    assert read_draft(found) is None


def test_sets_are_listed_the_latest_first(tmp_path: Path, sets: Path) -> None:
    assert known_sets() == []
    for age, name in enumerate(("new", "old")):
        file = open_set(tmp_path / name).folder / "set.json"
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    (sets / "no set").mkdir()
    assert [one.name for one in known_sets()] == ["new", "old"]


def test_what_people_labelled_becomes_a_table_that_the_same_labels_keep(tmp_path: Path) -> None:
    photos = [tmp_path / 'a "quoted", one.jpg', tmp_path / "b.jpg", tmp_path / "c.jpg"]
    for photo in photos:
        photo.write_bytes(b"x")
    said = list(zip(photos, ("cat", "dog", "cat"), strict=True))
    table = write_people_labels([*said, (Path(os.fsdecode(b"/caf\xe9.jpg")), "dog")])
    assert write_people_labels(reversed(said)) == table
    assert write_people_labels(said[:2]) != table
    assert {(p.path, p.label) for p in read_table(table).photos} == set(said)
    with pytest.raises(DatasetError, match="Nobody has labelled a photo"):
        write_people_labels([])


def test_a_table_of_labels_is_read_by_other_programs(tmp_path: Path) -> None:
    table = write_people_labels([(tmp_path / "a, b.jpg", "guinea pig")])
    with table.open(newline="", encoding="utf-8") as rows:
        assert list(csv.reader(rows)) == [["path", "label"], [str(tmp_path / "a, b.jpg"), "guinea pig"]]
