"""Networks that are built once for all tests here, and real photos for them."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gallery.models import ModelStore
from gallery.settings import CLASS_NAMES
from gallery.types import ModelCard

Weights = dict[str, NDArray[np.floating[Any]]]


@pytest.fixture(scope="session")
def make_card() -> Any:
    def make(**changes: Any) -> ModelCard:
        fields: dict[str, Any] = {
            "model_id": "test-model",
            "name": "Test",
            "architecture": "vgg16-gap",
            "class_names": CLASS_NAMES,
            "input_px": 64,
            "preprocessing": "caffe",
            "resize": "squash",
            "target_layer": "block5_conv3",
            "temperature": 1.0,
            "weights_file": "weights.npz",
            "weights_sha256": "",
            "parameter_count": 14_982_474,
            "created_at": "2026-11-21T12:00:00Z",
        }
        return ModelCard(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def he_weights() -> Weights:
    """The real architecture with He-normal kernels and small biases: of full size, without sense."""
    rng = np.random.default_rng(7)
    weights: Weights = {}
    channels = 3
    for block, (convolutions, filters) in enumerate(
        ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), start=1
    ):
        for number in range(1, convolutions + 1):
            scale = np.float32(np.sqrt(2 / (9 * channels)))
            name = f"block{block}_conv{number}"
            weights[f"{name}/kernel"] = scale * rng.standard_normal((3, 3, channels, filters), np.float32)
            weights[f"{name}/bias"] = np.float32(0.01) * rng.standard_normal(filters, np.float32)
            channels = filters
    for name, units in (("fc1", 512), ("predictions", 10)):
        weights[f"{name}/kernel"] = np.float32(np.sqrt(2 / 512)) * rng.standard_normal(
            (512, units), np.float32
        )
        weights[f"{name}/bias"] = np.float32(0.01) * rng.standard_normal(units, np.float32)
    return weights


@pytest.fixture(scope="session")
def corner_weights() -> Weights:
    """A network whose every map can be written down: channel 0 of each layer hands on the photo's blue.

    Of the ten classes, number 3 is supported by blue with weight 1, number 4
    is spoken against by it with weight 1, and the others do not care.
    """
    weights: Weights = {}
    channels = 3
    for block, (convolutions, filters) in enumerate(
        ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), start=1
    ):
        for number in range(1, convolutions + 1):
            kernel = np.zeros((3, 3, channels, filters), np.float32)
            kernel[1, 1, 0, 0] = 1  # the network's channel 0 is blue: BGR
            weights[f"block{block}_conv{number}/kernel"] = kernel
            weights[f"block{block}_conv{number}/bias"] = np.zeros(filters, np.float32)
            channels = filters
    for name, units in (("fc1", 512), ("predictions", 10)):
        weights[f"{name}/kernel"] = np.zeros((512, units), np.float32)
        weights[f"{name}/bias"] = np.zeros(units, np.float32)
    weights["fc1/kernel"][0, 0] = 1
    weights["predictions/kernel"][0, 3] = 1
    weights["predictions/kernel"][0, 4] = -1
    return weights


@pytest.fixture(scope="session")
def he_classifier(make_card: Any, he_weights: Weights) -> Any:
    """The random network at 64 pixels (maps of 4 x 4), float32."""
    from gallery.network.loading import load_classifier

    return load_classifier(make_card(), he_weights, precision="float32")


@pytest.fixture(scope="session")
def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (5, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="session")
def shipped(repository: Path) -> tuple[ModelCard, Mapping[str, NDArray[np.floating[Any]]]]:
    """The active model of GALLERY_MODEL_STORE, or of the repository."""
    folder = Path(os.environ.get("GALLERY_MODEL_STORE") or repository / "model_store")
    store = ModelStore(folder, folder / "no-home")
    model_id = store.active_id()
    if model_id is None:
        pytest.skip(f"no model in {folder}")
    return store.card(model_id), store.weights(model_id)


@pytest.fixture(scope="session")
def shipped_float32(shipped: Any) -> Any:
    from gallery.network.loading import load_classifier

    return load_classifier(*shipped, precision="float32")


@pytest.fixture(scope="session")
def shipped_bfloat16(shipped: Any) -> Any:
    from gallery.network.loading import load_classifier
    from gallery.network.precision import best_precision

    if best_precision() != "bfloat16":
        pytest.skip("this processor has no bfloat16 units; the app uses float32 on it")
    return load_classifier(*shipped, precision="bfloat16")


@pytest.fixture(scope="session")
def real_paths(real_data: Path) -> list[Path]:
    """A test photo of each class, never one trained on."""
    first: dict[str, Path] = {}
    with (real_data / "photos.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test":
                first.setdefault(row["class"], real_data / row["path"])
    return [first[name] for name in CLASS_NAMES]


@pytest.fixture(scope="session")
def real_photos(real_paths: list[Path]) -> NDArray[np.uint8]:
    images = [
        Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC) for path in real_paths
    ]
    return np.stack([np.asarray(image) for image in images])
