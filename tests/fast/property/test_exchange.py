"""Written is read: every format gives back the labels of the photos that went into it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.exchange.camtrap_dp import Site, camtrap_dp
from gallery.exchange.megadetector_json import megadetector_json
from gallery.exchange.predictions_csv import predictions_csv
from gallery.exchange.rows import PredictionRow
from gallery.exchange.timelapse_csv import timelapse_csv
from gallery.exchange.xmp_sidecars import write_sidecars
from gallery.services.imported_labels import labels_in
from tests.counts import examples
from tests.fast.unit.exchange.made_rows import NAMES, WHEN, made_row

letters = st.characters(
    exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"], exclude_characters='/\\:*?"<>|\N{NO-BREAK SPACE}'
)
name = (
    st.text(letters, min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda s: s.strip(". ~'") and s[0] not in ".~'" and not s.endswith(".") and ".." not in s)
)
label = st.one_of(
    st.sampled_from([*NAMES, "blank", "human", "person", "vehicle", "unknown", "cannot tell",
                     "Canis lupus familiaris"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs", "Cn"]), min_size=1, max_size=12)
    .filter(lambda s: s[0] != "'"),
)  # fmt: skip
photos = st.dictionaries(st.tuples(name, name), st.none() | label, min_size=1, max_size=6)


def _csv(rows: list[PredictionRow], folder: Path) -> Path:
    return _file(folder / "t.csv", "".join(predictions_csv(rows, NAMES, separator=";", below=True)))


def _timelapse(rows: list[PredictionRow], folder: Path) -> Path:
    return _file(folder / "t.csv", "".join(timelapse_csv(rows)))


def _megadetector(rows: list[PredictionRow], folder: Path) -> Path:
    return _file(folder / "t.json", "".join(megadetector_json(rows, NAMES, "m", made_at=WHEN)))


def _package(rows: list[PredictionRow], folder: Path) -> Path:
    made = camtrap_dp(rows, {"": Site(45.0, 7.0, "+01:00")}, title="t", person="Ada", made_at=WHEN)
    for name, text in made.files.items():
        _file(folder / name, text)
    return folder


def _sidecars(rows: list[PredictionRow], folder: Path) -> Path:
    write_sidecars(rows, folder)
    return folder


def _file(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8", newline="")
    return file


@pytest.mark.parametrize("write", [_csv, _timelapse, _megadetector, _package, _sidecars])
@settings(max_examples=examples(15), deadline=None)
@given(said=photos)
def test_written_is_read(
    write: Callable[[list[PredictionRow], Path], Path], said: dict[tuple[str, str], str | None]
) -> None:
    unlike: dict[str, tuple[str, str | None]] = {}
    for place, word in said.items():  # no file system tells all of these apart
        unlike.setdefault("/".join(place).casefold(), ("/".join(place) + ".jpg", word))
    rows = [made_row(place, person_label=word, number=n) for n, (place, word) in enumerate(unlike.values())]
    with tempfile.TemporaryDirectory() as folder:
        found = {one.place: one for one in labels_in(write(rows, Path(folder)))}
    assert {place: one.label for place, one in found.items()} == {row.relative: row.label for row in rows}
    assert {place: (one.source, one.person) for place, one in found.items()} == {
        row.relative: ("model", "") if row.given is None else ("person", "Ada") for row in rows
    }
