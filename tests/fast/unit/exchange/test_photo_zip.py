"""A zip of copies: whole, safe to unpack anywhere, and the originals untouched."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from gallery.exchange.photo_zip import CHUNK_BYTES, portable_name, stream_zip, unused_name


def unpacked(pieces: list[bytes]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def photo(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_copies_are_byte_for_byte_and_the_originals_untouched(tmp_path: Path) -> None:
    path = photo(tmp_path / "a", "fox.jpg", b"\xff\xd8 fox")
    before = path.stat()
    assert unpacked(list(stream_zip([(path, "")]))) == {"fox.jpg": b"\xff\xd8 fox"}
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def test_names_that_clash_get_a_number_whatever_their_case(tmp_path: Path) -> None:
    paths = [
        photo(tmp_path / "a", "fox.jpg", b"1"),
        photo(tmp_path / "b", "FOX.JPG", b"2"),
        photo(tmp_path / "c", "fox (2).jpg", b"3"),
        photo(tmp_path / "d", "fox.jpg", b"4"),
    ]
    assert unpacked(list(stream_zip((path, "") for path in paths))) == {
        "fox.jpg": b"1", "FOX (2).JPG": b"2", "fox (2) (2).jpg": b"3", "fox (3).jpg": b"4",
    }  # fmt: skip


def test_thousands_of_photos_of_one_name_are_named_without_a_search_each() -> None:
    class Counted(dict[str, int]):
        looked_up = 0

        def __contains__(self, key: object) -> bool:
            self.looked_up += 1
            return super().__contains__(key)

    taken = Counted()
    names = {unused_name(Path(f"{n}/IMG_0001.JPG"), "dog", taken) for n in range(2000)}
    assert len(names) == 2000
    assert "dog/IMG_0001 (2000).JPG" in names
    assert taken.looked_up <= 2 * 2000


def test_class_folders_keep_equal_names_apart(tmp_path: Path) -> None:
    entries = [
        (photo(tmp_path / "a", "1.jpg", b"1"), "dog"),
        (photo(tmp_path / "b", "1.jpg", b"2"), "cat"),
    ]
    assert unpacked(list(stream_zip(entries))) == {"dog/1.jpg": b"1", "cat/1.jpg": b"2"}


def test_a_folder_of_several_parts_keeps_the_station(tmp_path: Path) -> None:
    entries = [(photo(tmp_path / site, "1.jpg", b"1"), f"dog/{site}") for site in ("a", "b")]
    assert list(unpacked(list(stream_zip(entries)))) == ["dog/a/1.jpg", "dog/b/1.jpg"]


def test_copies_without_coordinates_are_what_cleaning_gives(tmp_path: Path) -> None:
    entries = [(photo(tmp_path / "a", name, name.encode()), "") for name in ("1.jpg", "2.jpg")]
    contents = unpacked(list(stream_zip(entries, cleaned=lambda data: b"clean" if b"1" in data else None)))
    assert contents["1.jpg"] == b"clean"
    assert "2.jpg" not in contents
    assert b"coordinates could not be taken out" in contents["not included.txt"]


def test_a_photo_that_vanished_is_named_in_a_note_and_the_rest_arrives(tmp_path: Path) -> None:
    entries = [(tmp_path / "gone.jpg", ""), (photo(tmp_path / "a", "here.jpg", b"1"), "")]
    contents = unpacked(list(stream_zip(entries)))
    assert contents["here.jpg"] == b"1"
    assert b"gone.jpg: No such file" in contents["not included.txt"]


def test_a_large_photo_comes_in_pieces(tmp_path: Path) -> None:
    content = os.urandom(3 * CHUNK_BYTES + 5)
    pieces = list(stream_zip([(photo(tmp_path / "a", "large.tif", content), "")]))
    assert max(map(len, pieces)) < CHUNK_BYTES + 1000
    assert all(pieces)
    assert unpacked(pieces)["large.tif"] == content


def test_no_photos_give_an_empty_zip() -> None:
    assert unpacked(list(stream_zip([]))) == {}


def test_a_photo_older_than_zips_can_say_is_still_copied(tmp_path: Path) -> None:
    path = photo(tmp_path / "a", "old.jpg", b"1")
    os.utime(path, (0, 0))
    assert unpacked(list(stream_zip([(path, "")]))) == {"old.jpg": b"1"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", ".._.._etc_passwd"), ("C:\\x.jpg", "C__x.jpg"), ("nul", "_nul"),
        ("com1.jpg", "_com1.jpg"), ("common.jpg", "common.jpg"), ("a. ", "a"), ("", "_"),
        ("\x07.jpg", "_.jpg"),
    ],
)  # fmt: skip
def test_names_are_made_safe_for_every_system(name: str, safe: str) -> None:
    assert portable_name(name) == safe
