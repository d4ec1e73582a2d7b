"""``clock``: what is added to the dates of an opened folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gallery import cli
from gallery.catalog import Catalog
from gallery.types import CollectionKind, PhotoMetadata


def test_a_shift_is_kept_said_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, home = tmp_path / "photos", tmp_path / "home"
    photos.mkdir()
    with Catalog.open(home / "catalog") as catalog:
        number = catalog.add_collection(photos, CollectionKind.FOLDER).collection_id
        about = PhotoMetadata(4, 3, 10, "JPEG", "2023-02-28T23:30:00")
        catalog.record_photos(number, [(photos / "SiteA" / "1.jpg", "a" * 64, about)])

    def clock(*words: str) -> str:
        code = cli.main(["clock", str(photos), "--home", str(home), *words])
        return f"{code} {capsys.readouterr().out}"

    assert clock() == f"0 The dates of {photos} are those in the files.\n"
    assert clock("--add", "1 hour ago") == f"{cli.FAILED} "
    assert (
        clock("--add", "+1 year +1 h", "--below", "SiteA")
        == "0 SiteA: +1 year +1 h added to the dates in the files\n"
    )
    with Catalog.open(home / "catalog") as catalog:
        (found,) = catalog.photos([1])
        assert found.metadata.taken_at == "2024-02-29T00:30:00"
    shown = json.loads(clock("--below", "SiteA", "--remove", "--json").removeprefix("0 "))
    assert shown == {"folder": str(photos), "shifts": {}}
