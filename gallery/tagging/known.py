"""Files whose bytes were read before, at another place or in another collection: nothing is decoded again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

_BATCH = 32
"""Files noted in one transaction."""


class KnownFiles(Protocol):
    """What this needs of the catalog."""

    def files_like_read_ones(self, collection_id: int) -> Sequence[Path]: ...
    def record_known(self, collection_id: int, digests: Sequence[tuple[Path, str]]) -> int: ...


def recognise(
    catalog: KnownFiles, collection_id: int, *, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Find the unread files of a collection that hold the bytes of a photo in the catalog.

    Only files as large as one that was read are opened, to take their SHA-256:
    a new folder costs one query.

    Args:
        catalog: where they are noted.
        collection_id: whose files; a scan has found them.
        cancelled: asked between files whether to stop.

    Returns:
        How many were recognised.

    Raises:
        CatalogError: the catalog cannot be written.
    """
    recognised = 0
    alike = iter(catalog.files_like_read_ones(collection_id))
    while not cancelled() and (some := list(islice(alike, _BATCH))):
        digests = []
        for path in some:
            with contextlib.suppress(OSError), path.open("rb") as file:  # the reader will say what is wrong
                digests.append((path, hashlib.file_digest(file, "sha256").hexdigest()))
            if cancelled():
                break
        recognised += catalog.record_known(collection_id, digests)
    return recognised
