"""A catalog in a temporary folder, and photos that exist only by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from gallery.catalog import Catalog
from gallery.types import BatchPrediction, CollectionKind, FileEntry, PhotoMetadata


class Shop:
    """A catalog with one collection; writes what a test needs in one line."""

    classes = ("dog", "cat", "cow")
    model = "model-a"

    def __init__(self, catalog: Catalog, root: Path) -> None:
        self.catalog = catalog
        self.root = root
        self.collection = catalog.add_collection(root, CollectionKind.FOLDER).collection_id

    @staticmethod
    def photo_id(name: str) -> str:
        return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()

    def entry(self, name: str, *, size: int = 10, modified: int = 1) -> FileEntry:
        return FileEntry(self.root / name, size, modified)

    def scan(self, *names: str):
        return self.catalog.record_scan(self.collection, [self.entry(name) for name in names])

    def read(self, *names: str, content: str | None = None, **metadata: object) -> list[str]:
        """Record the files as read; the photo's id comes from `content`, else from the name."""
        ids = [self.photo_id(content or name) for name in names]
        about = PhotoMetadata(
            **{"width_px": 40, "height_px": 30, "size_bytes": 10, "image_format": "JPEG", **metadata}
        )
        self.catalog.record_photos(
            self.collection,
            [(self.root / name, photo_id, about) for name, photo_id in zip(names, ids, strict=True)],
        )
        return ids

    def tag(self, rows: dict[str, Sequence[float]], *, model: str = model) -> BatchPrediction:
        """Record predictions by file name; features and maps are derived from the name."""
        ids = [self.photo_id(name) for name in rows]
        batch = self.batch(list(rows.values()), seed=len(rows))
        self.catalog.record_predictions(model, self.classes, ids, batch)
        return batch

    def batch(self, rows: Sequence[Sequence[float]], *, seed: int = 0, maps: bool = True) -> BatchPrediction:
        rng = np.random.default_rng(seed)
        probabilities = np.array(rows, np.float32)
        return BatchPrediction(
            probabilities,
            rng.normal(size=(len(rows), 8)).astype(np.float32),
            rng.gamma(1.0, 5.0, (*probabilities.shape, 4, 5)).astype(np.float32) if maps else None,
        )

    def names(self, file_ids: Sequence[int]) -> list[str]:
        return [item.name for item in self.catalog.grid_items(file_ids, self.model)]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog") as opened:
        yield opened


@pytest.fixture
def shop(catalog: Catalog, tmp_path: Path) -> Shop:
    return Shop(catalog, tmp_path / "photos")


@pytest.fixture
def new_shop(tmp_path: Path) -> Callable[[Catalog], Shop]:
    return lambda catalog: Shop(catalog, tmp_path / "photos")
