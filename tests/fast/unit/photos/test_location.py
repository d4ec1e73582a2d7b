"""Copies without coordinates: the picture and everything else stay."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery.photos.location import without_location

LATITUDE, LONGITUDE = (45.0, 4.0, 12.345), (7.0, 41.0, 54.321)
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'xmp:Rating="3" exif:GPSLatitude="45,4.2N"><exif:GPSLongitude>7,41.9E</exif:GPSLongitude>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def photo(suffix: str, **options: Any) -> bytes:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0110] = "Trail cam"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 06:12:09"
    exif.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: LONGITUDE, 29: "2024:05:01"})
    buffer = io.BytesIO()
    picture.save(buffer, suffix, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("suffix", "options"),
    [("JPEG", {"xmp": PACKET}), ("PNG", {}), ("WEBP", {"xmp": PACKET}), ("AVIF", {})],
)
def test_coordinates_go_and_everything_else_stays(suffix: str, options: dict[str, Any]) -> None:
    data = photo(suffix, **options)
    assert dict(Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825))
    clean = without_location(data)
    assert clean is not None
    assert len(clean) == len(data)
    image = Image.open(io.BytesIO(clean))
    image.load()
    exif = image.getexif()
    assert dict(exif.get_ifd(0x8825)) == {}
    assert exif[0x0110] == "Trail cam"
    assert exif.get_ifd(0x8769)[0x9003] == "2024:05:01 06:12:09"
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(data))))
    assert without_location(clean) == clean
    if options:
        assert b"GPS" not in image.info["xmp"]
        assert b'xmp:Rating="3"' in image.info["xmp"]


def test_a_tiffs_own_directories_lose_their_place() -> None:
    data = photo("JPEG")
    begin = data.index(b"Exif\0\0") + 6
    tiff = data[begin : begin + 400]
    clean = without_location(tiff)
    assert clean is not None
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + clean)
    assert (dict(exif.get_ifd(0x8825)), exif[0x0110]) == ({}, "Trail cam")
    assert b"2024:05:01\0" not in clean  # the date of the satellite's time; that of the camera ends with 09


@pytest.mark.parametrize("before", [b"\0\0\0\0", b"\0\0\0\3abc"])
def test_exif_of_heic_is_found_without_its_usual_mark(before: bytes) -> None:
    data = photo("JPEG")
    begin = data.index(b"Exif\0\0") + 6
    tiff = data[begin : begin + 400]
    boxes = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x15infe\2\0\0\0\0\2\0\0Exif\0"
    head = b"".join(boxes) + b"\xff" * 8
    clean = without_location(head + before + tiff)
    assert clean == head + before + (without_location(tiff) or b"")
    assert clean != head + before + tiff
    assert without_location(head + b"\1\1\1\1" + tiff) is None  # it says that there is EXIF, but not where


def test_drones_elements_and_a_films_place_go() -> None:
    drone = PACKET.replace(
        b"</rdf:Description>", b"<drone-dji:Longtitude>+7.69</drone-dji:Longtitude></rdf:Description>"
    )
    film = b"\0\0\0\x1e\xa9xyz\0\x12\x15\xc7+45.0700+007.6900/\0\0"
    data = photo("JPEG", xmp=drone) + film
    clean = without_location(data)
    assert clean is not None
    assert len(clean) == len(data)
    assert [text in clean for text in (b"7.69", b"Longtitude", b"45.07", b"\xa9xyz")] == [False] * 3 + [True]


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_pngs_texts_lose_coordinates_and_stay_valid() -> None:
    plain = photo("PNG")
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PACKET)
    packed = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"hidden place"))
    note = chunk(b"tEXt", b"Comment\0by the stream")
    clean = without_location(plain[:33] + text + packed + note + plain[33:])
    assert clean is not None
    image = Image.open(io.BytesIO(clean))
    image.load()  # checks every chunk's sum
    assert b"GPS" not in image.info["xmp"]
    assert image.info["Comment"] == "by the stream"
    assert b"Raw profile" not in clean


def test_what_cannot_be_followed_is_refused_and_what_has_no_place_is_unchanged() -> None:
    data = photo("JPEG")
    at = data.index(b"Exif\0\0") + 6
    torn = bytearray(data)
    torn[at + 4 : at + 8] = (0xFFFFFF).to_bytes(4, "little" if data[at : at + 2] == b"II" else "big")
    assert without_location(bytes(torn)) is None
    for harmless in (b"", b"a note", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0\0\0"):
        assert without_location(harmless) == harmless
