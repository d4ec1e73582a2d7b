"""Folders of this machine, as people name and find them: pasted paths, completion, usual places, counts."""

from __future__ import annotations

import itertools
import os
import re
import string
import sys
import time
import unicodedata
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from gallery.errors import GalleryError
from gallery.services import wiring
from gallery.settings import PHOTO_SUFFIXES, Settings, pictures_folder
from gallery.types import display_path
from gallery.words import shown_text

_SHOWN = 200  # sub-folders offered; who has more types a letter
_LISTED = 5_000  # entries of one folder; counting more would make typing wait

COUNTING_S = 1.5
"""What counting the photos of some folders may take in all."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
"""What a copied path brings along unseen: Windows' window of properties puts U+202A before it."""

_ESCAPED = re.compile(r"\\(.)")


# ---- paths as people type and paste them -----------------------------------


def typed_path(text: str) -> Path:
    """Return the path that a person typed, or pasted from a file manager, a terminal or a browser.

    Of its readings the first that exists is taken, so that a folder whose name
    itself ends with a blank or a quote is found too.

    Args:
        text: a path, perhaps with blanks around, in quotes, with "~", as a
            ``file://`` address, or with a terminal's backslashes before blanks.

    Returns:
        The path, which need not exist.

    Example:
        >>> typed_path(' "/no such folder/x" ').as_posix(), typed_path("file:///caf%C3%A9/x").as_posix()
        ('/no such folder/x', '/café/x')
    """
    readings = list(_readings(text))
    return next((path for path in readings if _exists(path)), readings[0])


def _readings(text: str) -> Iterator[Path]:
    """Yield what a text may mean, the most likely first."""
    plain = text.strip().strip(_INVISIBLE).strip()
    bare = plain.strip(_QUOTES).strip()
    for one in dict.fromkeys((bare, plain, text)):
        address = urlsplit(one) if one.lower().startswith("file:") else None
        try:
            yield Path(one).expanduser() if address is None else _of_address(address.netloc, address.path)
        except (RuntimeError, ValueError):  # nobody's "~name", or no address
            yield Path(one)
    if os.sep == "/" and "\\" in bare:
        yield Path(_ESCAPED.sub(r"\1", bare)).expanduser()


def _of_address(host: str, path: str) -> Path:
    if sys.platform == "win32":
        shared = f"//{host}" if host and host != "localhost" else ""
        return Path(urllib.request.url2pathname(f"{shared}{path}"))
    return Path(os.fsdecode(unquote_to_bytes(path)))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def typable(path: Path) -> str:
    """Return a path as text that leads back to it through `typed_path`, also from a browser's text box.

    Example:
        >>> typable(Path("/photos/2024")), typable(Path("/caf\\udce9"))
        ('/photos/2024', 'file:///caf%E9')
    """
    text = str(path)
    strange = any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)
    return path.as_uri() if strange and path.is_absolute() else text


def beside(folder: Path | None) -> str:
    """Return the path that a box begins with: the folder in which another lies, or nothing.

    Example:
        >>> beside(Path("photos", "2024")) == f"photos{os.sep}", beside(None)
        (True, '')
    """
    return "" if folder is None else _opened(folder.parent)


def _opened(folder: Path) -> str:
    """Return a folder as text to which a name can be appended."""
    text = typable(folder)
    separator = "/" if text.startswith("file:") else os.sep
    return text if text.endswith(separator) else f"{text}{separator}"


# ---- completion ------------------------------------------------------------


