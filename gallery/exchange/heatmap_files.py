"""The files that ``explain`` writes: a heatmap as PNG and its raw map; no other file is written over."""

from __future__ import annotations

import io
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gallery.errors import ExchangeError
from gallery.exchange.whole_file import replace_whole
from gallery.settings import PHOTO_SUFFIXES
from gallery.types import FloatArray, display_path

_NPY_MAGIC = b"\x93NUMPY"


IsHeatmap = Callable[[Path], bool]
"""Whether a file that exists is a heatmap of this program."""


def check_heatmap_place(file: Path, is_heatmap: IsHeatmap) -> None:
    """Refuse a place that is not meant for a heatmap; to be asked before the long work too.

    Raises:
        ExchangeError: the name does not end with .png, or another file than a heatmap is there.
    """
    suffix = file.suffix.lower()
    if suffix != ".png" and suffix not in PHOTO_SUFFIXES:
        raise ExchangeError(
            f"{display_path(file)} is no name for a heatmap, which is a PNG. Give one that ends with .png."
        )
    there = _beginning(file, 1)  # of what is no file nothing
    if suffix != ".png" or not (there is None or (there and is_heatmap(file))):
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


def write_heatmap(file: Path, png: bytes, is_heatmap: IsHeatmap) -> None:
    """Write a marked heatmap, whole or not at all.

    Raises:
        ExchangeError: see `check_heatmap_place`, or the place cannot be written; what is
            there is left as it was.
    """
    check_heatmap_place(file, is_heatmap)
    replace_whole(file, [png])


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
