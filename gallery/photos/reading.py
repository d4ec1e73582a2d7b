"""Reading a file's bytes once, and saying in one place why a file could not be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gallery.errors import PhotoError
from gallery.settings import FILE_SIZE_LIMIT_BYTES
from gallery.types import SkippedFile, SkipReason, display_path

TOO_MUCH_MEMORY = "Reading it takes more memory than one photo may have. Save it smaller."


class UnreadablePhoto(PhotoError):
    """A file gave no picture; `skipped` says which one, and why."""

    def __init__(self, skipped: SkippedFile) -> None:
        super().__init__(f"{display_path(skipped.path)}: {skipped.reason.value}. {skipped.detail}")
        self.skipped = skipped


def read_regular_file(path: Path, *, limit_bytes: int = FILE_SIZE_LIMIT_BYTES) -> bytes:
    """Return all bytes of a regular file.

    Pipes, devices and folders are refused without being waited for, also when
    one takes the file's place between the look and the opening.

    Raises:
        UnreadablePhoto: it is no regular file, empty, too large, gone, or may
            not be read.
    """

    def refuse(reason: SkipReason, detail: str) -> UnreadablePhoto:
        return UnreadablePhoto(SkippedFile(path, reason, detail))

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise refuse(SkipReason.NOT_A_REGULAR_FILE, "It is a folder, a pipe or a device.")
        # O_NONBLOCK: opening a pipe does not wait for a writer; it does not exist, nor matter, on Windows.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags), "rb", buffering=0) as file:  # noqa: PTH123
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise refuse(SkipReason.NOT_A_REGULAR_FILE, "It is a pipe or a device.")
            if status.st_size == 0:
                raise refuse(SkipReason.EMPTY, "It holds no bytes. Copy it again from where it came.")
            if status.st_size > limit_bytes:
                have, most = status.st_size / 1e6, limit_bytes / 1e6
                detail = f"It has {have:,.0f} MB; files up to {most:,.0f} MB are read."
                raise refuse(SkipReason.TOO_LARGE, detail)
            data = file.readall()
    except FileNotFoundError as exc:
        raise refuse(SkipReason.VANISHED, "It was moved or deleted, or its disk was disconnected.") from exc
    except PermissionError as exc:
        detail = "You have no permission to read it. Ask its owner, or change its permissions."
        raise refuse(SkipReason.NO_PERMISSION, detail) from exc
    except MemoryError as exc:
        raise refuse(SkipReason.OUT_OF_MEMORY, "The file alone fills the memory it may take.") from exc
    except (OSError, ValueError) as exc:  # ValueError: a NUL in the name
        detail = f"The system could not read it: {getattr(exc, 'strerror', None) or exc}."
        raise refuse(SkipReason.DAMAGED, detail) from exc
    if not data:
        raise refuse(SkipReason.VANISHED, "It was emptied while being read.")
    return data
