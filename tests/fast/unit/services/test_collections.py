"""A collection's life: renamed, moved with its folder, removed; labels outlive it."""

from __future__ import annotations

import shutil

import pytest

from gallery.errors import CatalogError, JobError, PhotoError
from gallery.services import collections, uploads, wiring
from gallery.types import Collection, CollectionKind, JobState
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
    collection = an_upload(gallery)
    assert uploads.size_bytes(collection) > 0
    collections.remove(collection.collection_id)
    assert not collection.root.exists()
    assert [one.collection_id for one in collections.opened()] == [1]
    assert len(list(gallery.photos.rglob("*.png"))) == 2


def a_running_tagging(collection_id: int) -> int:
    """Let a process tag a collection, and return the number of its job."""
    wiring.catalog().queue_job(collection_id, MODEL_ID)
    running = wiring.catalog().claim_job(1)
    assert running is not None
    return running.job_id


def an_upload(gallery: SmallGallery) -> Collection:
    """Upload a photo."""
    upload = uploads.begin("trip", 1)
    with uploads.receiving(upload, "a.png") as (_, file):
        file.write((gallery.photos / "trip" / "a.png").read_bytes())
        file.finish()
    collection = uploads.finish(upload).collection
    assert collection is not None
    return collection


def test_a_collection_is_moved_only_once_its_tagging_has_stopped(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "_STOPPING_S", 0.0)
    job_id = a_running_tagging(1)
    copy = shutil.copytree(gallery.photos, gallery.folder / "copy")
    with pytest.raises(JobError, match="has not stopped yet"):
        collections.move(1, copy)
    assert wiring.catalog().job(job_id).cancel_requested
    assert wiring.catalog().collection(1).root == gallery.photos
    wiring.catalog().finish_job(job_id, JobState.CANCELLED)
    collections.move(1, copy)
    job = wiring.catalog().latest_job(1)
    assert job is not None
    assert (job.job_id != job_id, job.cancel_requested) == (True, False)


def test_an_upload_keeps_its_files_as_long_as_its_tagging_runs(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "_STOPPING_S", 0.0)
    collection = an_upload(gallery)
    job_id = a_running_tagging(collection.collection_id)
    with pytest.raises(JobError, match="has not stopped yet"):
        collections.remove(collection.collection_id)
    assert (collection.root / "a.png").is_file()
    wiring.catalog().finish_job(job_id, JobState.CANCELLED)
    collections.remove(collection.collection_id)
    assert list(collection.root.parent.iterdir()) == []


def test_an_upload_whose_home_was_moved_is_no_broken_one_and_is_removed_without_its_files(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = an_upload(gallery)
    moved = gallery.folder / "moved"
    shutil.copytree(gallery.folder / "home", moved)
    shutil.rmtree(collection.root)
    monkeypatch.setenv("GALLERY_HOME", str(moved))
    monkeypatch.setattr(uploads, "IDLE_S", 0.0)
    assert uploads.broken_off() == []
    collections.remove(collection.collection_id)
    assert [one.collection_id for one in collections.opened()] == [1]
    assert (moved / "uploads" / collection.root.name / "a.png").is_file()
    assert [one.name for one in uploads.broken_off()] == [collection.root.name]


def test_an_empty_folder_that_held_photos_is_gone_and_one_that_never_did_is_not(
    gallery: SmallGallery,
) -> None:
    (gallery.folder / "empty").mkdir()
    empty = wiring.catalog().add_collection(gallery.folder / "empty", CollectionKind.FOLDER)
    assert not collections.is_gone(empty)
    shutil.rmtree(gallery.photos / "trip")
    assert collections.is_gone(wiring.catalog().collection(1))
