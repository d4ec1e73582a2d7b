"""Photos that are one word, a decoder that reads the word, and a classifier that sees its colour."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from gallery.types import (
    BatchPrediction,
    DecodedPhoto,
    FileEntry,
    ImageBatch,
    PhotoMetadata,
    SkippedFile,
    SkipReason,
)

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
CLASSES = ("robin", "frog", "whale")  # red, green, blue
MODEL = "colours"


def make_photo(path: Path, colour: str, note: object = "") -> Path:
    """Write a photo: its colour, and a note that makes its bytes its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{colour} {note}")
    return path


def scan(root: Path) -> Iterator[FileEntry]:
    """Find what ends in .jpg."""
    for path in sorted(root.rglob("*.jpg")):
        found = path.stat()
        yield FileEntry(path, found.st_size, found.st_mtime_ns)


class Decoder:
    """Reads photos, remembers which, and can be slow or fail; never runs ahead of who asks."""

    def __init__(self, *, delay_s: float = 0.0, before: Callable[[Path], None] = lambda _: None) -> None:
        self.read: list[Path] = []
        self.closed = 0
        self._delay_s = delay_s
        self._before = before

    def __call__(self, paths: Iterable[Path]) -> Iterator[DecodedPhoto | SkippedFile]:
        try:
            for path in paths:
                self._before(path)
                time.sleep(self._delay_s)
                self.read.append(path)
                yield self._one(path)
        finally:
            self.closed += 1

    @staticmethod
    def _one(path: Path) -> DecodedPhoto | SkippedFile:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return SkippedFile(path, SkipReason.VANISHED, "It was there a moment ago.")
        colour = content.split()[0].decode() if content else ""
        if colour not in COLOURS:
            return SkippedFile(path, SkipReason.DAMAGED, f"There is no colour {colour!r}.")
        return DecodedPhoto(
            path,
            hashlib.sha256(content).hexdigest(),
            PhotoMetadata(
                2,
                2,
                len(content),
                "JPEG",
                brightness=1.0,
                sharpness=1.0,
                file_sha256=hashlib.sha256(content).hexdigest(),
            ),
            np.full((2, 2, 3), COLOURS[colour], np.uint8),
            b"small " + colour.encode(),
        )


class Classifier:
    """Sees robins in red, frogs in green, whales in blue; remembers how many it saw at a time."""

    model_id = MODEL
    class_names = CLASSES
    input_px = 2

    def __init__(self, *, delay_s: float = 0.0, fail_at_batch: int | None = None) -> None:
        self.batches: list[int] = []
        self._delay_s = delay_s
        self._fail_at_batch = fail_at_batch

    def classify(self, images: ImageBatch) -> BatchPrediction:
        if len(self.batches) == self._fail_at_batch:
            raise RuntimeError("out of memory on the abacus")
        time.sleep(self._delay_s)
        self.batches.append(len(images))
        shares = images.astype(np.float32).mean(axis=(1, 2)) / 255
        return BatchPrediction(
            0.9 * shares + 0.1 / 3,
            np.repeat(shares, 2, axis=1),
            np.ones((len(images), 3, 2, 2), np.float32) * shares[:, :, None, None],
        )


class Thumbnails:
    """Keeps them in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, photo_id: str, jpeg: bytes) -> None:
        with self._lock:
            self.kept[photo_id] = jpeg
