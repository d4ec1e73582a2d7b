"""Unpacking the photos of a zip that a stranger made."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from gallery.errors import PhotoError
from gallery.photos.names import safe_relative
from gallery.photos.scan import is_photo_name
from gallery.settings import FILE_SIZE_LIMIT_BYTES, is_left_out
from gallery.types import SkippedFile, SkipReason

CHUNK_BYTES = 1024**2

BOMB_RATIO = 200
"""Times the packed size: photos are packed already; only bombs and blank pictures shrink so far."""

BOMB_FLOOR_BYTES = 100_000_000
"""Below this a file may have any ratio: a blank TIFF is harmless."""

ENTRY_LIMIT = 1_000_000
"""Entries of a zip that are looked through, photos or not."""

TOLD_MOST = 20_000
"""Entries that were left out and are told; a stranger's zip may have a million."""

_SYSTEM_FILES = frozenset(["thumbs.db", "desktop.ini"])

PACKINGS = frozenset([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
"""What every packing program writes by default. LZMA would take as much memory as the zip asks for."""


_ARCHIVE = re.compile(r"\.(zip|rar|7z|tar|tgz|gz|bz2|xz)$", re.IGNORECASE)

Receive = Callable[[str, Iterator[bytes]], Path]
"""Takes a photo's bytes in under a name below the folder; refuses what no photo may have."""


def unpack(zip_path: Path, folder: Path, receive: Receive) -> list[SkippedFile]:
    """Unpack a zip's photos below a folder; see `UploadArea.unpack_zip`."""
    skipped: list[SkippedFile] = []
    try:
        with zipfile.ZipFile(zip_path) as archive:
            entries = archive.infolist()
            _refuse_bombs(entries, zip_path)
            for entry in entries:
                left_out = _unpack_entry(archive, entry, folder, receive)
                if left_out is not None and len(skipped) < TOLD_MOST:
                    skipped.append(left_out)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError, NotImplementedError) as exc:
        raise PhotoError(
            f"{zip_path.name} is damaged or no zip ({exc}). Pack the photos again, as a plain zip."
        ) from exc
    except OSError as exc:
        raise PhotoError(f"{zip_path.name} cannot be read: {exc.strerror or exc}. Upload it again.") from exc
    return skipped


def _refuse_bombs(entries: list[zipfile.ZipInfo], zip_path: Path) -> None:
    if len(entries) > ENTRY_LIMIT:
        raise PhotoError(f"{zip_path.name} has more than {ENTRY_LIMIT:,} entries. Pack the photos in parts.")
    if sum(entry.compress_size for entry in entries) > zip_path.stat().st_size:
        # Entries that share their packed bytes (Fifield 2019, "A better zip bomb").
        raise PhotoError(f"{zip_path.name} is built to overflow a disk; nothing of it was unpacked.")


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name as it was meant: macOS writes UTF-8 without saying so.

    Example:
        >>> entry_name(zipfile.ZipInfo("Fu\u2560\u00eachse.jpg")) == "Fu\u0308chse.jpg"
        True
    """
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _unpack_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, receive: Receive
) -> SkippedFile | None:
    """Unpack one entry; return why it was left out, unless systems or archivers put it there."""
    name = entry_name(entry)
    raw_parts = re.split(r"[/\\]", name)
    hidden = any(part.startswith(".") and part.strip(".") for part in raw_parts)
    if entry.is_dir() or hidden or any(map(is_left_out, raw_parts)):
        return None
    parts = safe_relative(name)
    if not parts:
        return None
    path = folder.joinpath(*parts)
    if _ARCHIVE.search(parts[-1]):
        detail = "It is an archive inside the zip; unpack it and upload the photos."
        return SkippedFile(path, SkipReason.NOT_A_PHOTO, detail)
    if parts[-1].lower() in _SYSTEM_FILES:
        return None
    if not is_photo_name(parts[-1]):
        return SkippedFile(path, SkipReason.NOT_A_PHOTO, "Only photos are taken out of a zip.")
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return SkippedFile(path, SkipReason.NOT_A_REGULAR_FILE, "It is a link inside the zip.")
    if entry.flag_bits & 0x1:
        detail = "It is locked with a password; pack the photos without one."
        return SkippedFile(path, SkipReason.NO_PERMISSION, detail)
    if entry.compress_type not in PACKINGS:
        detail = "It is packed by an unusual method; pack the photos again, as a plain zip."
        return SkippedFile(path, SkipReason.NOT_A_PHOTO, detail)
    if entry.file_size > FILE_SIZE_LIMIT_BYTES:
        detail = (
            f"It has {entry.file_size / 1e6:,.0f} MB; up to {FILE_SIZE_LIMIT_BYTES / 1e6:,.0f} MB are read."
        )
        return SkippedFile(path, SkipReason.TOO_LARGE, detail)
    most = max(entry.compress_size * BOMB_RATIO, BOMB_FLOOR_BYTES)
    try:
        with archive.open(entry) as packed:
            receive("/".join(parts), _chunks(packed, most))
    except _BombError:
        detail = f"It unpacks to more than {BOMB_RATIO} times its size, as no photo does."
        return SkippedFile(path, SkipReason.TOO_LARGE, detail)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
        return SkippedFile(path, SkipReason.DAMAGED, f"It cannot be unpacked ({exc}). Pack it again.")
    return None


class _BombError(Exception):
    """A photo unpacks to more than any."""


def _chunks(packed: IO[bytes], most: int) -> Iterator[bytes]:
    """Yield what an entry unpacks to, up to so many bytes.

    Raises:
        _BombError: it has more.
    """
    while chunk := packed.read(CHUNK_BYTES):
        most -= len(chunk)
        if most < 0:
            raise _BombError
        yield chunk
