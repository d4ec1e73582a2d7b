"""Paths as the catalog keeps them: any bytes come back as they were, and sort folder by folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import overload

from gallery.errors import CatalogError
from gallery.types import display_path
from gallery.words import without_surrogates


def encode_below(root: Path, path: Path) -> bytes:
    """Return the bytes of a path below its collection's root, its parts joined by NUL.

    No file name holds a NUL, and it sorts before all else: ``a/z`` comes before
    ``a-b/c``, as people expect of folders.

    Raises:
        CatalogError: the path does not lie below the root.

    Example:
        >>> encode_below(Path("/photos"), Path("/photos/a/b.jpg"))
        b'a\\x00b.jpg'
    """
    whole, above = os.fspath(path), os.fspath(root).removesuffix(os.sep) + os.sep
    if whole.startswith(above):  # a fifth of what pathlib takes, for each photo of each scan
        return os.fsencode(whole[len(above) :]).replace(os.fsencode(os.sep), b"\0")
    try:
        parts = path.relative_to(root).parts
    except ValueError as exc:
        raise CatalogError(
            f"{display_path(path)} does not lie in the collection's folder {display_path(root)}. "
            "Open the folder that holds it."
        ) from exc
    return b"\0".join(os.fsencode(part) for part in parts)


def decode_below(root: Path, stored: bytes) -> Path:
    """Return the path that `encode_below` stored.

    Example:
        >>> decode_below(Path("/photos"), b"a\\x00b.jpg").as_posix()
        '/photos/a/b.jpg'
    """
    return root.joinpath(*(os.fsdecode(part) for part in stored.split(b"\0")))


class PathsBelow(Sequence[Path]):
    """Many paths below a collection's root, 80 bytes each: a million would be 800 MB as paths.

    Equal to any sequence of the same paths.

    Args:
        root: the collection's.
        stored: what `encode_below` made of each.

    Example:
        >>> PathsBelow(Path("/photos"), [b"a\\x00b.jpg"]) == [Path("/photos/a/b.jpg")]
        True
    """

    def __init__(self, root: Path, stored: Sequence[bytes]) -> None:
        self._root = root
        self._stored = stored

    def __len__(self) -> int:
        return len(self._stored)

    @overload
    def __getitem__(self, at: int) -> Path: ...
    @overload
    def __getitem__(self, at: slice) -> PathsBelow: ...
    def __getitem__(self, at: int | slice) -> Path | PathsBelow:
        if isinstance(at, slice):
            return PathsBelow(self._root, self._stored[at])
        return decode_below(self._root, self._stored[at])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)


def name_key(name: str) -> str:
    """Return a name as it is searched and sorted by: upper and lower case alike, accents composed.

    Example:
        >>> name_key("DSC_Ä.JPG") == name_key("dsc_a\\u0308.jpg")
        True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", without_surrogates(name)).casefold())


def shown_of(stored: bytes) -> tuple[str, str, str]:
    """Return a file's folder ("/"-separated, "" for the root) and name, both fit to be shown, and `name_key`.

    Example:
        >>> shown_of(b"2024\\x00May\\x00B.jpg")
        ('2024/May', 'B.jpg', 'b.jpg')
    """
    *folders, name = (without_surrogates(os.fsdecode(part)) for part in stored.split(b"\0"))
    return "/".join(folders), name, name_key(name)


def utc_now() -> str:
    """Return the present moment, ISO 8601, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
