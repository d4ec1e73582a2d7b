"""Whether a catalog is whole, as `check` tells it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gallery.catalog import Catalog
from gallery.catalog.database import integrity_problem
from gallery.types import CollectionKind


def catalog_file(folder: Path) -> Path:
    with Catalog.open(folder) as catalog:
        for n in range(300):
            catalog.add_collection(Path(f"/photos/{n:05}/{'long' * 20}").absolute(), CollectionKind.FOLDER)
    return folder / "catalog.sqlite3"


def test_a_new_catalog_is_whole_and_one_that_is_not_there_yet_has_no_problem(tmp_path: Path) -> None:
    assert integrity_problem(tmp_path / "none.sqlite3") is None
    assert integrity_problem(catalog_file(tmp_path)) is None


def test_a_catalog_in_use_can_be_looked_at(tmp_path: Path) -> None:
    file = catalog_file(tmp_path)
    with Catalog.open(tmp_path) as catalog:
        catalog.add_collection(Path("/photos/more").absolute(), CollectionKind.FOLDER)
        assert integrity_problem(file) is None


def test_a_damaged_page_and_a_file_that_is_no_database_are_told(tmp_path: Path) -> None:
    file = catalog_file(tmp_path)
    content = bytearray(file.read_bytes())
    assert len(content) > 16 * 4096
    content[8 * 4096 : 16 * 4096] = b"\x5a" * (8 * 4096)
    file.write_bytes(content)
    assert integrity_problem(file)
    file.write_bytes(b"no database " * 1000)
    assert "not a database" in str(integrity_problem(file))


def test_a_row_without_its_partner_is_told(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite3")) as connection:
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE b (a_id REFERENCES a)")
        connection.execute("INSERT INTO b VALUES (1)")
        connection.commit()
    assert integrity_problem(tmp_path / "x.sqlite3") == "a row of b lacks its partner"
