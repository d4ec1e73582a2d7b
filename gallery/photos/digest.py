"""By what a photo is known: a digest of its picture, whatever other programs write beside it.

A rating, a keyword, a date or a place that another program writes into a file
changes the file's bytes, not its picture. So the digest leaves out what holds
such things: a JPEG's application and comment segments, a PNG's chunks of text
and dates. Formats that are not taken apart here are known by their decoded
pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from PIL import Image

_JPEG_START = b"\xff\xd8"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")

_STRIP_PX = 64

_START_OF_SCAN = 0xDA
_COMMENT = 0xFE
_APPLICATION = range(0xE0, 0xF0)  # APP0 (JFIF) to APP15: Exif, XMP, ICC and IPTC live here
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])  # TEM, RST0-7, SOI


def picture_digest(data: bytes) -> str | None:
    """Return the SHA-256 of what makes the picture in a JPEG or PNG, as 64 hexadecimal digits.

    Args:
        data: all bytes of a file.

    Returns:
        The SHA-256 of all bytes where a JPEG or PNG is not built as it should
        be; None for another format: its `pixel_digest` stands for it.

    Example:
        >>> plain = b"\\xff\\xd8" + b"\\xff\\xdb\\x00\\x03q" + b"\\xff\\xda\\x00\\x02pixels\\xff\\xd9"
        >>> rated = plain[:2] + b"\\xff\\xe1\\x00\\x06rate" + plain[2:]
        >>> picture_digest(plain) == picture_digest(rated) == hashlib.sha256(plain).hexdigest()
        True
    """
    if data.startswith(_JPEG_START):
        pieces = _jpeg_picture(data)
    elif data.startswith(_PNG_START):
        pieces = _png_picture(data)
    else:
        return None
    digest = hashlib.sha256()
    try:
        for piece in pieces:
            digest.update(piece)
    except _NotAsBuilt:
        return hashlib.sha256(data).hexdigest()
    return digest.hexdigest()


def pixel_digest(image: Image.Image) -> str:
    """Return the SHA-256 of a decoded picture: its mode, its size in pixels and its pixels."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode("ascii"))
    for top in range(0, image.height, _STRIP_PX):  # a large scan needs no second copy
        digest.update(image.crop((0, top, image.width, min(top + _STRIP_PX, image.height))).tobytes())
    return digest.hexdigest()


class _NotAsBuilt(Exception):
    """The bytes end or go on where the format does not."""


def _jpeg_picture(data: bytes) -> Iterator[memoryview]:
    """Yield a JPEG's bytes but for its application and comment segments (ITU-T T.81, annex B)."""
    view = memoryview(data)
    yield view[:2]
    at = 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise _NotAsBuilt
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _WITHOUT_LENGTH:
            yield view[at : at + 2]
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end > len(data) or end < at + 4:
            raise _NotAsBuilt
        if marker == _START_OF_SCAN:
            yield view[at:]  # the scans, to the end of the file
            return
        if marker not in _APPLICATION and marker != _COMMENT:
            yield view[at:end]
        at = end


def _png_picture(data: bytes) -> Iterator[memoryview]:
    """Yield the kinds and contents of a PNG's chunks that make its picture (ISO/IEC 15948, 5.3)."""
    view = memoryview(data)
    at = len(_PNG_START)
    seen = False
    while at < len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise _NotAsBuilt
        if kind in _PNG_PICTURE:
            seen = seen or kind == b"IDAT"
            yield view[at + (8 if kind == b"IDAT" else 4) : end - 4]
        if kind == b"IEND":
            break
        at = end
    if not seen:
        raise _NotAsBuilt
