"""Thumbnails on disk, named by the photo's content."""

from __future__ import annotations

import re
from pathlib import Path

from gallery.errors import PhotoError
from gallery.files import write_atomic
from gallery.photos.scan import CACHE_SIGNATURE, CACHE_TAG
from gallery.types import PhotoId

_PHOTO_ID = re.compile("[0-9a-f]{64}")


class ThumbnailStore:
    """JPEG thumbnails in a folder that can be deleted and built again at any time.

    Args:
        folder: made when the first thumbnail comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tagged = False

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

    def get(self, photo_id: PhotoId) -> bytes | None:
        """Return a photo's thumbnail, or None when there is none yet."""
        try:
            return self.path(photo_id).read_bytes() or None
        except OSError:
            return None

    def _tag(self) -> None:
        """Mark the folder as a cache: backups and our own scan leave it out."""
        if not self._tagged:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / CACHE_TAG).write_bytes(
                CACHE_SIGNATURE + b"\n# Thumbnails of the Smart Gallery.\n"
            )
            self._tagged = True
