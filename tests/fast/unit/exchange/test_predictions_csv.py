"""The table of predictions: what stands in it, and what no spreadsheet may run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import ExchangeError
from gallery.exchange.csv_text import csv_lines, safe_text
from gallery.exchange.predictions_csv import predictions_csv
from gallery.exchange.rows import prediction_rows
from gallery.exchange.whole_file import write_whole
from gallery.types import Correction, Detections, Photo, PhotoMetadata, PredictionTable

NAMES = ("dog", "cat")
ROOT = Path("/photos").absolute()


class FakeCatalog:
    def __init__(self) -> None:
        about = PhotoMetadata(640, 480, 1000, "JPEG", "2024-05-01T06:12:09", "Trail cam")
        undated = PhotoMetadata(320, 240, 500, "PNG")
        self.all = {
            1: Photo(1, "a" * 64, 7, ROOT / "fox, \u00e0.jpg", about),
            2: Photo(2, "b" * 64, 7, ROOT / "b.jpg", undated),
            3: Photo(3, "c" * 64, 7, ROOT / "new.jpg", undated),
        }

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable:
        assert (collection_id, model_id) == (7, "m")
        shares = np.array([[0.1, 0.9], [0.75, 0.25]], np.float32)
        return PredictionTable(
            np.array([1, 2]), ("a" * 64, "b" * 64), (self.all[1].path, self.all[2].path), shares, NAMES
        )

    def photos(self, file_ids: Sequence[int]) -> list[Photo]:
        return [self.all[int(n)] for n in file_ids if int(n) in self.all]

    def detections(self, photo_ids: Sequence[str]) -> dict[str, Detections]:
        return {}

    def standing_labels(self, photo_ids: Sequence[str]) -> dict[str, Correction]:
        said = Correction("b" * 64, "cat", "Ada", "2024-06-01T10:00:00+00:00", "m", "dog", 0.75)
        return {said.photo_id: said} if said.photo_id in photo_ids else {}


def table(file_ids: Sequence[int] | None = None) -> list[dict[str, str]]:
    rows = prediction_rows(FakeCatalog(), 7, ROOT, "m", NAMES, file_ids=file_ids)
    text = "".join(predictions_csv(rows, NAMES))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_a_persons_label_is_shown_and_the_models_stays_beside_it() -> None:
    first, second = table()
    assert (first["label"], first["source"], first["person_label"], first["model_label"]) == (
        "cat", "model", "", "cat",
    )  # fmt: skip
    assert (second["label"], second["source"], second["person_label"], second["model_label"]) == (
        "cat", "person", "cat", "dog",
    )  # fmt: skip
    assert second["confidence"] == "0.75"
    assert [first["person"], second["person"], second["labelled_at"]] == [
        "",
        "Ada",
        "2024-06-01T10:00:00+00:00",
    ]


def test_all_probabilities_come_back_as_they_were() -> None:
    first, second = table()
    assert np.float32(first["probability_dog"]) == np.float32(0.1)
    assert (second["probability_dog"], second["probability_cat"]) == ("0.75", "0.25")


def test_a_class_that_the_model_did_not_have_when_it_tagged_has_an_empty_cell() -> None:
    rows = prediction_rows(FakeCatalog(), 7, ROOT, "m", NAMES)
    text = "".join(predictions_csv(rows, ("horse", "cat", "dog")))
    first = next(csv.DictReader(io.StringIO(text[1:], newline="")))
    shares = [first[f"probability_{name}"] for name in ("horse", "cat", "dog")]
    assert shares == ["", "0.9", "0.1"]


def test_dates_are_never_invented() -> None:
    assert [row["taken_at"] for row in table()] == ["2024-05-01T06:12:09", ""]


def test_a_selection_keeps_its_order_and_may_hold_photos_that_wait() -> None:
    rows = table([3, 2, 99])
    assert [row["path"] for row in rows] == [str(ROOT / "new.jpg"), str(ROOT / "b.jpg")]
    assert (rows[0]["label"], rows[0]["source"], rows[0]["confidence"], rows[0]["probability_dog"]) == (
        "", "waiting", "", "",
    )  # fmt: skip


def test_pandas_reads_the_table_without_being_told_how(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    rows = prediction_rows(FakeCatalog(), 7, ROOT, "m", NAMES)
    write_whole(file, predictions_csv(rows, NAMES))
    frame = pd.read_csv(file)
    assert list(frame.columns[:2]) == ["path", "label"]
    assert frame["path"][0] == str(ROOT / "fox, \u00e0.jpg")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert safe_text(f"{start}1") == f"'{start}1"


def test_other_texts_stay_as_they_are() -> None:
    assert [safe_text(text) for text in ("", "fox-1.jpg", "a=b", "12")] == ["", "fox-1.jpg", "a=b", "12"]


def test_a_name_that_is_not_text_can_be_written() -> None:
    assert safe_text("caf\udce9.jpg").encode("utf-8") == "caf\ufffd.jpg".encode()


@given(st.lists(st.text(st.characters(exclude_categories=[])), min_size=1))
def test_any_texts_come_back_as_they_were_but_for_what_makes_them_safe(texts: list[str]) -> None:
    encoded = "".join(csv_lines(["first"], [texts])).encode("utf-8")
    _, row = csv.reader(io.StringIO(encoded.decode("utf-8-sig"), newline=""))
    for cell, original in zip(row, texts, strict=True):
        assert not cell.startswith(tuple("=+-@\t\r\n"))
        assert cell.removeprefix("'") == re.sub("[\ud800-\udfff]", "\ufffd", original).removeprefix("'")


def test_a_place_that_cannot_be_written_is_named_and_the_old_file_stays(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="cannot be written"):
        write_whole(tmp_path / "none" / "out.csv", predictions_csv([], NAMES))
    folder = tmp_path / "taken.csv"
    folder.mkdir()
    with pytest.raises(ExchangeError, match="cannot be written"):
        write_whole(folder, predictions_csv([], NAMES))
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken.csv"]
    for place in (Path(), Path("/"), Path("..")):
        with pytest.raises(ExchangeError, match="cannot be written"):
            write_whole(place, predictions_csv([], NAMES))
