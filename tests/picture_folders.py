"""Fixtures: small data sets of generated pictures, and a decoder for them that needs no photo library."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.datasets.folder import read_folder
from gallery.datasets.labelled import LabelledPhotos
from gallery.datasets.pixel_store import Decode
from gallery.models import ModelStore
from gallery.training.request import TrainingParts
from gallery.types import DecodedPhoto, FileEntry, PhotoMetadata, SkippedFile, SkipReason

Pixels = NDArray[np.uint8]


class PictureFolder:
    """A folder whose "photos" are .npy files, with the scan and the decoder that go with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.decoded = 0  # how many files were decoded in all
        self.taken_at: dict[str, str] = {}  # by the file's name

    def add(self, name: str, pixels: Pixels) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, pixels)
        return path

    def spoil(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")
        return path

    def scan(self, root: Path) -> Iterator[FileEntry]:
        for path in sorted(root.rglob("*.npy")):
            yield FileEntry(path, path.stat().st_size, path.stat().st_mtime_ns)

    def decode(self, paths: Iterable[Path]) -> Iterator[DecodedPhoto | SkippedFile]:
        for path in reversed(list(paths)):  # completion order is any order
            self.decoded += 1
            try:
                pixels = np.load(path)
            except ValueError as exc:
                yield SkippedFile(path, SkipReason.DAMAGED, str(exc))
                continue
            data = path.read_bytes()
            yield DecodedPhoto(
                path=path,
                photo_id=hashlib.sha256(data).hexdigest(),
                metadata=PhotoMetadata(
                    pixels.shape[1], pixels.shape[0], len(data), "NPY", self.taken_at.get(path.name)
                ),
                model_input=pixels,
                thumbnail_jpeg=b"",
            )

    def read(self) -> LabelledPhotos:
        return read_folder(self.root, scan=self.scan)


def noise(seed: int, side: int = 32) -> Pixels:
    """A picture unlike any of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    return coarse.repeat(side // 8, 0).repeat(side // 8, 1).astype(np.uint8)


def stripes(seed: int, *, upright: bool, side: int = 32) -> Pixels:
    """A picture of stripes in random colours: the two directions are two classes that a network can tell."""
    rng = np.random.default_rng(seed)
    line = rng.integers(0, 256, (8, 3)).repeat(side // 8, 0)
    picture = (
        np.broadcast_to(line, (side, side, 3)) if upright else np.broadcast_to(line[:, None], (side, side, 3))
    )
    return np.clip(picture + rng.integers(-20, 20, (side, side, 3)), 0, 255).astype(np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "pictures")


@pytest.fixture
def make_noise() -> Callable[[int], Pixels]:
    return noise


@pytest.fixture
def striped(pictures: PictureFolder) -> PictureFolder:
    """Forty photos of two classes, "across" and "upright"."""
    for number in range(20):
        pictures.add(f"upright/{number:02}.npy", stripes(number, upright=True))
        pictures.add(f"across/{number:02}.npy", stripes(number + 100, upright=False))
    return pictures


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "shipped", tmp_path / "own")


@pytest.fixture
def parts(pictures: PictureFolder, store: ModelStore) -> TrainingParts:
    """A real store, the pictures' own scan and decoder."""

    @contextlib.contextmanager
    def decode(input_px: int) -> Iterator[Decode]:
        assert input_px == 32
        yield pictures.decode

    return TrainingParts(
        scan=pictures.scan,
        unzip=lambda path: path,
        decode=decode,
        taken=lambda model_id: any(entry.model_id == model_id for entry in store.entries()),
        save=store.save,
    )
