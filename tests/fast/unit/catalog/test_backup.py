"""Backups: what people said comes back, into this catalog or a new one, and nothing newer is undone by it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from gallery.catalog import Catalog, schema
from gallery.catalog.backup import KEPT, Restored, automatic_backup, automatic_backups
from gallery.errors import CatalogError
from gallery.types import CollectionKind, Verdict
from tests.fast.unit.catalog.conftest import Shop

NAMES = ("a.jpg", "b.jpg", "c.jpg")


@pytest.fixture
def said(shop: Shop) -> Shop:
    """Three photos: one labelled, one labelled twice, one whose label was undone; a verdict and settings."""
    shop.scan(*NAMES)
    shop.read(*NAMES)
    label(shop, "a.jpg", "fox")
    label(shop, "b.jpg", "dog")
    label(shop, "b.jpg", "cat")
    label(shop, "c.jpg", "cow")
    shop.catalog.undo(person="Ada", collection_id=shop.collection, token="t")
    shop.catalog.give_verdict(shop.photo_id("a.jpg"), "dog", Verdict.CANNOT_TELL, person="Ada", token="v")
    shop.catalog.change_class_map({"vulpes": "fox"})
    shop.catalog.choose_unsure_threshold("m", 0.7)
    return shop


def label(shop: Shop, name: str, word: str) -> None:
    shop.catalog.correct(
        [shop.photo_id(name)], word, person="Ada", model_id=None, collection_id=shop.collection
    )


def words(catalog: Catalog, shop: Shop) -> dict[str, str]:
    return catalog.labels([shop.photo_id(name) for name in NAMES])


def history(catalog: Catalog) -> list[tuple[object, ...]]:
    return [(one.photo_id, one.label, one.person, one.made_at) for one in catalog.all_corrections()]


def test_what_comes_back_is_undone_in_the_collection_where_its_photo_lies_now(
    said: Shop, tmp_path: Path
) -> None:
    """Another catalog numbers its collections otherwise."""
    said.catalog.back_up(tmp_path / "backup.sqlite3")
    with Catalog.open(tmp_path / "new") as other:
        first = other.add_collection(tmp_path / "first", CollectionKind.FOLDER)
        assert first.collection_id == said.collection
        mine = Shop(other, said.root)
        mine.scan(*NAMES)
        mine.read(*NAMES)
        other.restore(tmp_path / "backup.sqlite3")
        assert other.undo(person="Ada", collection_id=first.collection_id, token="none") is None
        undone = other.undo(person="Ada", collection_id=mine.collection, token="later")
        assert undone is not None
        assert list(undone.photo_ids) == [said.photo_id("b.jpg")]


def test_a_backup_restored_into_a_new_catalog_brings_all_that_was_said(said: Shop, tmp_path: Path) -> None:
    said.catalog.back_up(tmp_path / "backup.sqlite3")
    with Catalog.open(tmp_path / "new") as other:
        assert other.restore(tmp_path / "backup.sqlite3") == Restored(5, 1, 2)
        assert words(other, said) == {said.photo_id("a.jpg"): "fox", said.photo_id("b.jpg"): "cat"}
        assert history(other) == history(said.catalog)
        assert [one.verdict for one in other.standing_verdicts().values()] == [Verdict.CANNOT_TELL]
        assert (other.class_map(), other.unsure_threshold("m")) == ({"vulpes": "fox"}, 0.7)
        assert other.restore(tmp_path / "backup.sqlite3") == Restored(
            0, 0, 0
        )  # a second time changes nothing
        shop = Shop(other, said.root)
        shop.scan(*NAMES)
        shop.read(*NAMES)
        assert shop.catalog.label_count(shop.collection) == 2


def test_what_was_said_after_a_backup_stands_when_it_is_restored(said: Shop, tmp_path: Path) -> None:
    said.catalog.back_up(tmp_path / "backup.sqlite3")
    label(said, "a.jpg", "badger")
    label(said, "c.jpg", "sheep")
    before = history(said.catalog)
    assert said.catalog.restore(tmp_path / "backup.sqlite3") == Restored(0, 0, 0)
    assert history(said.catalog) == before
    assert words(said.catalog, said)[said.photo_id("a.jpg")] == "badger"


def test_labels_that_are_lost_here_come_back_beside_those_that_are_not(said: Shop, tmp_path: Path) -> None:
    said.catalog.back_up(tmp_path / "backup.sqlite3")
    with Catalog.open(tmp_path / "new") as other:
        shop = Shop(other, said.root)
        shop.scan(*NAMES)
        shop.read(*NAMES)
        label(shop, "a.jpg", "badger")  # later than the backup
        assert other.restore(tmp_path / "backup.sqlite3").labels == 4
        assert words(other, shop) == {shop.photo_id("a.jpg"): "badger", shop.photo_id("b.jpg"): "cat"}


def test_only_words_and_settings_are_in_a_backup(said: Shop, tmp_path: Path) -> None:
    said.tag({name: [1, 0, 0] for name in NAMES})
    said.catalog.back_up(tmp_path / "backup.sqlite3")
    connection = sqlite3.connect(tmp_path / "backup.sqlite3")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert tables == {"photos", "corrections", "verdicts", "class_map", "unsure_thresholds"}


def test_what_is_no_backup_or_a_newer_one_is_refused_and_changes_nothing(said: Shop, tmp_path: Path) -> None:
    (tmp_path / "text.sqlite3").write_text("no backup " * 100)
    said.catalog.back_up(tmp_path / "newer.sqlite3")
    connection = sqlite3.connect(tmp_path / "newer.sqlite3")
    connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    connection.close()
    before = history(said.catalog)
    refused = {"text": "is no backup", "gone": "is no backup", "newer": "newer Smart Gallery"}
    for name, sentence in refused.items():
        with pytest.raises(CatalogError, match=sentence):
            said.catalog.restore(tmp_path / f"{name}.sqlite3")
    assert history(said.catalog) == before


def test_five_automatic_backups_are_kept_and_none_is_written_without_something_new(
    said: Shop, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog" / "catalog.sqlite3"
    written = [automatic_backup(catalog) for _ in range(KEPT + 2)]
    assert automatic_backups(catalog) == written[-KEPT:]
    assert said.catalog.back_up_by_itself(0.0) is None  # nothing was said since
    label(said, "a.jpg", "badger")
    assert said.catalog.back_up_by_itself(3600.0) is None  # the last one is young
    os.utime(written[-1], (1, 1))
    assert said.catalog.back_up_by_itself(3600.0) is not None


def test_an_older_catalog_is_backed_up_before_it_is_migrated(said: Shop, tmp_path: Path) -> None:
    file = tmp_path / "catalog" / "catalog.sqlite3"
    said.catalog.close()
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("DROP INDEX photos_not_by_picture")  # as the last migration made it
    connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) - 1}")
    connection.close()
    with Catalog.open(tmp_path / "catalog") as catalog:
        (backup,) = automatic_backups(file)
        assert len(words(catalog, said)) == 2
    with Catalog.open(tmp_path / "new") as other:
        assert other.restore(backup).labels == 5