def completions(chosen: Settings, typed: str) -> dict[str, Any]:
    """Return the sub-folders that a typed path leads to.

    Returns:
        ``folder``, in which the names lie, with a separator at its end; ``above``,
        the folder above that; ``names``, each ``{"name": as shown, "path": as typed}``;
        ``opens``, whether the typed path is itself a folder that may be opened;
        ``photos``, how many photos lie directly in it; ``problem``, a sentence or None.
    """
    if not typed.strip():
        typed = f"{chosen.roots[0] if chosen.roots else Path.home()}{os.sep}"
    answer: dict[str, Any] = {
        "folder": "", "above": "", "names": [], "opens": False, "photos": 0, "problem": None
    }  # fmt: skip
    try:
        path = typed_path(typed)
        os.fsencode(path)
    except ValueError:  # half a character
        return answer | {"problem": "There is no such folder."}
    bare = typed.strip().strip(_QUOTES)
    if not path.is_absolute():
        return answer | {"problem": "Type the whole path, from the beginning."}
    ends_open = bare.endswith(("/", os.sep)) or bare == "~"
    folder, begun = (path, "") if ends_open else (path.parent, path.name)
    if not _may_list(chosen, folder):
        roots = [{"name": str(root), "path": _opened(root)} for root in chosen.roots]
        return answer | {"names": roots, "problem": "Only these folders may be opened on this server."}
    try:
        names, photos = _listed(folder, begun)
        if not ends_open and path.is_dir() and _may_list(chosen, path):  # "..", or a link out of the roots
            inside, photos = _listed(path, "")
            if names in ([], [begun]):
                folder, names = path, inside
        answer |= {"opens": path.is_dir() and chosen.holds(path.resolve()), "photos": photos}
    except OSError as error:
        return answer | {"problem": f"This folder cannot be looked into: {error.strerror}."}
    except ValueError:  # a NUL in the name
        return answer | {"problem": "There is no such folder."}
    shown = [{"name": shown_text(name), "path": _opened(folder / name)} for name in names[:_SHOWN]]
    return answer | {"folder": _opened(folder), "above": _opened(folder.parent), "names": shown}


def _listed(folder: Path, begun: str) -> tuple[list[str], int]:
    """Return the visible sub-folders whose names begin so, and how many photos lie beside them."""
    names, photos = [], 0
    with os.scandir(folder) as entries:
        for entry in itertools.islice(entries, _LISTED):
            if entry.name.startswith("."):
                continue
            if Path(entry.name).suffix.lower() in PHOTO_SUFFIXES:
                photos += 1
            elif entry.name.casefold().startswith(begun.casefold()) and _is_folder(entry):
                names.append(entry.name)
    return sorted(names, key=str.casefold), photos


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _may_list(chosen: Settings, folder: Path) -> bool:
    """Return whether a folder's sub-folders may be named: all may, or those below the roots."""
    try:
        return not chosen.roots or chosen.holds(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        return False


# ---- usual places, and how many photos lie there ---------------------------


def places(chosen: Settings) -> list[dict[str, str]]:
    """Return where photos usually are: home, pictures and removable disks; or the roots where there are any.

    Returns:
        ``name`` as shown, ``path`` as typed, ``kind``: "home", "pictures" or "disk".
    """
    if chosen.roots:
        found = [(display_path(root), root, "disk") for root in chosen.roots]
    else:
        found = [("Home", Path.home(), "home"), ("Pictures", pictures_folder(), "pictures")]
        found += [(disk.name or str(disk), disk, "disk") for disk in disks()]
    return [
        {"name": shown_text(name), "path": _opened(path), "kind": kind}
        for name, path, kind in found
        if _exists(path)
    ]


def disks(below: Sequence[str] = ("/media", "/run/media", "/mnt", "/Volumes")) -> list[Path]:
    """Return the disks that were put in: drives on Windows, else folders where systems mount them.

    Args:
        below: the folders in which they are mounted; a folder of this account's name is looked into.
    """
    if sys.platform == "win32":
        return [path for letter in string.ascii_uppercase if _exists(path := Path(f"{letter}:\\"))]
    found: list[Path] = []
    for place in map(Path, below):
        for entry in _sub_folders(place):
            found += _sub_folders(entry) if entry.name == wiring.account() else [entry]
    return [disk for disk in found if next(iter(_entries(disk)), None) is not None]  # an empty mount point


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in _entries(folder) if _is_folder(entry))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in itertools.islice(entries, _SHOWN) if not entry.name.startswith(".")]
    except OSError:
        return []


def photo_counts(chosen: Settings, typed: Sequence[str]) -> list[tuple[int, bool]]:
    """Return how many photos lie in and below some folders, counted for `COUNTING_S` in all.

    Args:
        chosen: says which folders may be looked into.
        typed: their paths, as `completions` and `places` give them.

    Returns:
        For each the count, and whether it is the whole one: time may run out before.
    """
    began = time.monotonic()
    counts = []
    for n, text in enumerate(typed):
        left = began + COUNTING_S - time.monotonic()
        counts.append(_count(chosen, typed_path(text), until=time.monotonic() + left / (len(typed) - n)))
    return counts


def _count(chosen: Settings, folder: Path, *, until: float) -> tuple[int, bool]:
    count = 0
    try:
        if not _may_list(chosen, folder):
            return 0, False
        for count, _ in enumerate(wiring.photos_in(folder), start=1):
            if time.monotonic() > until:
                return count, False
    except GalleryError:
        return count, False
    return count, True
