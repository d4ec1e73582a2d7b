"""Thumbnails are found again by the photo's content, whole or not at all."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from gallery.errors import PhotoError
from gallery.photos.thumbnails import ThumbnailStore

PHOTO_ID = "ab" + "0" * 62


def test_what_is_put_is_what_one_gets(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path / "thumbnails")
    assert store.get(PHOTO_ID) is None
    store.put(PHOTO_ID, b"jpeg")
    store.put(PHOTO_ID, b"newer jpeg")
    assert store.get(PHOTO_ID) == b"newer jpeg"
    assert store.path(PHOTO_ID) == tmp_path / "thumbnails" / "ab" / f"{PHOTO_ID}.jpg"
    assert [path.name for path in store.path(PHOTO_ID).parent.iterdir()] == [f"{PHOTO_ID}.jpg"]


@pytest.mark.parametrize("photo_id", ["", "../../etc/passwd", "AB" + "0" * 62, "ab" * 31, f"{PHOTO_ID}\n"])
def test_what_is_no_photo_id_leads_nowhere(tmp_path: Path, photo_id: str) -> None:
    store = ThumbnailStore(tmp_path)
    for act in (store.path, store.get, lambda name: store.put(name, b"x")):
        with pytest.raises(PhotoError, match="not the id of a photo"):
            act(photo_id)


def test_a_thumbnail_cut_off_by_a_power_failure_counts_as_none(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path)
    store.put(PHOTO_ID, b"jpeg")
    store.path(PHOTO_ID).write_bytes(b"")
    assert store.get(PHOTO_ID) is None


def test_over_the_limit_those_go_first_that_nobody_looked_at(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, limit_bytes=256 * 1000)  # 1,000 bytes for those that begin with ab
    ids = [f"ab{number:062x}" for number in range(8)]
    for days_ago, photo_id in enumerate(ids, start=2):
        store.put(photo_id, bytes(200))
        long_ago = time.time() - days_ago * 86_400
        os.utime(store.path(photo_id), (long_ago, long_ago))
    assert store.get(ids[7]) == bytes(200)  # the oldest is looked at
    again = ThumbnailStore(tmp_path, limit_bytes=256 * 1000)
    again.put("ab" + "f" * 62, bytes(200))
    assert [n for n, photo_id in enumerate(ids) if again.get(photo_id)] == [0, 1, 2, 7]
    assert again.get("ab" + "f" * 62) == bytes(200)


def test_a_thumbnail_larger_than_the_limit_is_still_shown(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path, limit_bytes=1)
    for number in range(200):
        store.put(f"ab{number:062x}", b"jpeg")
    assert store.get(f"ab{199:062x}") == b"jpeg"
    assert len(list((tmp_path / "ab").iterdir())) < 100


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PhotoError, match="GALLERY_HOME"):
        ThumbnailStore(tmp_path / "file").put(PHOTO_ID, b"jpeg")


def test_readers_never_see_half_a_thumbnail(tmp_path: Path) -> None:
    store = ThumbnailStore(tmp_path)
    versions = {bytes([n]) * 200_000 for n in range(2)}
    store.put(PHOTO_ID, min(versions))
    done = threading.Event()

    def write() -> None:
        for _ in range(40):
            for version in versions:
                store.put(PHOTO_ID, version)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert store.get(PHOTO_ID) in versions
    writer.join()
