"""The one way a file is written, whole or not at all, and the one way a file of arrays is read."""

from __future__ import annotations

import secrets
import time
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from os import fsync
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRAYS_LIMIT_BYTES = 2 * 1024**3
"""An ``.npz`` that unpacks to more is not read: ten times the largest network of the app in float32."""

BUSY_S = 0.5
"""How long a file is waited for that cannot be replaced: on Windows, while another program has it open."""


def write_atomic(
    path: Path, content: str | bytes | Iterable[bytes], *, durable: bool, keep_busy: bool = False
) -> None:
    """Write a file beside its place and move it there; what is there is replaced only by a complete file.

    Args:
        path: the file, in a folder that exists.
        content: text is written as UTF-8, its line ends as they are; pieces are written as they come.
        durable: the content is on the disk when this returns, so that it also outlives a power cut.
        keep_busy: see `open_atomic`.

    Raises:
        OSError: the place cannot be written, or the file has been open elsewhere for `BUSY_S` (Windows).
        ValueError: the path names no file, or the text has no UTF-8 form.

    Example:
        >>> file = getfixture("tmp_path") / "notes.txt"
        >>> write_atomic(file, "a fox\\n", durable=False)
        >>> file.read_bytes()
        b'a fox\\n'
    """
    with open_atomic(path, durable=durable, keep_busy=keep_busy) as file:
        if isinstance(content, str):
            content = content.encode()
        file.writelines([content] if isinstance(content, bytes) else content)


@contextmanager
def open_atomic(path: Path, *, durable: bool, keep_busy: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its place when the block ends, and vanishes when the block fails.

    Args:
        path: the file, in a folder that exists.
        durable: the content is on the disk when the block ends.
        keep_busy: an older file that another program has open (Windows) stays: for
            files whose name tells their content, so that the older one is as good.

    Raises:
        OSError: the place cannot be written, or the file has been open elsewhere for `BUSY_S` (Windows).
        ValueError: the path names no file.
    """
    staging = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with staging.open("xb") as file:
            yield file
            file.flush()
            if durable:
                fsync(file.fileno())
        try:
            replace_patiently(staging, path, patience_s=0.0 if keep_busy else BUSY_S)
        except PermissionError:
            if not (keep_busy and path.is_file()):
                raise
    finally:
        with suppress(OSError):
            staging.unlink()


def replace_patiently(source: Path, target: Path, *, patience_s: float = BUSY_S) -> None:
    """Move a file onto another one, and try again for a while where the other one is open (Windows).

    Raises:
        PermissionError: the target was still open after `patience_s`, or may not be written.
        OSError: the file cannot be moved there.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            source.replace(target)
            return
        except PermissionError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)


def read_arrays(path: Path, *, limit_bytes: float = ARRAYS_LIMIT_BYTES) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file, which may come from anybody.

    Raises:
        ValueError: it cannot be read, is damaged or no such file, holds pickled objects, or unpacks to more
            bytes than the limit.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            size_bytes = sum(info.file_size for info in archive.infolist())
        if size_bytes > limit_bytes:
            raise ValueError(
                f"it unpacks to {size_bytes / 1e9:.1f} GB, and at most {limit_bytes / 1e9:.1f} GB are read"
            )
        # numpy warns of files that Python 2 wrote, whose numbers are as good
        with warnings.catch_warnings(action="ignore"), np.load(path, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name]) for name in stored.files}
    except (
        OSError, EOFError, LookupError, ArithmeticError, RuntimeError, MemoryError, SyntaxError, TypeError,
        tokenize.TokenError, zipfile.BadZipFile, zlib.error,
    ) as exc:  # fmt: skip
        raise ValueError(str(exc) or type(exc).__name__) from exc
