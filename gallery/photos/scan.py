"""Finding the photos in a folder."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from gallery.errors import PhotoError
from gallery.settings import PHOTO_SUFFIXES
from gallery.types import FileEntry, SkippedFile, SkipReason, display_path

OTHERS_FOLDERS = frozenset(["__macosx", "@eadir", "$recycle.bin", "system volume information"])
"""Folders that archivers, network disks and Windows leave behind: copies and thumbnails, never the photos."""

CACHE_TAG = "CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""A folder with a file of this name that begins so holds what can be made again (bford.info/cachedir)."""


def is_photo_name(name: str) -> bool:
    """Return whether a file of this name is looked at: a photo's suffix, and not hidden.

    Example:
        >>> is_photo_name("Fox.JPG"), is_photo_name("._Fox.JPG"), is_photo_name("Thumbs.db")
        (True, False, False)
    """
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES  # noqa: PTH122


def scan_folder(root: Path, *, on_skip: Callable[[SkippedFile], None] | None = None) -> Iterator[FileEntry]:
    """Yield the photos below a folder, sorted by path, as they are found.

    Hidden names and caches (`CACHE_TAG`) are passed over: who opens the folder
    above the app's own data sees no thumbnails among the photos. Links to folders are not followed, so a loop
    of links ends; links to files are. What looks like a photo but cannot be
    looked at is reported and does not end the scan.

    Args:
        root: the folder; sub-folders are included.
        on_skip: is told of sub-folders that cannot be listed, and of things
            with a photo's name that are no regular files.

    Raises:
        PhotoError: the root itself is missing, no folder, or cannot be listed.
    """
    report = on_skip or _ignore
    root = Path(os.path.abspath(root))  # noqa: PTH100 - links in the path stay as the user wrote them
    try:
        stack = [_listing(root)]
    except OSError as exc:
        raise PhotoError(
            f"The folder {display_path(root)} cannot be opened: {exc.strerror or exc}. "
            "Check that it exists, that its disk is connected, and that you may read it."
        ) from exc
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif _is_folder(entry):
            if entry.name.startswith(".") or entry.name.lower() in OTHERS_FOLDERS:
                continue
            try:
                if not _is_cache(Path(entry.path)):
                    stack.append(_listing(Path(entry.path)))
            except OSError as exc:
                report(_refused(Path(entry.path), exc))
        elif is_photo_name(entry.name):
            found = _examine(entry)
            if isinstance(found, FileEntry):
                yield found
            elif found is not None:
                report(found)


def _listing(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _is_cache(folder: Path) -> bool:
    tag = folder / CACHE_TAG
    try:
        if not stat.S_ISREG(tag.stat().st_mode):
            return False
        with tag.open("rb") as file:
            return file.read(len(CACHE_SIGNATURE)) == CACHE_SIGNATURE
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        if sys.platform == "win32":
            # Python 3.11 takes a junction, Windows' other link to a folder, for a folder.
            tag = entry.stat(follow_symlinks=False).st_reparse_tag
            return tag != stat.IO_REPARSE_TAG_MOUNT_POINT and entry.is_dir(follow_symlinks=False)
        else:  # noqa: RET505 - mypy understands platforms only so
            return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _examine(entry: os.DirEntry[str]) -> FileEntry | SkippedFile | None:
    path = Path(entry.path)
    try:
        status = entry.stat()  # of what a link points to
    except OSError as exc:
        return _refused(path, exc)
    if stat.S_ISDIR(status.st_mode):  # a link to a folder that is named like a photo
        return None
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, SkipReason.NOT_A_REGULAR_FILE, "It is a pipe, a socket or a device.")
    return FileEntry(path, status.st_size, status.st_mtime_ns)


def _refused(path: Path, exc: OSError) -> SkippedFile:
    if isinstance(exc, PermissionError):
        detail = "You have no permission to look into it. Ask its owner, or change its permissions."
        return SkippedFile(path, SkipReason.NO_PERMISSION, detail)
    if isinstance(exc, FileNotFoundError):
        detail = "It is gone, or a link that points to nothing."
        return SkippedFile(path, SkipReason.VANISHED, detail)
    detail = f"The system could not open it: {exc.strerror or exc}."
    return SkippedFile(path, SkipReason.NOT_A_REGULAR_FILE, detail)


def _ignore(skipped: SkippedFile) -> None:
    """Nobody asked for the skipped ones."""
