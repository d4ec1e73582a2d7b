"""Reads photos in a thread of its own, so that reading and classifying overlap."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from gallery.tagging.parts import Decode, TaggingRun
from gallery.types import DecodedPhoto, PhotoId, SkippedFile

WAITING_LIMIT = 1024
"""Read photos that may wait for the model: 150 MB at 224 px, 10 s of reading while it loads."""

RECORD_EVERY = 32
"""Photos noted in one transaction."""

RECORD_AFTER_S = 0.5
"""So long at most until a photo that was read shows up in the catalog."""


_REMEMBERED = 4 * WAITING_LIMIT
"""Photos handed on, of which the model has seen all but those that wait and a batch."""


class PhotoReader:
    """Reads files, notes each in the catalog, and hands on the photos that the model must see.

    Photos that the model has seen before (at another place, or earlier in this
    run) count as unchanged and are not handed on.
    """

    def __init__(self, run: TaggingRun, paths: Sequence[Path], decode: Decode) -> None:
        self._tagging = run
        self._paths = paths
        self._decode = decode
        self._changed = threading.Condition()  # guards all below
        self._waiting: deque[DecodedPhoto] = deque()
        self._handed_on: OrderedDict[PhotoId, None] = OrderedDict()  # those the catalog may not know yet
        self._unchanged = 0
        self._skipped = 0
        self._stopped = False
        self._finished = False
        self._error: BaseException | None = None
        self._recording = threading.Lock()  # guards the three below; taken before _changed
        self._read: list[DecodedPhoto] = []
        self._unreadable: list[SkippedFile] = []
        self._oldest = 0.0
        self._thread = threading.Thread(target=self._run, name="photo-reader", daemon=True)

    def __enter__(self) -> PhotoReader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def unchanged(self) -> int:
        return self._unchanged

    @property
    def skipped(self) -> int:
        return self._skipped

    def waiting(self) -> int:
        """Return how many photos wait for the model."""
        with self._changed:
            return len(self._waiting)

    def wait_for_one(self, *, timeout_s: float) -> bool:
        """Return whether a photo waits for the model, or does so in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._finished, timeout_s)
            return bool(self._waiting)

    def finished(self) -> bool:
        """Return whether all files are read and every photo has been taken.

        Raises:
            Exception: what ended the reading too early, once all read photos are taken.
        """
        with self._changed:
            if self._waiting or not self._finished:
                return False
        if self._error is not None:
            raise self._error
        return True

    def take(self, batch: int, *, timeout_s: float) -> list[DecodedPhoto]:
        """Return a full batch; a smaller one when no more came in time; none when none waits."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) >= batch or self._finished, timeout_s)
            taken = [self._waiting.popleft() for _ in range(min(batch, len(self._waiting)))]
            self._changed.notify_all()
            return taken

    def record_when_due(self) -> None:
        """Note in the catalog what was read, if it is much or has waited long enough."""
        with self._recording:
            held = len(self._read) + len(self._unreadable)
            if held >= RECORD_EVERY or (held and time.monotonic() - self._oldest >= RECORD_AFTER_S):
                self._record()

    def _run(self) -> None:
        results: Iterator[DecodedPhoto | SkippedFile] | None = None
        try:
            results = self._decode(iter(self._paths))
            for result in results:
                if isinstance(result, DecodedPhoto):
                    self._tagging.store_thumbnail(result.photo_id, result.thumbnail_jpeg)
                with self._recording:
                    if not self._read and not self._unreadable:
                        self._oldest = time.monotonic()
                    if isinstance(result, DecodedPhoto):
                        self._read.append(result)
                    else:
                        self._unreadable.append(result)
                self.record_when_due()
                with self._changed:
                    self._changed.wait_for(lambda: len(self._waiting) < WAITING_LIMIT or self._stopped)
                    if self._stopped:
                        break
        except BaseException as exc:  # handed to the thread that waits for photos
            self._error = exc
        finally:
            try:
                close = getattr(results, "close", None)
                if close is not None:
                    close()  # stop the readers now, not when the iterator is collected
                with self._recording:
                    self._record()
            except BaseException as exc:
                self._error = self._error or exc
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def _record(self) -> None:
        known = self._tagging.note(self._read, self._unreadable)
        with self._changed:
            self._skipped += len(self._unreadable)
            for photo in self._read:
                if photo.photo_id in known or photo.photo_id in self._handed_on:
                    self._unchanged += 1
                else:
                    self._handed_on[photo.photo_id] = None
                    self._waiting.append(photo)
            while len(self._handed_on) > _REMEMBERED:
                self._handed_on.popitem(last=False)
            self._changed.notify_all()
        self._read, self._unreadable = [], []
