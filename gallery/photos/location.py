"""Coordinates taken out of a photo's metadata; the picture and all else stay as they are, byte for byte.

Values are overwritten in place, so that nothing in the file moves: EXIF's GPS directory and what it points
to become zeros, XMP's GPS properties blanks. Only PNG's packed texts, which cannot be edited so, are dropped.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

GPS_TAG = 0x8825
_TYPES_OF_SIZE = {2: (3, 8), 4: (4, 9, 11, 13), 8: (5, 10, 12, 16, 17, 18)}
_SIZES = {kind: size for size, kinds in _TYPES_OF_SIZE.items() for kind in kinds}
"""Bytes of a value of each of TIFF's types; others take one."""

_STARTS = (b"II*\0", b"MM\0*")
_DIRECTORY_LIMIT = 64

# GPS properties of the namespaces exif, drone-dji and others: as attributes, and as elements.
_NAME = rb"[\w.-]+:(?:GPS[\w.-]*|Latitude|Longitude|Longtitude)"
_ATTRIBUTE = re.compile(_NAME + rb"""\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_ELEMENT = re.compile(rb"<(" + _NAME + rb")\b[^>]*?(?:/>|>.*?</\1\s*>)", re.IGNORECASE | re.DOTALL)

_FILM = re.compile(rb"(\xa9xyz.{4})([+-][\d.]+[+-][\d.]+(?:[+-][\d.]+)?/?)", re.DOTALL)
"""Where the short film at the end of a photo was taken, ISO 6709."""

_HEIF_EXIF = re.compile(rb"infe.{8,10}Exif", re.DOTALL)
"""Says in a HEIC or AVIF file that it has EXIF."""


def without_location(data: bytes) -> bytes | None:
    """Return a photo's bytes without coordinates; None where they could not be taken out.

    Args:
        data: a whole file.
    """
    out = bytearray(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    places = [found.end() for found in re.finditer(rb"Exif\0\0", data)]
    if data[:4] in _STARTS:
        places.append(0)
    if data[:4] == b"RIFF":
        places += [at + 8 for at in _riff_chunks(data, b"EXIF")]
    if data[4:8] == b"ftyp":
        places += _heif_headers(data)
        if _HEIF_EXIF.search(data) and not any(data[at : at + 4] in _STARTS for at in places):
            return None
    for start in places:
        if not _blank_gps(out, start):
            return None
    _blank_xmp(out)
    return _FILM.sub(lambda found: found[1] + b" " * len(found[2]), bytes(out))


def _blank_gps(out: bytearray, start: int) -> bool:
    """Overwrite the GPS directories of a TIFF structure with zeros; False where one cannot be followed."""
    mark = bytes(out[start : start + 4])
    if mark not in _STARTS:
        return True
    order = "<" if mark[:2] == b"II" else ">"

    def number(at: int, kind: str) -> int:
        return int(struct.unpack_from(order + kind, out, start + at)[0])

    try:
        directory, seen = number(4, "I"), set[int]()
        while directory and directory not in seen and len(seen) < _DIRECTORY_LIMIT:
            seen.add(directory)
            count = number(directory, "H")
            for entry in range(directory + 2, directory + 2 + 12 * count, 12):
                if number(entry, "H") == GPS_TAG:
                    _zero_directory(out, start, number(entry + 8, "I"), order)
            directory = number(directory + 2 + 12 * count, "I")
    except (struct.error, ValueError):
        # an EXIF block that is cut off after its entries still had them read
        return struct.pack(order + "H", GPS_TAG) not in out[start : start + 65536]
    return True


def _zero_directory(out: bytearray, start: int, at: int, order: str) -> None:
    (count,) = struct.unpack_from(order + "H", out, start + at)
    first = start + at + 2
    if first + 12 * count > len(out):
        raise ValueError("it ends too early")
    for entry in range(first, first + 12 * count, 12):
        _tag, kind, values, place = struct.unpack_from(order + "HHII", out, entry)
        size = _SIZES.get(kind, 1) * values
        if size > 4:
            begin = start + place
            if begin + size > len(out):
                raise ValueError("it ends too early")
            out[begin : begin + size] = bytes(size)
    out[start + at : first + 12 * count] = bytes(2 + 12 * count)


def _blank_xmp(out: bytearray) -> None:
    """Overwrite XMP's coordinates with blanks, which are nothing between attributes and elements."""
    for packet in re.finditer(rb"<(?:x:xmpmeta|rdf:RDF)\b.*?</(?:x:xmpmeta|rdf:RDF)>", bytes(out), re.DOTALL):
        text = packet.group()
        for pattern in (_ELEMENT, _ATTRIBUTE):
            text = pattern.sub(lambda found: b" " * len(found.group()), text)
        out[packet.start() : packet.end()] = text


def _heif_headers(data: bytes) -> Iterator[int]:
    """Yield where EXIF begins in a HEIC or AVIF file: after a number of bytes that stands before them."""
    for found in re.finditer(rb"II\*\0|MM\0\*", data):
        at = found.start()
        gaps = range(min(64, at - 3))
        if any(data[at - 4 - gap : at - gap] == gap.to_bytes(4, "big") for gap in gaps):
            yield at


def _riff_chunks(data: bytes, wanted: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == wanted:
            yield at
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little") // 2 * 2 + data[at + 4] % 2 * 2


def _png(data: bytes) -> bytes | None:
    pieces, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], bytearray(data[at + 8 : at + 8 + size])
        if kind == b"eXIf":
            if not _blank_gps(body, 0):
                return None
        elif kind in (b"iTXt", b"tEXt", b"zTXt"):
            keyword = bytes(body).split(b"\0", 1)[0]
            packed = kind == b"zTXt" or (
                kind == b"iTXt" and body[len(keyword) + 1 : len(keyword) + 2] == b"\1"
            )
            if keyword.startswith(b"Raw profile type") or (packed and keyword == b"XML:com.adobe.xmp"):
                at += 12 + size
                continue
            _blank_xmp(body)
        crc = zlib.crc32(kind + bytes(body)).to_bytes(4, "big")
        pieces.append(
            data[at : at + 8]
            + bytes(body)
            + (crc if kind in (b"eXIf", b"iTXt", b"tEXt") else data[at + 8 + size : at + 12 + size])
        )
        at += 12 + size
    pieces.append(data[at:])
    return b"".join(pieces)
