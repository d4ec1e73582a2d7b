"""Labels, verdicts and predictions follow a picture, also where a photo was known by its bytes before."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gallery.catalog import Catalog
from gallery.catalog.schema import MIGRATIONS, migrate
from gallery.types import BatchPrediction, CollectionKind, FileEntry, PhotoMetadata, Verdict

BYTES, RATED_BYTES, PICTURE = "b" * 64, "c" * 64, "d" * 64
VERSION_BY_BYTES = 5
CLASSES = ("dog", "cat")


def about(sha256: str | None, **other: float) -> PhotoMetadata:
    measures = {"brightness": 101.25, "sharpness": 7.5, **other}
    return PhotoMetadata(40, 30, 10, "JPEG", file_sha256=sha256, **measures)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[tuple[Catalog, int, Path]]:
    """A catalog written by a version that knew photos by their bytes, opened by this one."""
    root = tmp_path / "photos"
    root.mkdir()
    folder = tmp_path / "catalog"
    with Catalog.open(folder) as catalog:
        number = catalog.add_collection(root, CollectionKind.FOLDER).collection_id
        catalog.record_scan(number, [FileEntry(root / "a.jpg", 10, 1)])
        catalog.record_photos(number, [(root / "a.jpg", BYTES, about(BYTES))])
        catalog.record_predictions("m", CLASSES, [BYTES], prediction())
        catalog.correct([BYTES], "cat", person="ann", model_id="m")
    with contextlib.closing(sqlite3.connect(next(folder.glob("*.sqlite*")))) as connection, connection:
        connection.execute("UPDATE photos SET by_picture = 0")
    with Catalog.open(folder) as catalog:
        yield catalog, number, root


def prediction() -> BatchPrediction:
    return BatchPrediction(np.array([[0.9, 0.1]], np.float32), np.ones((1, 4), np.float32), None)


def test_an_older_catalog_keeps_the_bytes_digest_of_each_file(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        migrate(connection, file, MIGRATIONS[:VERSION_BY_BYTES])
        connection.execute("INSERT INTO collections VALUES (1, 'folder', x'2f61', 'a', '', 1)")
        connection.execute(
            "INSERT INTO photos (photo_key, photo_id, width_px, height_px, size_bytes, image_format, notes) "
            "VALUES (1, ?, 1, 1, 1, 'JPEG', '[]')", (BYTES,),
        )  # fmt: skip
        connection.execute(
            "INSERT INTO files (collection_id, path, name, name_key, folder, size_bytes, modified_ns, "
            "photo_key) VALUES (1, x'61', 'a', 'a', '', 1, 1, 1)"
        )
        migrate(connection, file)
        assert connection.execute("SELECT sha256 FROM files").fetchall() == [(BYTES,)]
        assert connection.execute("SELECT by_picture FROM photos").fetchall() == [(0,)]


def test_a_photo_known_by_its_bytes_is_read_again_and_known_by_its_picture(
    old: tuple[Catalog, int, Path],
) -> None:
    catalog, number, root = old
    assert catalog.pending_files(number, "m") == [root / "a.jpg"]
    catalog.record_photos(number, [(root / "a.jpg", PICTURE, about(BYTES))])
    assert catalog.labels([PICTURE]) == {PICTURE: "cat"}
    assert catalog.predicted("m", [PICTURE]) == {PICTURE}
    assert catalog.labels([BYTES]) == {}
    assert catalog.pending_files(number, "m") == []


def test_a_label_follows_a_file_that_was_rated_before_it_was_known_by_its_picture(
    old: tuple[Catalog, int, Path],
) -> None:
    catalog, number, root = old
    catalog.record_scan(number, [FileEntry(root / "a.jpg", 99, 2)])
    catalog.record_photos(number, [(root / "a.jpg", PICTURE, about(RATED_BYTES))])
    assert catalog.labels([PICTURE]) == {PICTURE: "cat"}


def test_another_picture_under_the_same_name_takes_no_label(old: tuple[Catalog, int, Path]) -> None:
    catalog, number, root = old
    catalog.record_scan(number, [FileEntry(root / "a.jpg", 99, 2)])
    catalog.record_photos(number, [(root / "a.jpg", PICTURE, about(RATED_BYTES, sharpness=7.25))])
    assert catalog.labels([PICTURE]) == {}
    assert catalog.labels([BYTES]) == {BYTES: "cat"}


def test_two_photos_that_turn_out_to_be_one_picture_become_one_and_the_latest_label_stands(
    old: tuple[Catalog, int, Path],
) -> None:
    catalog, number, root = old
    catalog.record_photos(number, [(root / "b.jpg", PICTURE, about(RATED_BYTES))])
    catalog.record_predictions("m", CLASSES, [PICTURE], prediction())
    catalog.give_verdict(
        PICTURE, "cat", Verdict.LABEL_WRONG, other="dog", person="ann", model_id="m", shown_label="dog"
    )
    catalog.record_photos(number, [(root / "a.jpg", PICTURE, about(BYTES))])
    assert catalog.labels([PICTURE, BYTES]) == {PICTURE: "cat"}
    assert catalog.predicted("m", [PICTURE]) == {PICTURE}
    assert len(catalog.standing_verdicts([PICTURE])) == 1
    catalog.correct([PICTURE], "dog", person="ann", model_id=None, collection_id=number, token="one")
    catalog.undo(person="ann", collection_id=number, token="two")
    assert catalog.labels([PICTURE]) == {PICTURE: "cat"}


def test_digests_name_photos_by_their_picture_and_by_the_bytes_of_their_files(
    old: tuple[Catalog, int, Path],
) -> None:
    catalog, number, root = old
    catalog.record_photos(number, [(root / "a.jpg", PICTURE, about(BYTES))])
    catalog.record_photos(number, [(root / "b.jpg", PICTURE, about(RATED_BYTES))])
    for digest in (PICTURE, BYTES, RATED_BYTES):
        assert catalog.photos_named({digest, "e" * 64}) == {PICTURE}
    assert catalog.photos_named([]) == frozenset()
