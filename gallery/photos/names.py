"""File names from strangers, made safe on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

LONGEST_NAME = 120
"""Characters of one name: at most 480 bytes never occur in practice, and `_cut` keeps below 240."""

DEEPEST = 12
"""Sub-folders of a name that are kept: Windows' paths end at 260 characters."""

_LONGEST_BYTES = 240
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f\ud800-\udfff]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$")


def safe_component(name: str, *, longest: int = LONGEST_NAME) -> str:
    """Return a name that is one harmless path component anywhere, or "" when nothing is left of it.

    Example:
        >>> safe_component("fox: 1.jpg"), safe_component("CON.jpg"), safe_component("..")
        ('fox_ 1.jpg', '_CON.jpg', '')
    """
    name = unicodedata.normalize("NFC", name).replace("/", "_").replace("\\", "_")
    name = "".join("_" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in name)
    name = re.sub(r"^[\s.]+|[\s.]+$", "", _FORBIDDEN.sub("_", name))
    if _RESERVED.match(name):
        name = f"_{name}"
    return _cut(name, longest)


def safe_relative(name: str) -> list[str]:
    """Return the components of a relative path that stays below where it is joined.

    Args:
        name: with "/" or "\\\\" between folders, as browsers and zips have it.

    Returns:
        Harmless components, the last one the file's; none for a name of nothing
        but dots. A file that was hidden comes back as an empty list as well.

    Example:
        >>> safe_relative("../../etc/fox.jpg"), safe_relative("C:\\\\a\\\\fox.jpg")
        (['etc', 'fox.jpg'], ['C_', 'a', 'fox.jpg'])
    """
    raw = [part for part in re.split(r"[/\\]", name) if part.strip(". ")]
    if not raw or raw[-1].startswith("."):
        return []
    parts = [part for part in map(safe_component, raw) if part]
    return parts[-DEEPEST:]


def without_clash(name: str) -> Iterator[str]:
    """Yield the name, then "name (2)", "name (3)", ... with the suffix kept.

    Example:
        >>> names = without_clash("fox.jpg")
        >>> next(names), next(names)
        ('fox.jpg', 'fox (2).jpg')
    """
    yield name
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix) <= 5 else ""
    stem = name[: len(name) - len(suffix)]
    number = 2
    while True:
        yield f"{stem} ({number}){suffix}"
        number += 1


def _cut(name: str, longest: int) -> str:
    suffix = PurePosixPath(name).suffix
    suffix = suffix if len(suffix) <= 6 else ""
    stem = name[: len(name) - len(suffix)]
    stem = stem[: max(1, longest - len(suffix))]
    while len((stem + suffix).encode()) > _LONGEST_BYTES:
        stem = stem[:-1]
    return (stem + suffix).strip()
