"""Zips from strangers: their photos are kept, their tricks are not."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from gallery.errors import PhotoError
from gallery.photos import uploads, zips
from gallery.photos.uploads import UploadArea


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UploadArea:
    monkeypatch.setattr(uploads, "UPLOAD_LIMIT_BYTES", 1_000_000)
    monkeypatch.setattr(uploads, "UPLOAD_FILE_LIMIT", 50)
    return UploadArea(tmp_path / "uploads")


def packed(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def unpack(area: UploadArea, data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the unpacked files, and the reasons for what was left out."""
    folder = area.begin("x")
    skipped = area.unpack_zip(area.receive(folder, "upload.zip", [data]), folder)
    kept = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return kept, {entry.path.relative_to(folder).as_posix(): entry.reason.value for entry in skipped}


def test_the_photos_are_kept_with_their_folders_and_the_zip_is_removed(area: UploadArea) -> None:
    data = packed(
        {
            "trip/fox.jpg": b"fox",
            "trip/day 1/owl.PNG": b"owl",
            "trip/notes.txt": b"notes",
            "trip/": b"",
            "__MACOSX/trip/._fox.jpg": b"junk",
            ".hidden/cat.jpg": b"cat",
            "a/._dog.jpg": b"junk",
            "trip/Thumbs.db": b"junk",
        }
    )
    assert unpack(area, data) == (
        {"trip/fox.jpg": b"fox", "trip/day 1/owl.PNG": b"owl"},
        {"trip/notes.txt": "not a supported photo"},
    )


def test_entries_cannot_climb_out_of_the_folder(area: UploadArea, tmp_path: Path) -> None:
    names = ["../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "a/../../../evil.jpg"]
    kept, _ = unpack(area, packed(dict.fromkeys(names, b"1")))
    assert set(kept) == {"evil.jpg", "etc/evil.jpg", "C_/evil.jpg", "a/evil.jpg"}
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "uploads"]


def test_entries_of_one_name_are_all_kept(area: UploadArea) -> None:
    kept, _ = unpack(area, packed({"a.jpg": b"1", "./a.jpg": b"2", "b/../a.jpg": b"3"}))
    assert sorted(kept.values()) == [b"1", b"2", b"3"]


def test_an_archive_in_the_archive_is_left_out_and_said(area: UploadArea) -> None:
    kept, left_out = unpack(area, packed({"a.jpg": b"1", "more.zip": packed({"b.jpg": b"2"}), "c.7z": b"3"}))
    assert kept == {"a.jpg": b"1"}
    assert left_out == {"more.zip": "not a supported photo", "c.7z": "not a supported photo"}


def test_a_locked_entry_is_left_out_and_said(area: UploadArea) -> None:
    data = bytearray(packed({"a.jpg": b"secret"}))
    data[6] |= 1  # the flag in the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    assert unpack(area, bytes(data)) == ({}, {"a.jpg": "no permission to read it"})


def test_a_link_in_the_archive_is_left_out_and_said(area: UploadArea) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert unpack(area, buffer.getvalue()) == ({}, {"link.jpg": "not a regular file"})


def test_a_damaged_entry_is_left_out_and_the_others_are_kept(area: UploadArea) -> None:
    data = bytearray(packed({"a.jpg": b"aaaaaaaa", "b.jpg": b"bbbbbbbb"}, zipfile.ZIP_STORED))
    at = data.index(b"aaaaaaaa")
    data[at] ^= 1
    assert unpack(area, bytes(data)) == ({"b.jpg": b"bbbbbbbb"}, {"a.jpg": "damaged or truncated"})


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_is_packed_by_an_unusual_method_is_left_out_unopened(area: UploadArea, method: int) -> None:
    data = bytearray(packed({"a.jpg": b"fox" * 100, "b.jpg": b"owl" * 100}, method))
    data[60:90] = b"\xff" * 30  # the first one is damaged as well, which libraries answer in many ways
    wanted = "not a supported photo"
    assert unpack(area, bytes(data)) == ({}, {"a.jpg": wanted, "b.jpg": wanted})


def test_a_file_that_unpacks_beyond_all_measure_is_left_out(
    area: UploadArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "BOMB_FLOOR_BYTES", 100_000)
    kept, left_out = unpack(area, packed({"bomb.bmp": bytes(900_000), "a.jpg": b"1"}))
    assert kept == {"a.jpg": b"1"}
    assert left_out == {"bomb.bmp": "too large"}


def test_an_entry_above_the_limit_of_a_file_is_left_out(
    area: UploadArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "FILE_SIZE_LIMIT_BYTES", 1000)
    kept, left_out = unpack(area, packed({"large.jpg": bytes(1001), "a.jpg": b"1"}))
    assert (kept, left_out) == ({"a.jpg": b"1"}, {"large.jpg": "too large"})


def test_a_zip_that_unpacks_to_more_than_an_upload_may_hold_is_stopped(area: UploadArea) -> None:
    data = packed({f"{n}.jpg": bytes(400_000) for n in range(4)})
    with pytest.raises(PhotoError, match="as many bytes"):
        unpack(area, data)


def test_the_zip_itself_does_not_count_among_what_it_holds(area: UploadArea) -> None:
    data = packed({"a.jpg": bytes(600_000)}, zipfile.ZIP_STORED)  # 0.6 + 0.6 MB are more than the limit
    kept, _ = unpack(area, data)
    assert list(kept) == ["a.jpg"]


def test_a_zip_of_too_many_files_is_stopped(area: UploadArea) -> None:
    with pytest.raises(PhotoError, match="as many files"):
        unpack(area, packed({f"{n}.jpg": b"1" for n in range(60)}))


def test_a_zip_whose_entries_share_their_bytes_is_refused_whole(area: UploadArea) -> None:
    data = packed({"a.bmp": bytes(500_000)})
    end = data.rindex(b"PK\x05\x06")
    directory = data.index(b"PK\x01\x02")
    entry = data[directory:end]
    copies = entry * 40  # forty names for the same bytes
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 40, 40, len(copies), directory, 0)
    with pytest.raises(PhotoError, match="overflow a disk"):
        unpack(area, data[:directory] + copies + tail)


@pytest.mark.parametrize(
    "data",
    [b"", b"no zip at all", packed({"a.jpg": b"1"})[:-30], b"PK\x05\x06" + bytes(3)],
    ids=["nothing", "text", "cut short", "an end alone"],  # the bytes of a zip hold the time
)
def test_what_is_no_zip_is_refused_and_removed(area: UploadArea, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PhotoError, match="damaged or no zip"):
        unpack(area, data)
    assert not [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]


def test_a_zip_that_lies_elsewhere_is_left_alone(area: UploadArea, tmp_path: Path) -> None:
    (tmp_path / "own.zip").write_bytes(packed({"a.jpg": b"1"}))
    folder = area.begin("x")
    assert area.unpack_zip(tmp_path / "own.zip", folder) == []
    assert (folder / "a.jpg").read_bytes() == b"1"
    assert (tmp_path / "own.zip").is_file()
