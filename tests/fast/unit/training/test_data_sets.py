"""Opened data sets, their plans and drafts are found again; an inspection tells how far it is."""

from __future__ import annotations

import csv
import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest

from gallery.datasets.labelled import Part
from gallery.datasets.split import SplitPlan
from gallery.datasets.table import read_table
from gallery.errors import DatasetError
from gallery.training import preparing
from gallery.training.data_sets import (
    Draft,
    open_set,
    read_draft,
    recent_sets,
    remember_set,
    stored_set,
    write_draft,
    write_people_labels,
)
from gallery.training.recipes import recipe_named
from tests.stored_splits import read_split


def test_a_set_is_found_again_with_its_plan_and_its_draft(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(b"/photos/caf\xe9"))  # a name that is no UTF-8
    opened = open_set(odd, tmp_path)
    assert read_draft(opened) is None
    changed = dataclasses.replace(opened, plan=SplitPlan(0.15, 0.15, by_group=True))
    remember_set(changed)
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


def test_an_inspection_tells_how_far_it_is_and_another_plan_reads_no_photo_again(
    striped: Any, parts: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert preparing.INSPECTED_PX == 224
    monkeypatch.setattr(preparing, "INSPECTED_PX", 32)
    striped.spoil("across/99.npy")
    chosen = open_set(striped.root, tmp_path / "sets")
    told: list[tuple[int, int, str]] = []

    def report(done: int, total: int, stage: str = "") -> None:
        told.append((done, total, stage))

    found = preparing.inspect_data(chosen, parts, tmp_path / "cache", report, before=None)
    assert told[0] == (0, 0, "looking for photos")
    assert (41, 41, "reading photos") in told
    assert told[-1][2] == "looking for duplicates"
    assert striped.decoded == 41
    assert [file.path.name for file in found.inspection.skipped] == ["99.npy"]
    assert found.inspection.counts == {"across": 20, "upright": 20}
    assert len(found.split.rows(Part.VALIDATION)) == 6  # 15 % of 40
    other = dataclasses.replace(chosen, plan=SplitPlan(0.15, 0.15))
    again = preparing.inspect_data(other, parts, tmp_path / "cache", report, before=found)
    assert len(again.split.rows(Part.TEST)) == 6
    assert striped.decoded == 41
    assert sum(part is Part.TEST for part in read_split(other.split_file).values()) == 6
    assert not any(part is Part.TEST for part in read_split(chosen.split_file).values())


def test_a_table_of_labels_is_read_by_other_programs(tmp_path: Path) -> None:
    table = write_people_labels([(tmp_path / "a, b.jpg", "guinea pig")], tmp_path)
    with table.open(newline="", encoding="utf-8") as rows:
        assert list(csv.reader(rows)) == [["path", "label"], [str(tmp_path / "a, b.jpg"), "guinea pig"]]
