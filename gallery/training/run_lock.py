"""One process a training: a second one on the same folder is told so instead of spoiling the first."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.errors import TrainingError


@contextmanager
def sole_process(folder: Path, *, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends.

    Args:
        folder: of a training; existing.
        patience_s: how long to wait: somebody may just be looking whether it is held.

    Raises:
        TrainingError: another process holds it.
    """
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + patience_s
        while True:
            try:
                _lock(handle)
                break
            except OSError as exc:
                if time.monotonic() >= until:
                    raise TrainingError(
                        f"The training in {folder} is running already. Watch it, or stop it first."
                    ) from exc
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def is_held(folder: Path) -> bool:
    """Return whether a process holds a folder; others who look at the same moment do not count.

    Raises:
        OSError: the folder is gone.
    """
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        for wait_s in _LOOKS_S:
            time.sleep(wait_s)
            with contextlib.suppress(OSError):
                _share(handle)
                return False
        return True
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    _LOOKS_S = (0.0, 0.03, 0.06)  # no shared locks here: another one who looks lets go within that

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    _share = _lock

else:
    import fcntl

    _LOOKS_S = (0.0,)

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _share(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
