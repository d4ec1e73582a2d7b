"""A catalog of photos with made features, and a model whose head takes cats of a new kind for dogs.

Features 0 to 2 speak for the model's three classes, 4 for cats of the new kind, 3 for foxes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.catalog import Catalog
from gallery.learning.head import Head
from gallery.models import ModelStore
from gallery.models.store import TRAINING_FEATURES_FILE
from gallery.services import wiring
from gallery.settings import Settings
from gallery.types import BatchPrediction, CollectionKind, ModelCard, PhotoMetadata

BASE = "base-model"
CLASSES = ("dog", "cat", "cow")
CHANNELS = 30
KINDS = {
    "dog": {0: 2.0},
    "cat": {1: 2.0},
    "cow": {2: 2.0},
    "fox": {0: 1.4, 3: 2.0},
    "new cat": {0: 1.4, 1: 0.6, 4: 2.0},
    "strange": {5: 4.0},
}


def features_of(kind: str, count: int, *, seed: int) -> NDArray[np.float32]:
    """Features with noise in the channels that mean nothing, so that no two photos are near duplicates."""
    features = np.random.default_rng(seed).exponential(0.3, (count, CHANNELS))
    features[:, :5] /= 4
    for channel, value in KINDS[kind].items():
        features[:, channel] += value
    return features.astype(np.float32)


class LearntPlace:
    """A home with one tagged collection, and a store with the model that tagged it."""

    def __init__(self, folder: Path, *, remembered: bool = True) -> None:
        self.settings = Settings(folder / "home", folder / "store")
        self.photos = folder / "photos"
        self.photos.mkdir()
        made = ModelStore(folder / "none", folder / "store")
        kernel = np.zeros((CHANNELS, 3), np.float32)
        kernel[[0, 1, 2], [0, 1, 2]] = 4
        self.head = Head(
            CLASSES, 0.5, np.eye(CHANNELS, dtype=np.float32), np.zeros(CHANNELS, np.float32), kernel,
            np.zeros(3, np.float32),
        )  # fmt: skip
        convolutions = {"block1_conv1/kernel": np.ones((3, 3, 3, 2), np.float32)}
        model = made.save(_card(), self.head.tensors() | convolutions, training_photos=["0" * 64])
        if remembered:
            known = np.concatenate([features_of(name, 20, seed=at) for at, name in enumerate(CLASSES)])
            np.savez(
                model / TRAINING_FEATURES_FILE,
                features=known.astype(np.float16),
                class_indices=np.repeat([0, 1, 2], 20).astype(np.float16),
            )
        with wiring.composed(self.settings) as parts:
            parts.models.activate(BASE)
            self.collection = parts.catalog.add_collection(self.photos, CollectionKind.FOLDER)

    def tag(
        self, catalog: Catalog, kind: str, count: int, *, seed: int = 9, taken_at: str | None = None
    ) -> list[str]:
        """Catalog photos of a kind as the base model has tagged them, and return their ids."""
        names = [f"{kind} {seed} {number}.jpg" for number in range(count)]
        ids = [hashlib.sha256(name.encode()).hexdigest() for name in names]
        about = PhotoMetadata(40, 30, 10, "JPEG", taken_at=taken_at)
        catalog.record_photos(
            self.collection.collection_id,
            [(self.photos / name, photo_id, about) for name, photo_id in zip(names, ids, strict=True)],
        )
        features = features_of(kind, count, seed=seed)
        cams = np.ones((count, 3, 2, 2), np.float32)
        said = BatchPrediction(self.head.probabilities(features), features, cams)
        catalog.record_predictions(BASE, CLASSES, ids, said)
        return ids

    def tags(self, catalog: Catalog, ids: list[str], model_id: str) -> set[str]:
        found = [catalog.prediction(photo_id, model_id) for photo_id in ids]
        return {one.label if one else "nothing" for one in found}


def _card() -> ModelCard:
    return ModelCard(
        model_id=BASE, name="Base", architecture="vgg16-gap", class_names=CLASSES, input_px=224,
        preprocessing="caffe", resize="squash", target_layer="block5_conv3", temperature=0.5,
        weights_file="weights.npz", weights_sha256="", parameter_count=0, created_at="2026-11-21T12:00:00Z",
    )  # fmt: skip
