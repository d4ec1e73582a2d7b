"""Thumbnails on disk, named by the photo's content."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path

from gallery.errors import PhotoError
from gallery.files import write_atomic
from gallery.photos.scan import CACHE_SIGNATURE, CACHE_TAG
from gallery.settings import THUMBNAILS_LIMIT_BYTES
from gallery.types import PhotoId

_PHOTO_ID = re.compile("[0-9a-f]{64}")
_FOLDERS = 256  # by the first two digits of a digest: photos spread over them evenly
_PUTS_BETWEEN = 64  # in one of them, before its size is looked at again: 1 MB
_DAY_S = 24 * 3600.0


class ThumbnailStore:
    """JPEG thumbnails in a folder that can be deleted and built again at any time.

    Args:
        folder: made when the first thumbnail comes.
        limit_bytes: what all together may take; those that nobody has looked at for longest give way.
    """

    def __init__(self, folder: Path, limit_bytes: int = THUMBNAILS_LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._tagged = False
        self._puts: Counter[str] = Counter()

    def path(self, photo_id: PhotoId) -> Path:
        """Return where a photo's thumbnail lies, or would lie.

        Raises:
            PhotoError: this is no photo id, so it might lead anywhere.
        """
        if not _PHOTO_ID.fullmatch(photo_id):
            raise PhotoError(f"{photo_id[:80]!r} is not the id of a photo: 64 digits of 0-9 and a-f.")
        return self._folder / photo_id[:2] / f"{photo_id}.jpg"

    def put(self, photo_id: PhotoId, jpeg: bytes) -> None:
        """Keep a thumbnail; who reads meanwhile sees the old one or the new one, never half.

        Raises:
            PhotoError: the disk is full or may not be written.
        """
        path = self.path(photo_id)
        try:
            self._tag()
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, jpeg, durable=False, keep_busy=True)  # the old one shows the same photo
        except OSError as exc:
            raise PhotoError(
                f"A thumbnail could not be written to {path.parent}: {exc.strerror or exc}. "
                "Make room on that disk, or set GALLERY_HOME to a folder that can be written."
            ) from exc
        with contextlib.suppress(OSError):  # another process trims this folder too
            self._keep_within_limit(path)

    def get(self, photo_id: PhotoId) -> bytes | None:
        """Return a photo's thumbnail, or None when there is none yet."""
        try:
            with self.path(photo_id).open("rb") as stream:
                if time.time() - os.fstat(stream.fileno()).st_mtime > _DAY_S:
                    with contextlib.suppress(OSError):
                        os.utime(stream.name)  # looked at today
                return stream.read() or None
        except OSError:
            return None

    def leftovers(self, known: Container[PhotoId], at_least_s: float) -> Iterator[Path]:
        """Yield the thumbnails, at least so many seconds old, of photos that nobody knows; may be removed."""
        latest = time.time() - at_least_s
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            with os.scandir(folder) as found:
                names = [one.name for one in found if one.stat().st_mtime <= latest]
            for name in names:
                photo_id = name.removesuffix(".jpg")
                if _PHOTO_ID.fullmatch(photo_id) and photo_id not in known:
                    yield folder / name

    def _keep_within_limit(self, newest: Path) -> None:
        """Remove the oldest thumbnails beside a new one, if their folder holds more than its share."""
        self._puts[newest.parent.name] += 1
        if self._puts[newest.parent.name] % _PUTS_BETWEEN != 1:
            return
        with os.scandir(newest.parent) as found:
            files = sorted(
                (one.stat().st_mtime_ns, one.stat().st_size, one.path)
                for one in found
                if one.name.endswith(".jpg")
            )
        over = sum(size for _, size, _ in files) - self._limit_bytes // _FOLDERS
        for _, size, path in files:
            if over <= 0:
                break
            if Path(path) != newest:
                with contextlib.suppress(OSError):  # another process removed it, or shows it
                    Path(path).unlink()
                    over -= size

    def _tag(self) -> None:
        """Mark the folder as a cache: backups and our own scan leave it out."""
        if not self._tagged:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / CACHE_TAG).write_bytes(
                CACHE_SIGNATURE + b"\n# Thumbnails of the Smart Gallery.\n"
            )
            self._tagged = True
