"""Finding the photos in a folder."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gallery.errors import PhotoError
from gallery.photos.formats import sniff
from gallery.settings import LEFT_OUT, PHOTO_SUFFIXES, is_left_out
from gallery.types import FileEntry, SkippedFile, SkipReason, display_path

CACHE_TAG = "CACHEDIR.TAG"
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""A folder with a file of this name that begins so holds what can be made again (bford.info/cachedir)."""

RAW_SUFFIXES = frozenset(
    (".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef",
     ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".srw", ".x3f")
)  # fmt: skip
VIDEO_SUFFIXES = frozenset(
    (".3gp", ".avi", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv")
)
BESIDE_SUFFIXES = frozenset(
    (".aae", ".csv", ".db", ".ddb", ".html", ".ini", ".json", ".lnk", ".log", ".md", ".pdf", ".thm", ".tsv",
     ".txt", ".url", ".xlsx", ".xml", ".xmp", ".zip")
)  # fmt: skip
"""What lies beside photos and is none: tables, notes and sidecars are no news."""


def is_photo_name(name: str) -> bool:
    """Return whether a file of this name is looked at: a photo's suffix, and not hidden.

    Example:
        >>> is_photo_name("Fox.JPG"), is_photo_name("._Fox.JPG"), is_photo_name("Thumbs.db")
        (True, False, False)
    """
    return (
        not name.startswith(".") and name[name.rfind(".") :].lower() in PHOTO_SUFFIXES
    )  # of a million names


def kind_of_other(name: str) -> str | None:
    """Return what to call a file that is no photo; None for what usually lies beside photos, or is hidden.

    Example:
        >>> [kind_of_other(name) for name in ("DSC_1.NEF", "clip.MP4", "c.jxl", "notes.txt")]
        ['RAW photo (.nef)', 'video (.mp4)', 'file (.jxl)', None]
    """
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if name.startswith(".") or not suffix or suffix in BESIDE_SUFFIXES:
        return None
    kind = "RAW photo" if suffix in RAW_SUFFIXES else "video" if suffix in VIDEO_SUFFIXES else "file"
    return f"{kind} ({suffix})"


def scan_folder(
    root: Path,
    *,
    on_other: Callable[[str], None] | None = None,
    wanted: Callable[[Path, int], bool] | None = None,
    left_out: Sequence[str] = LEFT_OUT,
) -> Iterator[FileEntry | SkippedFile]:
    """Yield the photos below a folder, sorted by path, as they are found.

    Sub-folders that cannot be listed, links to folders elsewhere, and things with a photo's name that are no
    regular files come as skipped files.

    Hidden names and caches (`CACHE_TAG`) are passed over: who opens the folder
    above the app's own data sees no thumbnails among the photos. A link to a folder that lies below the
    root is followed, once and never in a circle. A file without suffix that begins like a photo is one.

    Args:
        root: the folder; sub-folders are included.
        on_other: is told the kind of each other file (`kind_of_other`).
        wanted: is called with each folder and how many of its names are photos'; returns whether its
            files are looked at (all are for None). Its sub-folders are looked into in any case.
        left_out: patterns of names that are passed over with all that is in them.

    Raises:
        PhotoError: the root itself is missing, no folder, or cannot be listed.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - links in the path stay as the user wrote them
    top, followed = root.resolve(), set[Path]()
    try:
        stack = [_listing(root, wanted, left_out)]
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
            if entry.name.startswith("."):
                continue
            folder = Path(entry.path)
            elsewhere = _refused_link(entry, top, followed)
            if elsewhere is not None:
                if elsewhere:
                    yield SkippedFile(folder, SkipReason.LINKED_FOLDER, elsewhere)
                continue
            try:
                if not _is_cache(folder):
                    stack.append(_listing(folder, wanted, left_out))
            except OSError as exc:
                yield _refused(folder, exc)
        elif is_photo_name(entry.name) or _begins_like_a_photo(entry):
            yield _examine(entry)
        elif on_other is not None and (kind := kind_of_other(entry.name)) is not None:
            on_other(kind)


def _refused_link(entry: os.DirEntry[str], root: Path, followed: set[Path]) -> str | None:
    """Return None for a folder to go into; else why a link is not followed, "" where that is no news.

    Followed are those that stay below the root, each target once.
    """
    try:
        if not _is_link(entry):
            return None
        target = Path(entry.path).resolve()
        above = Path(entry.path).parent.resolve()
    except (OSError, RuntimeError):
        return ""
    if root not in target.parents:
        inside = target == root or target in root.parents
        return "" if inside else (
            f"It is a link to {display_path(target)}, which lies outside the opened folder. Open that "
            "folder, or the one above both."
        )  # fmt: skip
    if target == above or target in above.parents or target in followed:
        return ""
    followed.add(target)
    return None


def _is_link(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32":
        # Python 3.11 takes a junction, Windows' other link to a folder, for a folder.
        tag = entry.stat(follow_symlinks=False).st_reparse_tag
        return entry.is_symlink() or tag == stat.IO_REPARSE_TAG_MOUNT_POINT
    else:  # noqa: RET505 - mypy understands platforms only so
        return entry.is_symlink()


def _begins_like_a_photo(entry: os.DirEntry[str]) -> bool:
    """Return whether a file without suffix holds a photo, as those that a rescue program brought back."""
    if entry.name.startswith(".") or os.path.splitext(entry.name)[1]:  # noqa: PTH122
        return False
    try:
        if not entry.is_file():
            return False
        with open(entry.path, "rb", buffering=0) as file:  # noqa: PTH123
            return sniff(file.read(64)) is not None
    except OSError:
        return False


def _listing(
    folder: Path, wanted: Callable[[Path, int], bool] | None, left_out: Sequence[str]
) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        found = sorted(
            (one for one in entries if not is_left_out(one.name, left_out)), key=lambda entry: entry.name
        )
    if wanted is not None and not wanted(folder, sum(is_photo_name(entry.name) for entry in found)):
        found = [
            entry
            for entry in found
            if not entry.is_file(follow_symlinks=False)
            and not (entry.is_symlink() and is_photo_name(entry.name))
        ]
    return iter(found)


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
        return entry.is_dir()
    except OSError:
        return False


def _examine(entry: os.DirEntry[str]) -> FileEntry | SkippedFile:
    path = Path(entry.path)
    try:
        status = entry.stat()  # of what a link points to
    except OSError as exc:
        return _refused(path, exc)
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
