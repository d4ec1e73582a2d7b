"""The scan finds the photos of a folder, and nothing makes it stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gallery.errors import PhotoError
from gallery.photos.scan import scan_folder
from gallery.photos.thumbnails import ThumbnailStore
from gallery.types import FileEntry, SkippedFile, SkipReason

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")


def found(root: Path, skipped: list[SkippedFile] | None = None) -> list[str]:
    entries = list(scan_folder(root))
    if skipped is not None:
        skipped += [one for one in entries if isinstance(one, SkippedFile)]
    return [one.path.relative_to(root).as_posix() for one in entries if isinstance(one, FileEntry)]


def test_photos_of_all_sub_folders_come_sorted_by_path(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.jpg", "b.jpg", "a/z.png", "b-side/1.jpg", "c.TIFF", "b/1.JPeG", "a/deep/er/x.heic")
    assert found(tmp_path) == [
        "a/deep/er/x.heic",
        "a/z.png",
        "b/1.JPeG",
        "b/2.jpg",
        "b-side/1.jpg",
        "b.jpg",
        "c.TIFF",
    ]


def test_the_order_is_that_of_sorted_paths(tmp_path: Path) -> None:
    touch(tmp_path, "a b/1.jpg", "a/1.jpg", "a-b/1.jpg", "a.jpg", "A.jpg", "é/1.jpg", "z.jpg")
    paths = [entry.path for entry in scan_folder(tmp_path)]
    assert paths == sorted(paths)


def test_size_and_time_of_change_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5_000_000_000, 7_000_000_000))
    (entry,) = scan_folder(tmp_path)
    assert (entry.size_bytes, entry.modified_ns) == (5, 7_000_000_000)
    assert entry.path.is_absolute()


def test_what_is_no_photo_or_hidden_is_passed_over(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "notes.txt",
        "photo",
        "photo.jpg.xmp",
        "Thumbs.db",
        ".DS_Store",
        "._a.jpg",
        ".hidden/a.jpg",
        "__MACOSX/a.jpg",
        "@eaDir/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "#recycle/a.jpg",
        "#snapshot/2024-05/dog/a.jpg",
        "@Recycle/a.jpg",
        "Fotos.photoslibrary/resources/derivatives/a.jpg",
        "Best Previews.lrdata/a.jpg",
        "SYNOFILE_THUMB_M_1.jpg",
    )
    skipped: list[SkippedFile] = []
    assert found(tmp_path, skipped) == []
    assert skipped == []


def test_a_folder_named_like_a_photo_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "album.jpg/1.jpg")
    assert found(tmp_path) == ["album.jpg/1.jpg"]


def test_a_hidden_root_may_be_opened(tmp_path: Path) -> None:
    touch(tmp_path, ".archive/1.jpg")
    assert found(tmp_path / ".archive") == ["1.jpg"]


@needs_links
def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "real/1.jpg")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "real" / "folder.jpg").symlink_to(tmp_path)
    (tmp_path / "linked.jpg").symlink_to(tmp_path / "real" / "1.jpg")
    skipped: list[SkippedFile] = []
    assert found(tmp_path, skipped) == ["linked.jpg", "real/1.jpg"]
    assert skipped == []


@needs_links
def test_a_link_to_nothing_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    skipped: list[SkippedFile] = []
    assert found(tmp_path, skipped) == []
    assert [(entry.path.name, entry.reason) for entry in skipped] == [("a.jpg", SkipReason.VANISHED)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_named_pipe_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    skipped: list[SkippedFile] = []
    assert found(tmp_path, skipped) == []
    assert [entry.reason for entry in skipped] == [SkipReason.NOT_A_REGULAR_FILE]


def test_a_locked_sub_folder_is_reported_and_does_not_end_the_scan(
    shared_folder: Path, become_ordinary_user: Callable[[], None]
) -> None:
    touch(shared_folder, "a/1.jpg", "b/1.jpg", "c/1.jpg")
    (shared_folder / "b").chmod(0)
    become_ordinary_user()
    skipped: list[SkippedFile] = []
    assert found(shared_folder, skipped) == ["a/1.jpg", "c/1.jpg"]
    assert [(entry.path.name, entry.reason) for entry in skipped] == [("b", SkipReason.NO_PERMISSION)]


def test_a_locked_root_is_an_error(shared_folder: Path, become_ordinary_user: Callable[[], None]) -> None:
    (shared_folder / "b").mkdir(mode=0)
    become_ordinary_user()
    with pytest.raises(PhotoError, match="you may read it"):
        list(scan_folder(shared_folder / "b"))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_names_that_are_not_utf8_are_found(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"1")
    (entry,) = scan_folder(tmp_path)
    assert os.fsencode(entry.path.name) == b"caf\xe9.jpg"


def test_very_deep_folders_are_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 60)
    touch(deep, "1.jpg")
    assert len(found(tmp_path)) == 1


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_root_that_cannot_be_listed_is_an_error_with_a_remedy(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "file.txt")
    with pytest.raises(PhotoError, match="cannot be opened"):
        list(scan_folder(tmp_path / name))


def test_the_scan_goes_on_as_it_is_asked(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg")
    entries = scan_folder(tmp_path)
    assert next(entries).path.name == "a.jpg"
    (tmp_path / "b.jpg").unlink()
    assert [one.reason for one in entries] == [SkipReason.VANISHED]


def test_the_apps_own_thumbnails_are_no_photos_where_its_home_lies_among_them(tmp_path: Path) -> None:
    (tmp_path / "fox.jpg").touch()
    store = ThumbnailStore(tmp_path / "gallery" / "thumbnails")
    store.put("ab" * 32, b"a small fox")
    assert store.path("ab" * 32).is_file()
    assert [entry.path.name for entry in scan_folder(tmp_path)] == ["fox.jpg"]


def test_only_the_signature_makes_a_cache(tmp_path: Path) -> None:
    for name, content in (
        ("a", b"Signature: 8a477f597d28d172789f06886806bc55 and more"),
        ("b", b"Sig"),
        ("c", b""),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "CACHEDIR.TAG").write_bytes(content)
        (tmp_path / name / "fox.jpg").touch()
    found = [entry.path.parent.name for entry in scan_folder(tmp_path)]
    assert found == ["b", "c"]


def test_the_user_can_leave_out_more(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "rejected/b.jpg", "c_small.jpg")
    names = [entry.path.name for entry in scan_folder(tmp_path, left_out=("Rejected", "*_small.*"))]
    assert names == ["a.jpg"]


def test_other_files_are_told_by_kind(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "DSC_1.NEF",
        "DSC_2.nef",
        "clip.MP4",
        "c.jxl",
        "only.jpg",
        "notes.txt",
        "a.jpg.xmp",
        ".x.nef",
    )
    kinds: list[str] = []
    assert [entry.path.name for entry in scan_folder(tmp_path, on_other=kinds.append)] == ["only.jpg"]
    assert sorted(kinds) == ["RAW photo (.nef)", "RAW photo (.nef)", "file (.jxl)", "video (.mp4)"]


def test_only_the_wanted_folders_are_looked_at_with_all_below_them(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "a/.hidden.jpg", "a/notes.txt", "a/b/3.jpg", "c/4.jpg", "5.jpg")
    asked: dict[str, int] = {}

    def wanted(folder: Path, count: int) -> bool:
        asked[folder.relative_to(tmp_path).as_posix()] = count
        return folder.name == "b"

    touch(tmp_path, "c/thumb_5.jpg")
    found = scan_folder(tmp_path, wanted=wanted, left_out=["thumb_*"])
    assert [entry.path.name for entry in found] == ["3.jpg"]
    assert asked == {".": 1, "a": 2, "a/b": 1, "c": 1}


@needs_links
def test_links_to_photos_are_not_looked_at_where_files_are_not_wanted(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.jpg").symlink_to(tmp_path / "a" / "1.jpg")
    (tmp_path / "b" / "on").symlink_to(tmp_path / "a")
    found = scan_folder(tmp_path, wanted=lambda folder, _: folder.name == "on")
    assert [entry.path.relative_to(tmp_path).as_posix() for entry in found] == ["b/on/1.jpg"]


def test_a_file_without_suffix_that_begins_like_a_photo_is_one(tmp_path: Path) -> None:
    (tmp_path / "12345").write_bytes(b"\xff\xd8\xff\xe0 and so on")
    touch(tmp_path, "README", "67890")
    assert found(tmp_path) == ["12345"]


@needs_links
def test_links_to_folders_are_followed_below_the_root_and_named_elsewhere(tmp_path: Path) -> None:
    touch(tmp_path, "disk/dog/1.jpg", "set/cow/1.jpg", "set/all/cat/1.jpg")
    (tmp_path / "set" / "dog").symlink_to("../disk/dog", target_is_directory=True)
    (tmp_path / "set" / "kitten").symlink_to("all/cat", target_is_directory=True)
    (tmp_path / "set" / "cow" / "up").symlink_to("..", target_is_directory=True)
    skipped: list[SkippedFile] = []
    assert found(tmp_path / "set", skipped) == ["all/cat/1.jpg", "cow/1.jpg", "kitten/1.jpg"]
    assert [(one.path.name, one.reason) for one in skipped] == [("dog", SkipReason.LINKED_FOLDER)]
    assert str(tmp_path / "disk" / "dog") in skipped[0].detail
    assert found(tmp_path) == ["disk/dog/1.jpg", "set/all/cat/1.jpg", "set/cow/1.jpg", "set/dog/1.jpg",
                               "set/kitten/1.jpg"]  # fmt: skip
