"""A home with a fake network that looks at colours, a folder for photos, and a way to run a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery import cli
from gallery.catalog import Catalog
from gallery.models import ModelStore
from gallery.settings import Settings
from gallery.types import BatchPrediction, ModelCard

NAMES = ("dog", "cat", "horse")
RED, GREEN, BLUE, BLACK = (250, 10, 10), (10, 250, 10), (10, 10, 250), (0, 0, 0)
Run = Callable[..., tuple[int, Any, str]]


class ColourClassifier:
    """Takes red for dogs, green for cats and blue for horses; its heat is all in the left upper cell."""

    model_id = "colours"
    class_names = NAMES
    input_px = 32
    precision = "float32"

    def classify(self, images: np.ndarray) -> BatchPrediction:
        mean = images.reshape(len(images), -1, 3).mean(axis=1) + 1
        probabilities = (mean / mean.sum(axis=1, keepdims=True)).astype(np.float32)
        cams = np.zeros((len(images), 3, 2, 2), np.float32)
        cams[:, :, 0, 0] = np.where(probabilities > 0.34, probabilities, 0)
        return BatchPrediction(probabilities, mean.astype(np.float32), cams)


class Place:
    """A home with the fake model, and a folder for photos."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.photos = folder / "photos"
        self.photos.mkdir()
        self.settings = Settings.from_environment(self.home)
        self.models = ModelStore(self.settings.shipped_models, self.settings.own_models)
        card = ModelCard(
            model_id="colours", name="Colours", architecture="vgg16-gap", class_names=NAMES, input_px=32,
            preprocessing="caffe", resize="squash", target_layer="block5_conv3", temperature=1.0,
            weights_file="", weights_sha256="", parameter_count=0, created_at="2024-01-01T00:00:00Z",
        )  # fmt: skip
        self.models.save(card, {"fc1/kernel": np.ones((2, 2), np.float32)})

    def photo(self, name: str, colour: tuple[int, int, int], side: int = 40) -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (side, side), colour).save(path)
        return path

    def labelled(self) -> None:
        self.photo("Cane/1.png", RED)
        self.photo("Cane/2.png", GREEN)
        self.photo("cats/1.png", GREEN, 41)
        self.photo("horse_/1.png", BLUE)

    def catalog(self) -> Catalog:
        return Catalog.open(self.settings.catalog_dir)


def text(place: Place, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main([*map(str, words), "--home", str(place.home)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err
