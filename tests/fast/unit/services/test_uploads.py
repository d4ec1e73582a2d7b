"""Uploads that break off: they are resumed, opened as they are, or deleted; nothing is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.errors import PhotoError
from gallery.services import uploads, wiring
from gallery.services.uploads import LeftOut
from tests.apps.small_gallery import SmallGallery


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "IDLE_S", 0.0)


def send(upload: str, name: str, content: bytes) -> Path:
    with uploads.receiving(upload, name) as (_, file):
        file.write(content)
        return file.finish()


def restart_the_server() -> None:
    """Forget what only the memory of a server holds."""
    uploads._folders.clear()
    uploads._last_at.clear()
    wiring.upload_area.__wrapped__.cache_clear()


def test_a_broken_upload_is_listed_and_goes_on_where_it_was(gallery: SmallGallery) -> None:
    photo = (gallery.photos / "trip" / "a.png").read_bytes()
    upload = uploads.begin("trip", 3)
    send(upload, "sub/a.png", photo)
    restart_the_server()
    (broken,) = uploads.broken_off()
    assert (broken.upload, broken.arrived, broken.expected) == (upload, 1, 3)
    files = [("sub/a.png", len(photo)), ("b.png", len(photo)), ("sub/a.png", 7)]
    assert uploads.missing(upload, files) == [1, 2]
    send(upload, "b.png", photo)
    done = uploads.finish(upload, [LeftOut("c.txt", "It is no photo and no zip.")])
    assert (done.files, uploads.broken_off()) == (2, [])
    assert done.collection is not None
    assert uploads.left_out(done.collection) == (LeftOut("c.txt", "It is no photo and no zip."),)


def test_what_arrived_of_a_broken_upload_is_opened_or_deleted(gallery: SmallGallery) -> None:
    photo = (gallery.photos / "trip" / "a.png").read_bytes()
    kept, deleted = uploads.begin("kept", 9), uploads.begin("deleted", 9)
    folder = send(deleted, "a.png", photo).parent
    send(kept, "a.png", photo)
    assert {one.upload for one in uploads.broken_off()} == {kept, deleted}
    uploads.discard(deleted)
    assert not folder.exists()
    assert uploads.finish(kept).files == 1
    assert uploads.broken_off() == []
    with pytest.raises(PhotoError, match="finished, or was removed"):
        uploads.folder_of(kept)


def test_a_folder_that_an_older_version_left_behind_is_found(gallery: SmallGallery) -> None:
    orphan = wiring.settings().uploads / "2025-01-01 131 photos"
    orphan.mkdir(parents=True)
    (orphan / "a.png").write_bytes((gallery.photos / "trip" / "a.png").read_bytes())
    (broken,) = uploads.broken_off()
    assert (broken.name, broken.arrived, broken.expected) == (orphan.name, 1, 0)
    assert uploads.finish(broken.upload).files == 1


def test_an_upload_under_way_is_not_broken_off(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.begin("trip", 2)
    with uploads.receiving(upload, "a.png") as (_, file):
        assert uploads.broken_off() == []
        file.abandon()
    monkeypatch.setattr(uploads, "IDLE_S", 60.0)
    assert uploads.broken_off() == []


def test_an_upload_whose_files_still_arrive_is_neither_closed_nor_deleted(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "YIELD_S", 0.0)
    upload = uploads.begin("trip", 2)
    with uploads.receiving(upload, "a.png") as (_, file):
        for ended in (uploads.finish, uploads.discard):
            with pytest.raises(PhotoError, match="still arrive"):
                ended(upload)
        file.write((gallery.photos / "trip" / "a.png").read_bytes())
        file.finish()
    assert uploads.finish(upload).files == 1


def test_a_folder_that_another_server_has_just_made_is_left_to_it(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "IDLE_S", 60.0)
    folder = wiring.uploads().begin("trip")
    assert uploads.broken_off() == []
    assert list(folder.iterdir()) == []
    os.utime(folder, (0, 0))
    assert len(uploads.broken_off()) == 1
