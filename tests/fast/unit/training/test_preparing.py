"""An inspection tells how far it is, and finds what it read before."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from gallery.datasets.labelled import Part
from gallery.datasets.split import USUAL, SplitPlan
from gallery.training import preparing
from gallery.training.data_sets import DataSet
from tests.stored_splits import read_split


def test_an_inspection_tells_how_far_it_is_and_another_plan_reads_no_photo_again(
    striped: Any, parts: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert preparing.INSPECTED_PX == 224
    monkeypatch.setattr(preparing, "INSPECTED_PX", 32)
    striped.spoil("across/99.npy")
    chosen = DataSet("0" * 12, striped.root, "stripes", USUAL, tmp_path / "set")
    told: list[tuple[int, int, str]] = []

    def report(done: int, total: int, stage: str = "") -> None:
        told.append((done, total, stage))

    found = preparing.inspect_data(chosen, parts, tmp_path / "cache", report, before=None)
    assert told[0] == (0, 0, "looking for photos")
    assert (41, 41, "reading photos") in told
    assert told[-1][2] == "looking for duplicates and drawing the split"
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
