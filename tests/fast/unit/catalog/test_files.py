"""Collections and files: scans, reading, skipping."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gallery.catalog import Catalog
from gallery.errors import CatalogError
from gallery.types import (
    CollectionKind,
    FileEntry,
    PhotoMetadata,
    PhotoQuery,
    SkippedFile,
    SkipReason,
)


def test_a_folder_opened_twice_is_one_collection_and_moves_to_the_front(catalog: Catalog) -> None:
    first = catalog.add_collection(Path("/photos/a"), CollectionKind.FOLDER)
    catalog.add_collection(Path("/photos/b"), CollectionKind.UPLOAD, "Holiday")
    again = catalog.add_collection(Path("/photos/a"), CollectionKind.FOLDER)
    assert again.collection_id == first.collection_id
    assert again.opened_at > first.opened_at
    assert [(c.name, c.kind) for c in catalog.collections()] == [
        ("a", CollectionKind.FOLDER),
        ("Holiday", CollectionKind.UPLOAD),
    ]


def test_an_unknown_collection_gives_a_sentence(catalog: Catalog) -> None:
    for ask in (
        lambda: catalog.collection(7),
        lambda: catalog.remove_collection(7),
        lambda: catalog.record_scan(7, []),
        lambda: catalog.pending_files(7, "m"),
        lambda: catalog.queue_job(7, "m"),
        lambda: catalog.skipped_files(7),
    ):
        with pytest.raises(CatalogError, match="no collection 7"):
            ask()


def test_a_scan_tells_what_is_gone_and_new_and_changed_files_are_to_be_read(shop) -> None:
    assert shop.scan("a.jpg", "b.jpg", "c.jpg") == 0
    shop.read("a.jpg", "b.jpg", "c.jpg")
    entries = [shop.entry("a.jpg"), shop.entry("b.jpg", size=11), shop.entry("d.jpg")]
    assert shop.catalog.record_scan(shop.collection, entries) == 1
    assert shop.catalog.unread_files(shop.collection, 9) == [shop.root / "b.jpg", shop.root / "d.jpg"]
    assert shop.catalog.collection(shop.collection).photo_count == 3


def test_a_file_that_comes_back_is_as_it_was(shop) -> None:
    shop.scan("a.jpg", "b.jpg")
    shop.read("a.jpg", "b.jpg")
    shop.tag({"a.jpg": [1, 0, 0], "b.jpg": [0, 1, 0]})
    shop.scan("a.jpg")
    assert shop.names(shop.catalog.find_files(PhotoQuery(shop.collection, shop.model))) == ["a.jpg"]
    assert shop.scan("a.jpg", "b.jpg") == 0
    assert shop.catalog.pending_files(shop.collection, shop.model) == []
    assert shop.names(shop.catalog.find_files(PhotoQuery(shop.collection, shop.model))) == ["a.jpg", "b.jpg"]


def test_pending_are_files_never_read_changed_or_not_seen_by_this_model(shop) -> None:
    shop.scan("a.jpg", "b.jpg", "c.jpg", "d.jpg")
    shop.read("a.jpg", "b.jpg", "c.jpg")
    shop.tag({"a.jpg": [1, 0, 0], "c.jpg": [1, 0, 0]})
    changed = shop.entry("c.jpg", modified=2)
    shop.catalog.record_scan(
        shop.collection, [shop.entry("a.jpg"), shop.entry("b.jpg"), changed, shop.entry("d.jpg")]
    )
    assert shop.catalog.pending_files(shop.collection, shop.model) == [
        shop.root / name for name in ("b.jpg", "c.jpg", "d.jpg")
    ]
    assert len(shop.catalog.pending_files(shop.collection, "another-model")) == 4


def test_a_skipped_file_is_tried_again_only_when_it_changed(shop) -> None:
    shop.scan("a.jpg", "b.jpg")
    bad = SkippedFile(shop.root / "b.jpg", SkipReason.DAMAGED, "It ends after 12 bytes.")
    shop.catalog.record_skipped(shop.collection, [bad])
    shop.scan("a.jpg", "b.jpg")
    assert shop.catalog.skipped_files(shop.collection) == [bad]
    assert shop.catalog.pending_files(shop.collection, "any") == [shop.root / "a.jpg"]
    shop.catalog.record_scan(shop.collection, [shop.entry("a.jpg"), shop.entry("b.jpg", size=99)])
    assert shop.catalog.skipped_files(shop.collection) == []
    assert len(shop.catalog.pending_files(shop.collection, "any")) == 2


@pytest.mark.parametrize("reason", [SkipReason.NO_PERMISSION, SkipReason.VANISHED])
def test_a_reason_that_can_pass_is_tried_again(shop, reason: SkipReason) -> None:
    shop.scan("a.jpg")
    shop.catalog.record_skipped(shop.collection, [SkippedFile(shop.root / "a.jpg", reason, "")])
    assert shop.catalog.pending_files(shop.collection, "any") == [shop.root / "a.jpg"]
    shop.read("a.jpg")
    assert shop.catalog.skipped_files(shop.collection) == []


def test_files_are_added_once_and_counted_by_folder(shop) -> None:
    shop.scan("a.jpg", "2024/May/b.jpg", "2024/May/c.jpg", "gone/d.jpg")
    shop.scan("a.jpg", "2024/May/b.jpg", "2024/May/c.jpg")
    assert shop.catalog.files_by_folder(shop.collection) == {"": 1, "2024/May": 2}
    entries = [shop.entry(name) for name in ("2024/May/b.jpg", "2024/May/new.jpg", "e/f.jpg")]
    new = shop.catalog.add_files(shop.collection, entries)
    assert len(new) == 2
    assert shop.catalog.add_files(shop.collection, entries) == []
    paths = [shop.root / "2024/May/new.jpg", shop.root / "e/f.jpg"]
    assert shop.catalog.pending_files(shop.collection, shop.model, new) == paths
    shop.read("e/f.jpg")
    assert shop.catalog.pending_files(shop.collection, shop.model, new) == paths
    shop.tag({"e/f.jpg": [1, 0, 0]})
    assert shop.catalog.pending_files(shop.collection, shop.model, new) == paths[:1]
    assert shop.catalog.files_by_folder(shop.collection) == {"": 1, "2024/May": 3, "e": 1}
    assert shop.scan("a.jpg", "2024/May/b.jpg", "2024/May/c.jpg", "2024/May/new.jpg", "e/f.jpg") == 0
    assert shop.catalog.pending_files(shop.collection, shop.model, new) == paths[:1], "nothing has changed"


def test_a_folder_that_could_not_be_opened_is_listed_until_the_next_scan(shop) -> None:
    shop.scan("a.jpg")
    locked = SkippedFile(shop.root / "locked", SkipReason.NO_PERMISSION, "No permission.")
    shop.catalog.record_skipped(shop.collection, [locked])
    assert shop.catalog.skipped_files(shop.collection) == [locked]
    assert shop.catalog.collection(shop.collection).skipped_count == 1
    assert shop.catalog.pending_files(shop.collection, "any") == [shop.root / "a.jpg"], "no file to be read"
    shop.scan("a.jpg")
    assert shop.catalog.skipped_files(shop.collection) == []


def test_folders_are_listed_with_their_parents_and_their_numbers_of_photos(shop) -> None:
    shop.scan("x.jpg", "2024/a.jpg", "2024/May/a.jpg", "2024/May/b.jpg", "2024-extra/c.jpg")
    folders = shop.catalog.folders(shop.collection)
    assert list(folders.items()) == [("2024", 3), ("2024/May", 2), ("2024-extra", 1)]


def test_a_path_outside_the_folder_is_refused(shop) -> None:
    with pytest.raises(CatalogError, match="does not lie in"):
        shop.catalog.record_scan(shop.collection, [FileEntry(Path("/elsewhere/a.jpg"), 1, 1)])


def test_names_that_are_not_utf8_come_back_byte_by_byte(shop) -> None:
    name = "caf\udce9/\udcff.jpg"
    shop.scan(name)
    (photo_id,) = shop.read(name)
    assert shop.catalog.pending_files(shop.collection, "any") == [shop.root / name]
    assert shop.catalog.photo_at(photo_id).path == shop.root / name
    (item,) = shop.catalog.grid_items([1], "any")
    assert item.name == "\ufffd.jpg"
    assert list(shop.catalog.folders(shop.collection)) == ["caf\ufffd"]
    found = shop.catalog.find_files(PhotoQuery(shop.collection, "any", folder="caf\ufffd"))
    assert found.tolist() == [1]


def test_what_a_file_says_of_itself_comes_back(shop) -> None:
    shop.scan("a.jpg")
    about = PhotoMetadata(
        4000, 3000, 5_000_000, "TIFF", "2024-05-01T06:12:09", "Canon EOS", ("first of 12 frames", "16 bits")
    )
    shop.catalog.record_photos(shop.collection, [(shop.root / "a.jpg", "ab" * 32, about)])
    photo = shop.catalog.photo(1)
    assert photo.metadata == about
    assert (photo.photo_id, photo.path, photo.collection_id) == (
        "ab" * 32,
        shop.root / "a.jpg",
        shop.collection,
    )


def test_a_moved_folder_keeps_predictions_and_corrections(shop, tmp_path: Path) -> None:
    shop.scan("a.jpg")
    (photo_id,) = shop.read("a.jpg")
    shop.tag({"a.jpg": [1, 0, 0]})
    shop.catalog.correct([photo_id], "cow", person="Ada", model_id=shop.model)
    shop.catalog.remove_collection(shop.collection)
    moved = shop.catalog.add_collection(tmp_path / "moved", CollectionKind.FOLDER)
    place = tmp_path / "moved" / "renamed.jpg"
    shop.catalog.record_scan(moved.collection_id, [FileEntry(place, 10, 7)])
    assert shop.catalog.pending_files(moved.collection_id, shop.model) == [place]
    shop.catalog.record_photos(moved.collection_id, [(place, photo_id, PhotoMetadata(1, 1, 10, "JPEG"))])
    assert shop.catalog.pending_files(moved.collection_id, shop.model) == []
    (item,) = shop.catalog.grid_items(
        shop.catalog.find_files(PhotoQuery(moved.collection_id, shop.model)), shop.model
    )
    assert (item.label, item.source, item.predicted_label) == ("cow", "person", "dog")


def test_photo_at_prefers_a_place_that_exists(shop) -> None:
    shop.root.mkdir()
    shop.scan("gone.jpg", "here.jpg")
    (photo_id, _) = shop.read("gone.jpg", "here.jpg", content="same bytes")
    (shop.root / "here.jpg").write_bytes(b"x")
    assert shop.catalog.photo_at(photo_id).path.name == "here.jpg"
    shutil.rmtree(shop.root)
    assert shop.catalog.photo_at(photo_id).path.name == "gone.jpg"


def test_a_photo_that_is_not_there_gives_a_sentence(shop) -> None:
    shop.scan("unread.jpg")
    with pytest.raises(CatalogError, match="has not been read yet"):
        shop.catalog.photo(1)
    with pytest.raises(CatalogError, match="No opened collection"):
        shop.catalog.photo_at("00" * 32)


def test_brightness_and_sharpness_come_back_and_are_not_forgotten(shop) -> None:
    shop.scan("a.jpg")
    (photo_id,) = shop.read("a.jpg", brightness=101.5, sharpness=320.25)
    shop.read("a.jpg")  # by a reader that does not measure
    about = shop.catalog.photo(1).metadata
    assert (about.brightness, about.sharpness) == (101.5, 320.25)
    assert shop.catalog.metadata([photo_id, "0" * 64]) == [about]


def test_only_photos_without_measures_are_read_again_and_no_model_sees_them_again(shop) -> None:
    shop.scan("old.jpg", "new.jpg")
    (old,) = shop.read("old.jpg")
    shop.read("new.jpg", brightness=90.0, sharpness=5.0)
    shop.tag({"old.jpg": [1, 0, 0], "new.jpg": [0, 1, 0]})
    shop.catalog.correct([old], "cow", person="Ada", model_id=shop.model)
    assert shop.catalog.pending_files(shop.collection, shop.model) == []
    assert shop.catalog.read_again(shop.collection) == 1
    assert shop.catalog.pending_files(shop.collection, shop.model) == [shop.root / "old.jpg"]
    shop.read("old.jpg", brightness=80.0, sharpness=4.0)
    assert shop.catalog.predicted(shop.model, [old]) == {old}
    assert shop.catalog.labels([old]) == {old: "cow"}
    assert shop.catalog.read_again(shop.collection) == 0
    assert shop.catalog.pending_files(shop.collection, shop.model) == []
