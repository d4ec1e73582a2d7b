"""The lists of photos that grids show: kept on the server, named by a token, fetched page by page.

A browser gets the token and the length of a list, never a hundred thousand ids.
The token is the hash of the list with a secret of this process: the same list
keeps its token over reruns, and nobody can guess one.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PAGE_SIZE = 200
"""Items a page: about 30 KB of JSON, more than two screens of thumbnails."""

_KEPT = 64  # lists: several tabs of several users; 100,000 photos are 0.8 MB
_secret = secrets.token_bytes(16)
_lists: OrderedDict[str, PhotoList] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class PhotoList:
    """Photos in the order in which a grid shows them.

    Attributes:
        token: 32 hexadecimal digits.
        file_ids: (n,) int64.
        true_index: (n,) the true class of each, -1 where unknown; None when nothing is known.
    """

    token: str
    file_ids: NDArray[np.int64]
    model_id: str
    class_names: tuple[str, ...]
    true_index: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.file_ids)

    def picked(self, ranges: object) -> NDArray[np.int64]:
        """Return the files at the positions that `positions_of` finds in ranges."""
        return self.file_ids[positions_of(ranges, len(self))]


def register(
    file_ids: NDArray[np.int64],
    *,
    model_id: str,
    class_names: tuple[str, ...],
    true_index: NDArray[np.int64] | None = None,
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
    digest.update("\0".join((model_id, *class_names)).encode())
    token = digest.hexdigest()
    with _lock:
        known = _lists.get(token)
        if known is None:
            known = _lists[token] = PhotoList(token, ids, model_id, class_names, truth)
        _lists.move_to_end(token)
        while len(_lists) > _KEPT:
            _lists.popitem(last=False)
    return known


def find(token: str) -> PhotoList | None:
    """Return a registered list, or None when it is unknown or was forgotten."""
    with _lock:
        found = _lists.get(token)
        if found is not None:
            _lists.move_to_end(token)
    return found


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
