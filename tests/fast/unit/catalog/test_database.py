"""Opening, versions, and messages of the store."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from gallery.catalog import Catalog, database, schema
from gallery.errors import CatalogError
from gallery.types import CollectionKind


def test_a_new_catalog_has_the_newest_version_and_wal(tmp_path: Path) -> None:
    Catalog.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3")
    assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_an_older_file_is_migrated_and_keeps_its_rows(tmp_path: Path) -> None:
    added_later = "ALTER TABLE collections ADD COLUMN colour TEXT DEFAULT 'green';"
    with Catalog.open(tmp_path) as catalog:
        catalog.add_collection(Path("/photos"), CollectionKind.FOLDER)
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None)
    schema.migrate(connection, tmp_path, [*schema.MIGRATIONS, added_later])
    assert connection.execute("SELECT name, colour FROM collections").fetchall() == [("photos", "green")]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) + 1,)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    broken = "DROP TABLE jobs;\nSELECT nonsense;"
    Catalog.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, tmp_path, [*schema.MIGRATIONS, broken])
    connection.close()
    with Catalog.open(tmp_path) as catalog:
        assert catalog.live_job() is None


def test_a_newer_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    Catalog.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CatalogError, match=r"version 99.*Update the program"):
        Catalog.open(tmp_path)


def test_a_file_that_is_no_catalog_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").write_bytes(b"no database at all " * 100)
    with pytest.raises(CatalogError, match=r"is damaged or is no catalog.*Move it aside"):
        Catalog.open(tmp_path)


def test_a_folder_that_cannot_be_made_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CatalogError, match=r"cannot be made.*GALLERY_HOME"):
        Catalog.open(tmp_path / "file" / "catalog")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user"
)
def test_a_folder_without_permission_gives_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CatalogError, match="GALLERY_HOME"):
        Catalog.open(tmp_path)


def test_a_closed_catalog_says_so(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    catalog.close()
    with pytest.raises(CatalogError, match="closed"):
        catalog.collections()


def test_a_transaction_that_fails_leaves_nothing(catalog: Catalog) -> None:
    before = catalog.revision()

    def half_done() -> None:
        with catalog._database.writing() as connection:
            connection.execute("DELETE FROM revision")
            raise KeyError

    with pytest.raises(KeyError):
        half_done()
    assert catalog.revision() == before


def test_thirty_threads_write_and_read_at_once(catalog: Catalog) -> None:
    errors: list[BaseException] = []

    def work(n: int) -> None:
        try:
            for k in range(5):
                catalog.add_collection(Path(f"/photos/{n}/{k}"), CollectionKind.FOLDER)
                catalog.collections()
        except BaseException as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(catalog.collections()) == 150


def test_threads_leave_no_connections_behind(catalog: Catalog) -> None:
    for _ in range(20):
        thread = threading.Thread(target=catalog.collections)
        thread.start()
        thread.join()
    assert len(catalog._database._idle) == 1


def test_twenty_openings_at_once_make_one_catalog(tmp_path: Path) -> None:
    opened: list[Catalog] = []
    threads = [threading.Thread(target=lambda: opened.append(Catalog.open(tmp_path))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 20
    for catalog in opened:
        assert catalog.collections() == []
        catalog.close()


def test_a_busy_catalog_gives_a_sentence_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
    with Catalog.open(tmp_path) as catalog, catalog._database.writing():
        other = database.Database(tmp_path / "catalog.sqlite3")
        with pytest.raises(CatalogError, match=r"busy.*Try again"), other.writing():
            pass
        other.close()


def test_a_write_that_fails_says_why(catalog: Catalog) -> None:
    def limit(pragma: str) -> None:
        with catalog._database.reading() as connection:
            connection.execute("COMMIT")
            connection.execute(f"PRAGMA {pragma}")

    def write(statement: str) -> None:
        with catalog._database.writing() as connection:
            connection.execute(statement)

    long = "INSERT INTO collections VALUES (1, 'folder', randomblob(99999), '', '', 1)"
    limit("max_page_count = 1")  # SQLite takes it for the pages that there are
    with pytest.raises(CatalogError, match=r"is full\. Free some space"):
        write(long)
    limit("max_page_count = 1000000")
    limit("query_only = ON")
    with pytest.raises(CatalogError, match="cannot be written"):
        write(long)
    limit("query_only = OFF")
    with pytest.raises(CatalogError, match="refused an operation"):
        write("INSERT INTO collections (nonsense) VALUES (1)")
    assert catalog.collections() == []
