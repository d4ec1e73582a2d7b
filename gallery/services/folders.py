"""Which folders of this machine a typed path can be completed to."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from gallery.settings import PHOTO_SUFFIXES, Settings
from gallery.types import display_path

_SHOWN = 200  # sub-folders offered; who has more types a letter
_LISTED = 5_000  # entries of one folder; counting more would make typing wait


def beside(folder: Path | None) -> str:
    """Return the path that a box begins with: the folder in which another lies, or nothing.

    Example:
        >>> beside(Path("photos", "2024")) == f"photos{os.sep}", beside(None)
        (True, '')
    """
    shown = "" if folder is None else display_path(folder.parent / "_")[:-1]
    return "" if "\ufffd" in shown else shown  # a name that no text can hold cannot be typed back


def completions(chosen: Settings, typed: str) -> dict[str, Any]:
    """Return the sub-folders that a typed path leads to.

    Returns:
        ``folder``, in which the names lie, with a separator at its end; ``names``;
        ``opens``, whether the typed path is itself a folder that may be opened;
        ``photos``, how many photos lie directly in it; ``problem``, a sentence or None.
    """
    if not typed.strip():
        typed = f"{chosen.roots[0] if chosen.roots else Path.home()}{os.sep}"
    answer: dict[str, Any] = {"folder": "", "names": [], "opens": False, "photos": 0, "problem": None}
    try:
        path = Path(typed).expanduser()
        os.fsencode(path)
    except (RuntimeError, ValueError):  # nobody's "~name", or half a character
        return answer | {"problem": "There is no such folder."}
    ends_open = typed.endswith(("/", os.sep)) or typed in {"~", "."}
    folder, begun = (path, "") if ends_open else (path.parent, path.name)
    if not path.is_absolute():
        return answer | {"problem": "Type the whole path, from the beginning."}
    if not _may_list(chosen, folder):
        names = [str(root) for root in chosen.roots]
        return answer | {"names": names, "problem": "Only these folders may be opened on this server."}
    try:
        names, photos = _listed(folder, begun)
        if not ends_open and path.is_dir() and _may_list(chosen, path):  # "..", or a link out of the roots
            inside, photos = _listed(path, "")
            if names in ([], [begun]):
                folder, names = path, inside
        answer |= {"opens": path.is_dir() and _allowed(chosen, path), "photos": photos}
    except OSError as error:
        return answer | {"problem": f"This folder cannot be looked into: {error.strerror}."}
    except ValueError:  # a NUL in the name
        return answer | {"problem": "There is no such folder."}
    separator = "" if str(folder).endswith(os.sep) else os.sep
    return answer | {"folder": f"{folder}{separator}", "names": names[:_SHOWN]}


def _listed(folder: Path, begun: str) -> tuple[list[str], int]:
    """Return the visible sub-folders whose names begin so, and how many photos lie beside them."""
    names, photos = [], 0
    with os.scandir(folder) as entries:
        for entry in itertools.islice(entries, _LISTED):
            if entry.name.startswith(".") or not entry.name.isprintable():
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
        return not chosen.roots or _allowed(chosen, folder)
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        return False


def _allowed(chosen: Settings, folder: Path) -> bool:
    resolved = folder.resolve()
    return not chosen.roots or any(resolved == root or root in resolved.parents for root in chosen.roots)
