"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gallery.errors import ExchangeError
from gallery.files import write_atomic
from gallery.settings import PHOTO_SUFFIXES
from gallery.types import display_path


def replace_whole(file: Path, content: Iterable[bytes], *, durable: bool = True) -> None:
    """Write a file beside its place and move it there; what is there is replaced only by a complete file.

    Args:
        file: the place.
        content: its bytes, piece by piece.
        durable: on the disk when this returns; not needed for one of many files that can be made again.

    Raises:
        ExchangeError: the place cannot be written; an older file there is left as it was.
    """
    try:
        write_atomic(file, content, durable=durable)
    except (OSError, ValueError) as exc:  # ValueError: "." or "/", which is no file's name
        raise ExchangeError(
            f"{display_path(file)} cannot be written: {getattr(exc, 'strerror', None) or exc}. Choose a "
            "folder that exists and that you may write to, and close the file if another program has it open."
        ) from exc


def check_place(file: Path) -> None:
    """Say at once that a table cannot be written there, before the work for it is done.

    Raises:
        ExchangeError: it bears the name of a photo, is a folder, or lies in none.
    """
    if file.suffix.lower() in PHOTO_SUFFIXES:
        raise ExchangeError(
            f"{display_path(file)} is the name of a photo, and photos are never written over. "
            "Give the table a name that ends with .csv."
        )
    if file.is_dir() or not file.parent.is_dir():
        said = "is a folder" if file.is_dir() else "lies in a folder that does not exist"
        raise ExchangeError(
            f"{display_path(file)} cannot be written: it {said}. Choose a file's name in a "
            "folder that exists and that you may write to."
        )


def write_whole(file: Path, lines: Iterable[str]) -> None:
    """Write a text file that is either complete or not there.

    Raises:
        ExchangeError: it bears the name of a photo, or the place cannot be written;
            an older file there is left as it was.
    """
    check_place(file)
    replace_whole(file, (line.encode("utf-8") for line in lines))
