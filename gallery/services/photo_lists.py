"""The photos that a browser may ask for: kept on the server, named by a token, fetched page by page.

A browser gets the token and the length of a list, never a hundred thousand ids.
The token is the hash of the list with a secret of this process: the same list
keeps its token over reruns, and nobody can guess one.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gallery.services import photo_view, stacks, wiring
from gallery.services.heads import unlike_below
from gallery.types import GridItem, PhotoId

PAGE_SIZE = 200
"""Items a page: about 30 KB of JSON, more than two screens of thumbnails."""

T = TypeVar("T")

_secret = secrets.token_bytes(16)


class _Newest(Generic[T]):
    """Things by token, of which those asked for last are kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, token: str, thing: T) -> T:
        """Return what is kept under the token: the thing, unless there is one already."""
        with self._lock:
            known = self._kept.setdefault(token, thing)
            self._kept.move_to_end(token)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return known

    def get(self, token: str) -> T | None:
        with self._lock:
            if token in self._kept:
                self._kept.move_to_end(token)
            return self._kept.get(token)


@dataclass(frozen=True, eq=False)
class PhotoList:
    """Photos in the order in which a grid shows them.

    Attributes:
        token: 32 hexadecimal digits.
        file_ids: (n,) int64.
        true_index: (n,) the true class of each, -1 where unknown; None when nothing is known.
        stacked: each stands for all photos of its sequence.
    """

    token: str
    file_ids: NDArray[np.int64]
    model_id: str
    class_names: tuple[str, ...]
    true_index: NDArray[np.int64] | None = None
    stacked: bool = False

    def __len__(self) -> int:
        return len(self.file_ids)

    def picked(self, ranges: object) -> NDArray[np.int64]:
        """Return the files at the positions that `positions_of` finds in ranges; of stacks, all of each."""
        picked = self.file_ids[positions_of(ranges, len(self))]
        return stacks.with_all_frames(picked) if self.stacked else picked


def register(
    file_ids: NDArray[np.int64],
    *,
    model_id: str,
    class_names: tuple[str, ...],
    true_index: NDArray[np.int64] | None = None,
    stacked: bool = False,
) -> PhotoList:
    """Return the list under its token; it stays fetchable until many newer ones have come.

    Raises:
        ValueError: there is not one true class for each photo.
    """
    ids = np.ascontiguousarray(file_ids, dtype=np.int64)
    truth = None if true_index is None else np.ascontiguousarray(true_index, dtype=np.int64)
    if truth is not None and truth.shape != ids.shape:
        raise ValueError(f"{len(ids)} photos, but {truth.shape} true classes")
    digest = hashlib.blake2b(ids.tobytes(), key=_secret, digest_size=16)
    digest.update(b"" if truth is None else truth.tobytes())
    digest.update("\0".join((model_id, *class_names, "stacked" * stacked)).encode())
    token = digest.hexdigest()
    return _lists.put(token, PhotoList(token, ids, model_id, class_names, truth, stacked))


def named(listed: PhotoList) -> dict[str, str | int]:
    """Return what a browser needs to fetch a list."""
    return {"token": listed.token, "count": len(listed), "page_size": PAGE_SIZE}


def find(token: str) -> PhotoList | None:
    """Return a registered list, or None when it is unknown or was forgotten."""
    return _lists.get(token)


def page(chosen: PhotoList, number: int) -> list[tuple[GridItem, str | None]]:
    """Return one page of a list, counted from 0: each item with its true class, None where unknown."""
    part = slice(number * PAGE_SIZE, (number + 1) * PAGE_SIZE)
    file_ids = chosen.file_ids[part]
    items = []
    if len(file_ids):
        shown = stacks.items if chosen.stacked else wiring.catalog().grid_items
        items = shown(file_ids, chosen.model_id, unlike_below=unlike_below(chosen.model_id))
    indices = [-1] * len(items) if chosen.true_index is None else chosen.true_index[part].tolist()
    names = dict(enumerate(chosen.class_names))
    return [(item, names.get(index)) for item, index in zip(items, indices, strict=True)]


def all_files(chosen: PhotoList) -> list[int] | list[list[int]]:
    """Return the files of a list, in its order; of stacks, a list for each."""
    if not chosen.stacked:
        return [int(file_id) for file_id in chosen.file_ids]
    return [list(frames) for frames in wiring.catalog().frames(chosen.file_ids)]


def items_of(file_ids: NDArray[np.int64], model_id: str) -> list[GridItem]:
    """Return what grids and strips show of some files, in their order."""
    return wiring.catalog().grid_items(file_ids, model_id) if len(file_ids) else []


def positions_of(ranges: object, length: int) -> NDArray[np.int64]:
    """Return the positions that index ranges name, ascending, each once.

    Args:
        ranges: ``[[first, last], ...]``, both ends included, as a browser sent
            it: whatever does not fit is left out.
        length: of the list.

    Example:
        >>> positions_of([[0, 2], [2, 3], [9, 99], "x"], 11).tolist()
        [0, 1, 2, 3, 9, 10]
    """
    chosen = np.zeros(length, dtype=bool)
    for span in ranges if isinstance(ranges, list) else []:
        if not (isinstance(span, list) and len(span) == 2 and all(type(end) is int for end in span)):
            continue
        first, last = max(span[0], 0), min(span[1], length - 1)
        if first <= last:
            chosen[first : last + 1] = True
    return np.flatnonzero(chosen).astype(np.int64)


def register_files(files: Mapping[PhotoId, Path]) -> str:
    """Return the token of a data set's photos, which need not be in the catalog; the same set keeps it."""
    digest = hashlib.blake2b(key=_secret, digest_size=16)
    for photo_id in files:
        digest.update(photo_id.encode())
    token = digest.hexdigest()
    _data_sets.put(token, files)
    return token


def registered_thumbnail(token: str, photo_id: PhotoId) -> bytes | None:
    """Return the thumbnail of a data set's photo as JPEG; None for a photo that was not registered.

    Raises:
        PhotoError: the file is gone, or holds another photo now.
    """
    path = (_data_sets.get(token) or {}).get(photo_id)
    return None if path is None else photo_view.thumbnail_of(path, photo_id)


_lists: _Newest[PhotoList] = _Newest(64)  # several tabs of several users; 100,000 photos are 0.8 MB
_data_sets: _Newest[Mapping[PhotoId, Path]] = _Newest(16)
