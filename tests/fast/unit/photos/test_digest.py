"""A photo is known by its picture: what other programs write beside it changes nothing."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gallery.photos.decode import UnreadablePhoto, decode_photo, large_jpeg
from gallery.photos.digest import picture_digest, pixel_digest

NOISE = np.random.default_rng(3).integers(0, 256, (40, 60, 3), np.uint8)


def picture(seed: int = 3) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (40, 60, 3), np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + segment(marker, content) + jpeg[2:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


RATING = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x='adobe:ns:meta/' xmp:Rating='5'/>"


@pytest.mark.parametrize(
    ("marker", "content"),
    [(0xE1, RATING), (0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), (0xED, b"Photoshop 3.0\0"),
     (0xFE, b"a comment"), (0xE0, b"JFXX\0\x10"), (0xEF, b"x" * 65000)],
    ids=["xmp rating", "exif", "iptc", "comment", "thumbnail", "large"],
)  # fmt: skip
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 100, "subsampling": 0}])
def test_metadata_that_is_written_into_a_jpeg_leaves_its_digest(
    marker: int, content: bytes, options: dict[str, object]
) -> None:
    jpeg = encoded(picture(), "JPEG", **options)
    rated = with_segment(jpeg, marker, content)
    assert rated != jpeg
    assert picture_digest(rated) == picture_digest(jpeg)


def test_a_jpeg_without_metadata_is_known_by_all_its_bytes() -> None:
    jpeg = encoded(picture(), "JPEG")
    length = int.from_bytes(jpeg[4:6], "big")
    bare = jpeg[:2] + jpeg[4 + length :]  # without the JFIF segment that Pillow writes first
    assert jpeg[2:4] == b"\xff\xe0"
    assert picture_digest(jpeg) == hashlib.sha256(bare).hexdigest()


def test_fill_bytes_and_lone_markers_before_a_segment_are_passed_over() -> None:
    jpeg = encoded(picture(), "JPEG")
    filled = jpeg[:2] + b"\xff\xff" + jpeg[2:]
    assert picture_digest(filled) == picture_digest(jpeg)


def test_text_and_dates_in_a_png_leave_its_digest() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Rating", "5")
    plain = encoded(picture(), "PNG")
    rated = encoded(picture(), "PNG", pnginfo=text)
    dated = rated[:-12] + chunk(b"tIME", struct.pack(">HBBBBB", 2024, 5, 1, 6, 12, 9)) + rated[-12:]
    assert len({plain, rated, dated}) == 3
    assert picture_digest(plain) == picture_digest(rated) == picture_digest(dated)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_another_picture_has_another_digest(kind: str, tmp_path: Path) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    ids = set()
    for seed in (1, 2):
        place = tmp_path / f"{seed}.{kind.lower()}"
        place.write_bytes(encoded(picture(seed), kind, **options))
        ids.add(decode_photo(place, input_px=32, thumbnail_px=32).photo_id)
    assert len(ids) == 2


def test_one_changed_pixel_is_another_picture() -> None:
    changed = NOISE.copy()
    changed[39, 59, 2] ^= 1
    assert pixel_digest(Image.fromarray(NOISE)) != pixel_digest(Image.fromarray(changed))
    assert pixel_digest(Image.fromarray(NOISE)) == pixel_digest(Image.fromarray(NOISE.copy()))
    expected = hashlib.sha256(b"RGB 60 40 " + NOISE.tobytes()).hexdigest()
    assert pixel_digest(Image.fromarray(NOISE)) == expected


def test_exif_in_a_webp_leaves_its_digest(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    plain, rated = tmp_path / "plain.webp", tmp_path / "rated.webp"
    plain.write_bytes(encoded(picture(), "WEBP", lossless=True))
    rated.write_bytes(encoded(picture(), "WEBP", lossless=True, exif=exif))
    one, two = (decode_photo(place, input_px=32, thumbnail_px=32) for place in (plain, rated))
    assert one.photo_id == two.photo_id
    assert one.metadata.file_sha256 == hashlib.sha256(plain.read_bytes()).hexdigest()
    assert two.metadata.file_sha256 == hashlib.sha256(rated.read_bytes()).hexdigest()


@pytest.mark.parametrize("cut", [3, 5, 21, 30])
def test_what_is_not_built_as_it_should_be_is_known_by_its_bytes(cut: int) -> None:
    for whole in (encoded(picture(), "JPEG"), encoded(picture(), "PNG")):
        data = whole[: max(cut, 8 if whole[0] == 0x89 else 0)]
        assert picture_digest(data) == hashlib.sha256(data).hexdigest()


def test_the_large_view_takes_a_rated_file_for_its_photo_and_refuses_another_picture(tmp_path: Path) -> None:
    place = tmp_path / "a.jpg"
    place.write_bytes(encoded(picture(), "JPEG"))
    photo_id = decode_photo(place, input_px=32, thumbnail_px=32).photo_id
    place.write_bytes(with_segment(place.read_bytes(), 0xE1, RATING))
    assert large_jpeg(place, 100, photo_id=photo_id)
    before = hashlib.sha256(place.read_bytes()).hexdigest()
    assert large_jpeg(place, 100, photo_id=before)  # an older catalog knows it by its bytes
    place.write_bytes(encoded(picture(4), "JPEG"))
    with pytest.raises(UnreadablePhoto, match="Another picture has taken its place"):
        large_jpeg(place, 100, photo_id=photo_id)
