"""Uploads arrive whole, under harmless names, and within limits."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.errors import PhotoError
from gallery.photos import uploads
from gallery.photos.uploads import UploadArea


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadArea:
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT_BYTES", 10_000)
    monkeypatch.setattr(uploads, "UPLOAD_FILE_LIMIT", 5)
    monkeypatch.setattr(uploads, "FILE_SIZE_LIMIT_BYTES", 4_000)
    return UploadArea(tmp_path / "uploads")


def files(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_upload_has_a_folder_of_its_own(area: UploadArea, tmp_path: Path) -> None:
    first, second = area.begin("Trip: day 1"), area.begin("Trip: day 1")
    assert first != second
    assert {first.parent, second.parent} == {tmp_path / "uploads"}
    assert first.name.endswith(" Trip_ day 1")
    assert second.name == f"{first.name} (2)"
    assert area.begin("../..").name.endswith(" photos")


def test_a_file_arrives_with_its_sub_folders(area: UploadArea) -> None:
    folder = area.begin("x")
    path = area.receive(folder, "trip/day 1/fox.jpg", [b"abc", b"", b"defg"])
    assert path == folder / "trip" / "day 1" / "fox.jpg"
    assert path.read_bytes() == b"abcdefg"
    assert files(folder) == {"trip/day 1/fox.jpg": 7}


def test_a_second_file_of_the_same_name_is_kept_beside_the_first(area: UploadArea) -> None:
    folder = area.begin("x")
    names = [area.receive(folder, "fox.jpg", [data]).name for data in (b"1", b"22", b"333")]
    assert names == ["fox.jpg", "fox (2).jpg", "fox (3).jpg"]
    assert files(folder) == {"fox (2).jpg": 2, "fox (3).jpg": 3, "fox.jpg": 1}


def test_no_name_leads_out_of_the_folder(area: UploadArea, tmp_path: Path) -> None:
    folder = area.begin("x")
    for name in ("../fox.jpg", "/tmp/fox.jpg", "..\\..\\fox.jpg", "a/../../../fox.jpg"):
        assert folder in area.receive(folder, name, [b"1"]).resolve().parents
    assert set(tmp_path.iterdir()) == {tmp_path / "uploads"}
    assert set((tmp_path / "uploads").iterdir()) == {folder}


@pytest.mark.parametrize("name", ["notes.txt", "run.exe", "fox.jpg.exe", "._fox.jpg", "..", "", "jpg"])
def test_what_is_neither_photo_nor_zip_is_refused(area: UploadArea, name: str) -> None:
    folder = area.begin("x")
    with pytest.raises(PhotoError, match="neither a photo nor a zip"):
        area.receive(folder, name, [b"1"])
    assert files(folder) == {}


def test_a_file_above_its_limit_leaves_nothing_behind(area: UploadArea) -> None:
    folder = area.begin("x")
    with pytest.raises(PhotoError, match="too large"):
        area.receive(folder, "fox.jpg", [b"x" * 1000] * 5)
    assert files(folder) == {}
    area.receive(folder, "fox.jpg", [b"x" * 4000])
    area.receive(folder, "photos.zip", [b"x" * 5000])  # a zip may be as large as the upload


def test_an_upload_above_its_limit_is_refused_and_freed_bytes_count_again(area: UploadArea) -> None:
    folder = area.begin("x")
    area.receive(folder, "1.jpg", [b"x" * 4000])
    area.receive(folder, "2.jpg", [b"x" * 4000])
    with pytest.raises(PhotoError, match="as many bytes"):
        area.receive(folder, "3.jpg", [b"x" * 1500] * 2)
    assert files(folder) == {"1.jpg": 4000, "2.jpg": 4000}
    area.receive(folder, "3.jpg", [b"x" * 2000])


def test_an_upload_takes_only_so_many_files_also_after_a_restart(area: UploadArea, tmp_path: Path) -> None:
    folder = area.begin("x")
    for number in range(4):
        area.receive(folder, f"{number}.jpg", [b"x"])
    restarted = UploadArea(tmp_path / "uploads")
    (folder / ".0123.part").write_bytes(b"left by the ended server")
    restarted.receive(folder, "4.jpg", [b"x"])
    assert len(files(folder)) == 5
    with pytest.raises(PhotoError, match="as many files"):
        restarted.receive(folder, "5.jpg", [b"x"])


def test_a_connection_that_breaks_leaves_nothing_behind(area: UploadArea) -> None:
    folder = area.begin("x")

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        area.receive(folder, "fox.jpg", breaking())
    assert files(folder) == {}


def test_a_file_that_is_arriving_is_not_yet_a_photo(area: UploadArea) -> None:
    folder = area.begin("x")
    with area.incoming(folder, "fox.jpg") as file:
        file.write(b"half")
        (part,) = files(folder)
        assert part.startswith(".")
        assert part.endswith(".part")
        file.write(b"whole")
        assert file.finish().read_bytes() == b"halfwhole"


def test_folders_that_are_no_uploads_take_nothing(area: UploadArea, tmp_path: Path) -> None:
    folder = area.begin("x")
    (tmp_path / "elsewhere").mkdir()
    inside = folder / "sub"
    inside.mkdir()
    for wrong in (tmp_path / "elsewhere", tmp_path / "uploads", folder / "..", inside, folder / "gone"):
        with pytest.raises(PhotoError, match="does not exist any more"):
            area.receive(wrong, "fox.jpg", [b"1"])


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_an_upload_that_became_a_link_takes_nothing(area: UploadArea, tmp_path: Path) -> None:
    area.begin("x")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "uploads" / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PhotoError, match="does not exist any more"):
        area.receive(link, "fox.jpg", [b"1"])


def test_many_requests_at_once_lose_no_file(tmp_path: Path) -> None:
    area = UploadArea(tmp_path / "uploads")
    folder = area.begin("x")
    threads = [
        threading.Thread(target=area.receive, args=(folder, "a/fox.jpg", [bytes([n]) * 1000]))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    contents = {path.read_bytes() for path in (folder / "a").iterdir()}
    assert contents == {bytes([n]) * 1000 for n in range(20)}
