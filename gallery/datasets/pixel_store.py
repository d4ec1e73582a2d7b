"""The photos of a data set decoded once, as pixels of one size that every epoch maps from disk."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.labelled import LabelledPhotos
from gallery.errors import TrainingError
from gallery.types import DecodedPhoto, PhotoId, SkippedFile, SkipReason, display_path

Decode = Callable[[Iterable[Path]], Iterator[DecodedPhoto | SkippedFile]]
"""Decodes to the recipe's input size, in any order: `photos.pool.DecodePool.decode`."""

SPARE_BYTES = 500_000_000
"""What decoding leaves free on the disk, for the checkpoints of the training itself."""

CACHE_LIMIT_BYTES = 20_000_000_000
"""Older decoded sets and saved outputs make room beyond this: 130,000 photos at 224 pixels."""

LEFT_OVER_S = 86_400.0
"""What a killed process left half done is removed after a day: a living one may still be at work on it."""

_HALF_DONE = (".decoding-*", ".removed-*", "*.part")

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as Pillow's "L"


@dataclass(frozen=True, slots=True)
class DecodedSet:
    """The readable photos of a data set, row by row in the order of `data.photos`.

    Attributes:
        data: the readable photos only.
        pixels: (M, side, side, 3) uint8 RGB, mapped from disk; `images` picks from it.
        rows: where in `pixels` each photo is, (N,).
        photo_ids: SHA-256 of each file.
        widths_px, heights_px: of the photos themselves, (N,).
        hashes: 64-bit difference hashes, (N,) uint64.
        skipped: the files that could not be read, each with its reason.
        taken_at: when each was taken, ISO 8601, None where its file does not say.
    """

    data: LabelledPhotos
    pixels: NDArray[np.uint8]
    rows: NDArray[np.int64]
    photo_ids: tuple[PhotoId, ...]
    widths_px: NDArray[np.int64]
    heights_px: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    skipped: tuple[SkippedFile, ...]
    taken_at: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.data)

    @property
    def input_px(self) -> int:
        return int(self.pixels.shape[1])

    def images(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the pixels of some photos, (n, side, side, 3), as a copy."""
        return self.pixels[self.rows[indices]]


def decode_set(
    data: LabelledPhotos,
    *,
    input_px: int,
    decode: Decode,
    folder: Path,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> DecodedSet:
    """Return the decoded photos, from the folder where the same files were decoded before.

    Args:
        data: photos whose sizes and dates tell whether they changed since.
        input_px: side that `decode` squashes to.
        decode: reads files; what it cannot read is left out and named.
        folder: where decoded sets are kept, a sub-folder each.
        on_progress: is told how many files of how many are done.

    Raises:
        TrainingError: the disk is too full, or every photo of a class is unreadable.
    """
    kept = folder / _fingerprint(data, input_px)
    if not (kept / "facts.csv").is_file():
        _decode_into(kept, data, input_px, decode, on_progress)
    with contextlib.suppress(OSError):
        os.utime(kept)  # used just now
    trim_cache(folder)
    return _read(kept, data)


def trim_cache(folder: Path, *, limit_bytes: int = CACHE_LIMIT_BYTES) -> None:
    """Remove what was used longest ago until the rest is within the limit; the latest always stays.

    What a killed process left half done goes first, after `LEFT_OVER_S`.

    What another training has open stays too where the system protects it, and
    lives on until closed where it does not.
    """
    if not folder.is_dir():
        return
    for pattern in _HALF_DONE:
        for place in folder.glob(pattern):
            with contextlib.suppress(OSError):
                if time.time() - place.stat().st_mtime > LEFT_OVER_S:
                    _remove(place)
    sizes = {
        place: sum(file.stat().st_size for file in ([place] if place.is_file() else place.glob("*")))
        for place in folder.iterdir()
        if place.suffix == ".npy" or (place / "facts.csv").is_file()
    }
    total = sum(sizes.values())
    for place in sorted(sizes, key=lambda place: place.stat().st_mtime)[:-1]:
        if total <= limit_bytes:
            return
        total -= sizes[place]
        _remove(place)


def _remove(place: Path) -> None:
    """Remove a file or a folder as far as the system allows.

    A folder is renamed first: a removal that stops half way must not leave what looks like a decoded set.
    """
    with contextlib.suppress(OSError):
        if place.is_dir():
            if not place.name.startswith("."):
                place = place.rename(place.with_name(f".removed-{place.name}-{os.getpid()}"))
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink()


def difference_hash(pixels: NDArray[np.uint8]) -> int:
    """Return a picture's 64-bit difference hash: does brightness rise to the right, in a 9 x 8 grid of means?

    Args:
        pixels: (height, width, 3) RGB, 9 x 8 or more.

    Returns:
        Row by row, the first comparison in the highest bit (Krawetz 2013, "dHash").

    Example:
        >>> ramp = np.repeat(np.tile(np.arange(90, dtype=np.uint8), (80, 1))[..., None], 3, axis=2)
        >>> difference_hash(ramp) == 2**64 - 1
        True
    """
    height, width = pixels.shape[:2]
    grid = box_means(height, 8) @ (pixels.astype(np.float32) @ _GREY) @ box_means(width, 9).T  # (8, 9)
    rises = grid[:, 1:] - grid[:, :-1] > 0.5  # of 255: less is rounding, not a picture
    return int.from_bytes(np.packbits(rises).tobytes(), "big")


def box_means(length: int, cells: int) -> NDArray[np.float32]:
    """Return the (cells, length) matrix that averages a line over equal cells."""
    edges = np.linspace(0, length, cells + 1)
    starts = np.arange(length)
    covered: NDArray[np.float64] = np.minimum(edges[1:, None], starts + 1) - np.maximum(
        edges[:-1, None], starts
    )
    shares = np.clip(covered, 0, None) * cells / length  # a pixel on an edge counts for both, by its share
    return np.asarray(shares, np.float32)


def _fingerprint(data: LabelledPhotos, input_px: int) -> str:
    digest = hashlib.sha256(f"3 {input_px}".encode())  # the first number changes with this file's format
    for photo in data.photos:
        entry = photo.entry
        line = f"{entry.path}\0{entry.size_bytes}\0{entry.modified_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def _decode_into(
    target: Path,
    data: LabelledPhotos,
    input_px: int,
    decode: Decode,
    on_progress: Callable[[int, int], None],
) -> None:
    needed = len(data) * input_px**2 * 3
    target.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target.parent).free
    if free < needed + SPARE_BYTES:
        raise TrainingError(
            f"The decoded photos need {needed / 1e9:.1f} GB in {target.parent}, where "
            f"{free / 1e9:.1f} GB are free. Free some, or train on fewer photos or a smaller input."
        )
    rows = {photo.path: row for row, photo in enumerate(data.photos)}
    facts: list[tuple[object, ...]] = [()] * len(data)
    staging = Path(tempfile.mkdtemp(prefix=".decoding-", dir=target.parent))
    try:
        pixels = np.lib.format.open_memmap(
            staging / "pixels.npy", mode="w+", dtype=np.uint8, shape=(len(data), input_px, input_px, 3)
        )
        for done, result in enumerate(decode(list(rows)), start=1):
            row = rows[result.path]
            if isinstance(result, SkippedFile):
                facts[row] = (row, "", 0, 0, "", result.reason.value, result.detail, "")
            else:
                pixels[row] = result.model_input
                size = result.metadata
                shape = (size.width_px, size.height_px, f"{difference_hash(result.model_input):016x}")
                facts[row] = (row, result.photo_id, *shape, "", "", size.taken_at or "")
            on_progress(done, len(rows))
        pixels.flush()
        del pixels  # Windows renames no folder with an open file
        with (staging / "facts.csv").open("w", newline="", encoding="utf-8", errors="replace") as file:
            writer = csv.writer(file)
            writer.writerow(
                ("row", "photo_id", "width_px", "height_px", "hash", "reason", "detail", "taken_at")
            )
            writer.writerows(facts)
        if target.is_dir() and not (target / "facts.csv").is_file():
            _remove(target)  # what is left of one that was removed half way would block this one
        staging.replace(target)
    except OSError as exc:
        if not (target / "facts.csv").is_file():  # else another run decoded the same photos meanwhile
            raise TrainingError(
                f"The decoded photos could not be written in {target.parent}: {exc}."
            ) from exc
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _read(kept: Path, data: LabelledPhotos) -> DecodedSet:
    with (kept / "facts.csv").open(newline="", encoding="utf-8") as file:
        facts = list(csv.DictReader(file))
    pixels = np.load(kept / "pixels.npy", mmap_mode="r", allow_pickle=False)
    good = [row for row, fact in enumerate(facts) if not fact["reason"]]
    skipped = tuple(
        SkippedFile(photo.path, SkipReason(fact["reason"]), fact["detail"])
        for photo, fact in zip(data.photos, facts, strict=True)
        if fact["reason"]
    )
    readable = LabelledPhotos(
        data.root, data.class_names, tuple(data.photos[row] for row in good), data.problems
    )
    gone = [name for name, count in readable.counts.items() if not count]
    if gone:
        example = f"{display_path(skipped[0].path)}: {skipped[0].reason}" if skipped else "none"
        raise TrainingError(
            f"No photo of the class {gone[0]!r} could be read (the first failure is {example})."
        )
    return DecodedSet(
        data=readable,
        pixels=pixels,
        rows=np.array(good, np.int64),
        photo_ids=tuple(facts[row]["photo_id"] for row in good),
        widths_px=np.array([int(facts[row]["width_px"]) for row in good], np.int64),
        heights_px=np.array([int(facts[row]["height_px"]) for row in good], np.int64),
        hashes=np.array([int(facts[row]["hash"], 16) for row in good], np.uint64),
        skipped=skipped,
        taken_at=tuple(facts[row]["taken_at"] or None for row in good),
    )
