"""One process a training: a second one on the same folder is told so instead of spoiling the first."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.errors import TrainingError

_FILE = "lock"


@contextmanager
def sole_process(folder: Path, *, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends.

    Args:
        folder: of a training; existing.
        patience_s: how long to wait: somebody may just be looking whether it is held.

    Raises:
        TrainingError: another process holds it, or its disk knows no locks.
    """
    handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + patience_s
        while not _done(_lock, handle, folder):
            if time.monotonic() >= until:
                raise TrainingError(
                    f"The training in {folder} is running already. Watch it, or stop it first."
                )
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(handle)
    finally:
        os.close(handle)


def is_held(folder: Path) -> bool:
    """Return whether a process holds a folder; others who look at the same moment do not count.

    A lock that cannot be looked at counts as held: what runs must not be removed or started again.
    """
    try:
        handle = os.open(folder / _FILE, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return False  # nobody has ever held it, or it is gone
    except OSError:
        return True
    try:
        for wait_s in _LOOKS_S:
            time.sleep(wait_s)
            if _done(_share, handle, folder):
                _unlock(handle)
                return False
    except TrainingError:
        return False  # who wants to hold it gets the same error
    finally:
        os.close(handle)
    return True


def _done(lock: Callable[[int], None], handle: int, folder: Path) -> bool:
    """Lock a file and return whether that went; no if somebody else has it."""
    try:
        lock(handle)
    except _HELD:
        return False
    except OSError as exc:
        raise TrainingError(
            f"The disk of {folder} cannot lock files ({exc}). Put the app's directory (GALLERY_HOME) on a "
            "disk of this computer."
        ) from exc
    return True


if sys.platform == "win32":
    import msvcrt

    _HELD = PermissionError
    _LOOKS_S = (0.0, 0.03, 0.06)  # no shared locks here: another one who looks lets go within that

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _unlock(handle: int) -> None:
        with contextlib.suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

    _share = _lock

else:
    import fcntl

    _HELD = BlockingIOError
    _LOOKS_S = (0.0,)

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _share(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def _unlock(handle: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
