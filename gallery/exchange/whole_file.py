"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gallery.errors import ExchangeError
from gallery.files import write_atomic
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
