"""A collection's life: renamed, moved with its folder, removed; labels outlive it."""

from __future__ import annotations

import shutil

import pytest

from gallery.errors import CatalogError, PhotoError
from gallery.services import collections, uploads, wiring
from gallery.types import CollectionKind
from tests.apps.small_gallery import MODEL_ID, SmallGallery


def labels(gallery: SmallGallery) -> dict[str, str]:
    return dict(wiring.catalog().labels([gallery.photo_id("trip/a.png")]))


def test_a_new_name_changes_no_folder(gallery: SmallGallery) -> None:
    collections.rename(1, "  Field trip  ")
    (renamed,) = collections.opened()
    assert (renamed.name, renamed.root) == ("Field trip", gallery.photos)
    wiring.catalog().add_collection(gallery.photos, CollectionKind.FOLDER)
    assert collections.opened()[0].name == "Field trip", "also after it is opened again"
    with pytest.raises(CatalogError, match="needs a name"):
        collections.rename(1, " ")


def test_a_collection_goes_along_with_its_folder(gallery: SmallGallery) -> None:
    new_place = gallery.folder / "elsewhere"
    shutil.move(gallery.photos, new_place)
    (before,) = collections.opened()
    assert collections.is_gone(before)
    assert collections.move(1, f'"{new_place}"') == 2
    (after,) = collections.opened()
    assert (after.root, after.photo_count, collections.is_gone(after)) == (new_place, 2, False)
    assert len(wiring.catalog().prediction_table(1, MODEL_ID)) == 2


def test_photos_that_were_renamed_in_a_new_place_are_known_by_their_bytes(gallery: SmallGallery) -> None:
    other = gallery.folder / "sorted"
    other.mkdir()
    shutil.move(gallery.photos / "trip" / "a.png", other / "1.png")
    shutil.rmtree(gallery.photos)
    assert collections.move(1, other) == 1


def test_a_folder_without_any_of_the_photos_is_refused(gallery: SmallGallery) -> None:
    other = gallery.folder / "other"
    other.mkdir()
    shutil.copy(gallery.photos / "trip" / "a.png", gallery.folder / "a.png")
    with pytest.raises(PhotoError, match="None of the 2 photos of photos lies in"):
        collections.move(1, other)
    wiring.catalog().add_collection(shutil.copytree(gallery.photos, other / "copy"), CollectionKind.FOLDER)
    with pytest.raises(CatalogError, match="is open already, as the collection copy"):
        collections.move(1, other / "copy")
    assert wiring.catalog().collection(1).root == gallery.photos


def test_labels_outlive_a_collection_and_its_photos_stay_where_they_are(gallery: SmallGallery) -> None:
    photo_id = gallery.photo_id("trip/a.png")
    wiring.catalog().correct([photo_id], "horse", person="eva", model_id=MODEL_ID)
    assert collections.label_count(1) == 1
    collections.remove(1)
    assert collections.opened() == []
    assert len(list(gallery.photos.rglob("*.png"))) == 2
    assert labels(gallery) == {gallery.photo_id("trip/a.png"): "horse"}
    again = collections.open_folder(gallery.photos)
    assert again.collection_id != 1


def test_removing_an_upload_deletes_its_files_and_nothing_else(gallery: SmallGallery) -> None:
    upload = uploads.begin("trip", 1)
    with uploads.receiving(upload, "a.png") as (_, file):
        file.write((gallery.photos / "trip" / "a.png").read_bytes())
        file.finish()
    collection = uploads.finish(upload).collection
    assert collection is not None
    assert uploads.size_bytes(collection) > 0
    collections.remove(collection.collection_id)
    assert not collection.root.exists()
    assert [one.collection_id for one in collections.opened()] == [1]
    assert len(list(gallery.photos.rglob("*.png"))) == 2


def test_an_empty_folder_that_held_photos_is_gone_and_one_that_never_did_is_not(
    gallery: SmallGallery,
) -> None:
    (gallery.folder / "empty").mkdir()
    empty = wiring.catalog().add_collection(gallery.folder / "empty", CollectionKind.FOLDER)
    assert not collections.is_gone(empty)
    shutil.rmtree(gallery.photos / "trip")
    assert collections.is_gone(wiring.catalog().collection(1))
