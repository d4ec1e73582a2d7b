"""Files that are all but whole: what cameras, cards and mail programs add to a photo, or cut off."""

from __future__ import annotations

STRAY_BYTES = 64
"""A JPEG begins so late at most: a few stray bytes, not another format that holds a picture."""

_JPEG, _PNG, _END = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd9"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_OTHERS = (b"%PDF", b"PK", b"RIFF", b"GIF8", b"BM", b"II", b"MM", b"<", b"\0\0\0")
"""Beginnings of other formats, in which a JPEG is a part."""


def repaired(data: bytes) -> tuple[bytes, str] | None:
    """Return a file's bytes as they can be read, and what to note; None where nothing is known to help.

    Args:
        data: of a file that Pillow refused.

    Example:
        >>> repaired(b"\\r\\n\\xff\\xd8\\xff...")
        (b'\\xff\\xd8\\xff...', '2 stray bytes before the picture')
    """
    if data.startswith(_JPEG):
        return data + _END, ""
    if data.startswith(_PNG):
        return _without_texts(data), "its texts were not read"
    at = data[: STRAY_BYTES + len(_JPEG)].find(_JPEG)
    if at > 0 and not data.startswith(_OTHERS):
        return data[at:], f"{at} stray bytes before the picture"
    return None


def _without_texts(data: bytes) -> bytes:
    pieces, at = [_PNG], len(_PNG)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in _TEXTS:
            pieces.append(data[at:end])
        at = end
    return b"".join(pieces)
