"""Which formats are read, told by a file's bytes and never by its name."""

from __future__ import annotations

import importlib
from typing import Final

from PIL import Image

from gallery.settings import PIXEL_LIMIT

# Each import registers one reader with Pillow: without them it would load all its fifty.
for _reader in ("Avif", "Bmp", "Gif", "Jpeg", "Png", "Tiff", "WebP"):
    importlib.import_module(f"PIL.{_reader}ImagePlugin")

FORMATS: Final = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "DIB", "GIF", "AVIF")
"""Pillow's names of what is read (an MPO enters as JPEG); all else it could read is refused unseen."""

SPOKEN: Final = "JPEG, PNG, TIFF, WebP, BMP, GIF, AVIF or HEIC"
HEIC_REMEDY: Final = "Photos of iPhones need one more package: pip install pillow-heif"

_HEIC_BRANDS: Final = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"])
_STARTS: Final = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}

# Pillow's own alarm, which also guards pictures inside pictures; the exact limit is checked in `decode`.
Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT


def sniff(data: bytes) -> str | None:
    """Return the format that a file's first bytes announce, or None for no supported one.

    Example:
        >>> sniff(b"\\x89PNG\\r\\n"), sniff(b"<html>")
        ('PNG', None)
    """
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        size = min(max(int.from_bytes(data[:4], "big"), 16), 256)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIC_BRANDS or data[8:12] in (b"mif1", b"msf1"):
            return "HEIF"
    return None


def heic_is_installed() -> bool:
    """Return whether HEIC can be read, and make Pillow able to where it can."""
    if "HEIF" in Image.OPEN:
        return True
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    return True
