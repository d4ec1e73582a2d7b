"""The table of verdicts: what each leaves of the label, and what a spreadsheet makes of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gallery.errors import ExchangeError
from gallery.exchange.verdicts_csv import COLUMNS, verdict_rows, verdicts_csv
from gallery.exchange.whole_file import write_whole
from gallery.types import GivenVerdict, Verdict


def given(photo: str, verdict: Verdict, other: str | None = None, person: str = "Ada") -> GivenVerdict:
    return GivenVerdict(photo * 64, "dog", verdict, other, person, "2026-01-02T03:04:05+00:00", "m", "cat")


GIVEN = [
    given("d", Verdict.LABEL_WRONG),  # no class of the model
    given("c", Verdict.CANNOT_TELL),
    given("b", Verdict.BOTH_IN_IT, "cat"),
    given("a", Verdict.LABEL_WRONG, "cat", person="=HYPERLINK(1)"),
    given("e", Verdict.MODEL_WRONG),
]
PLACES = {(photo * 64, "dog"): Path(f"/photos/dog/{photo}, 1.jpg") for photo in "abcd"}


def test_each_verdict_is_a_line_with_the_label_that_it_leaves() -> None:
    lines = list(csv.DictReader("".join(verdicts_csv(verdict_rows(GIVEN, PLACES))).splitlines()))
    assert tuple(lines[0]) == ("\ufeffpath", *tuple(COLUMNS)[1:])
    shown = [
        (line["picture_sha256"][0], line["verdict"], line["other_label"], line["label_after"])
        for line in lines
    ]
    assert shown == [
        ("a", "label wrong", "cat", "cat"),
        ("b", "both animals in it", "cat", "dog"),
        ("c", "cannot tell", "", ""),
        ("d", "label wrong", "", ""),
        ("e", "model wrong", "", "dog"),
    ]
    assert lines[0]["\ufeffpath"] == str(Path("/photos/dog/a, 1.jpg"))
    assert lines[4]["\ufeffpath"] == ""
    assert {(line["label"], line["model_label"], line["model_id"]) for line in lines} == {("dog", "cat", "m")}


def test_of_copies_the_one_with_the_judged_label_is_named() -> None:
    places = {("a" * 64, "cat"): Path("/photos/cat/x.jpg"), ("a" * 64, "dog"): Path("/photos/dog/x.jpg")}
    (row,) = verdict_rows([given("a", Verdict.LABEL_WRONG, "cat")], places)
    assert row.path == Path("/photos/dog/x.jpg")


def test_a_name_that_is_a_formula_is_text() -> None:
    assert "'=HYPERLINK(1)" in "".join(verdicts_csv(verdict_rows(GIVEN, PLACES)))


def test_the_file_is_whole_and_no_photo_is_written_over(tmp_path: Path) -> None:
    write_whole(tmp_path / "verdicts.csv", verdicts_csv(verdict_rows(GIVEN, PLACES)))
    assert len((tmp_path / "verdicts.csv").read_text("utf-8-sig").splitlines()) == 1 + len(GIVEN)
    with pytest.raises(ExchangeError, match="never written over"):
        write_whole(tmp_path / "fox.jpg", verdicts_csv([]))
