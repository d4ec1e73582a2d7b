"""The files that ``explain`` writes: a heatmap as PNG and its raw map; no other file is written over."""

from __future__ import annotations

import io
import stat
import struct
import zlib
from pathlib import Path

import numpy as np

from gallery.errors import ExchangeError
from gallery.exchange.whole_file import replace_whole
from gallery.settings import PHOTO_SUFFIXES
from gallery.types import FloatArray, display_path

SOFTWARE = "Smart Gallery heatmap"
"""What the PNG's text "Software" says, by which a heatmap is told from a photo."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(_SIGNATURE) + 4 + 4 + 13 + 4  # the chunk IHDR: length, name, 13 bytes, checksum
_NPY_MAGIC = b"\x93NUMPY"


def _text_chunk() -> bytes:
    """Return the chunk tEXt that says `SOFTWARE` (PNG specification, 11.3.4.3)."""
    named = b"tEXt" + b"Software\0" + SOFTWARE.encode("latin-1")
    return struct.pack(">I", len(named) - 4) + named + struct.pack(">I", zlib.crc32(named))


_MARK = _text_chunk()


def marked(png: bytes) -> bytes:
    """Return a PNG with the mark of a heatmap as its second chunk."""
    return png[:_HEADER_END] + _MARK + png[_HEADER_END:]


def check_heatmap_place(file: Path) -> None:
    """Refuse a place that is not meant for a heatmap; to be asked before the long work too.

    Raises:
        ExchangeError: the name does not end with .png, or another file than a heatmap is there.
    """
    suffix = file.suffix.lower()
    if suffix != ".png" and suffix not in PHOTO_SUFFIXES:
        raise ExchangeError(
            f"{display_path(file)} is no name for a heatmap, which is a PNG. Give one that ends with .png."
        )
    there = _beginning(file, _HEADER_END + len(_MARK))
    ours = there is None or (there.startswith(_SIGNATURE) and there[_HEADER_END:] == _MARK)
    if suffix != ".png" or not ours:
        raise ExchangeError(
            f"{display_path(file)} may be a photo of yours, and photos are never written over: only a "
            "heatmap that this program wrote is replaced. Give another name, which ends with .png."
        )


def check_map_place(file: Path) -> None:
    """Refuse a place that is not meant for a raw map.

    Raises:
        ExchangeError: the name does not end with .npy, or another file than an array is there.
    """
    if file.suffix.lower() != ".npy":
        raise ExchangeError(f"{display_path(file)} is no name for the raw map. Give one that ends with .npy.")
    there = _beginning(file, len(_NPY_MAGIC))
    if there is not None and there != _NPY_MAGIC:
        raise ExchangeError(
            f"{display_path(file)} is there already and is no array of NumPy, so it is not written over. "
            "Give the raw map another name, which ends with .npy."
        )


def write_heatmap(file: Path, png: bytes) -> None:
    """Write a heatmap with its mark, whole or not at all.

    Raises:
        ExchangeError: see `check_heatmap_place`, or the place cannot be written; what is
            there is left as it was.
    """
    check_heatmap_place(file)
    replace_whole(file, [marked(png)])


def write_map(file: Path, cam: FloatArray) -> None:
    """Write a map as an .npy file, (h, w) float32, as the method gave it; whole or not at all.

    Raises:
        ExchangeError: see `check_map_place`, or the place cannot be written; what is there
            is left as it was.
    """
    check_map_place(file)
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(cam, np.float32), allow_pickle=False)
    replace_whole(file, [buffer.getvalue()])


def _beginning(file: Path, count: int) -> bytes | None:
    """Return a file's first bytes: none of one that cannot be looked into, None where there is no file."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return b""
        with file.open("rb") as opened:
            return opened.read(count)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        return b""
