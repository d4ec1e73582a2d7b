"""A gallery of a few drawn photos with predictions known by construction: what the page tests look at."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from gallery import settings
from gallery.catalog.database import Database
from gallery.models import ModelStore
from gallery.photos.decode import decode_photo
from gallery.photos.scan import scan_folder
from gallery.services import wiring
from gallery.types import BatchPrediction, Collection, CollectionKind, ModelCard

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL_ID = "drawn-vgg16"
CLASS_NAMES = settings.CLASS_NAMES


def model_card(model_id: str = MODEL_ID, **changes: object) -> ModelCard:
    """A card as the store writes it; the weights' hash is filled in when it is saved."""
    fields: dict[str, object] = {
        "model_id": model_id, "name": f"Model {model_id}", "architecture": "vgg16-gap",
        "class_names": CLASS_NAMES, "input_px": 224, "preprocessing": "caffe", "resize": "squash",
        "target_layer": "block5_conv3", "temperature": 0.8, "weights_file": "weights.npz",
        "weights_sha256": "",
        "parameter_count": 0, "created_at": "2026-01-02T03:04:05Z", "description": "Made for a test.",
        "trained_on": {"photos": 1234}, "limits": ["Drawings confuse it."],
        "tested_on": {"n": 100, "accuracy": 0.8, "accuracy_interval": [0.7112, 0.8666]},
    }  # fmt: skip
    return ModelCard(**(fields | changes))  # type: ignore[arg-type]


class FakeClassifier:
    """Says cat with 70 % and dog with the rest, with evidence for the cat in the middle only."""

    model_id = MODEL_ID
    class_names = CLASS_NAMES
    input_px = 224

    def classify(self, images: NDArray[np.uint8]) -> BatchPrediction:
        return batch([{"cat": 0.7, "dog": 0.3}] * len(images))


def batch(said: list[dict[str, float]]) -> BatchPrediction:
    """What a classifier would say: the named shares; a map with one hot cell as strong as the share."""
    probabilities = np.zeros((len(said), len(CLASS_NAMES)), np.float32)
    cams = np.zeros((len(said), len(CLASS_NAMES), 14, 14), np.float32)
    for row, shares in enumerate(said):
        for name, share in shares.items():
            probabilities[row, CLASS_NAMES.index(name)] = share
            cams[row, CLASS_NAMES.index(name), 7, 7] = share
    return BatchPrediction(probabilities, np.ones((len(said), 512), np.float32), cams)


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, *writes_that_fail: int) -> None:
    """Let some of the catalog's next writes, counted from 1, find the disk full."""
    real, count = Database.writing, itertools.count(1)

    @contextlib.contextmanager
    def writing(database: Database, **options: bool) -> Iterator[sqlite3.Connection]:
        if next(count) in writes_that_fail:
            with database._converted():
                raise sqlite3.OperationalError("database or disk is full")
        with real(database, **options) as connection:
            yield connection

    monkeypatch.setattr(Database, "writing", writing)


@dataclass
class SmallGallery:
    """A home, a store and a folder of photos, all below one temporary folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
        """An empty home and an empty store."""
        monkeypatch.setenv("GALLERY_HOME", str(folder / "home"))
        monkeypatch.setenv("GALLERY_MODEL_STORE", str(folder / "store"))
        monkeypatch.delenv("GALLERY_ROOTS", raising=False)
        (folder / "store").mkdir()
        return cls(folder)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    def add_model(self, card: ModelCard | None = None, *, own: bool = False, **extras: object) -> ModelCard:
        """Save a model of a handful of weights, in the shipped store or the user's own."""
        place = self.folder / "home" / "models" if own else self.store
        weights = {"predictions/kernel": np.ones((2, 2), np.float16)}
        chosen = card or model_card()
        ModelStore(self.folder / "none", place).save(chosen, weights, **extras)  # type: ignore[arg-type]
        return chosen

    def draw(self, path: str, colour: tuple[int, int, int]) -> Path:
        """Write a photo of one colour with a white square; other colours make other photos."""
        pixels = np.full((60, 90, 3), colour, np.uint8)
        pixels[20:40, 30:60] = 255
        place = self.photos / path
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
        return place

    def tag(self, said: dict[str, dict[str, float]], model_id: str = MODEL_ID) -> Collection:
        """Catalogue the folder; the model predicts of each photo, by its path below, what is given."""
        catalog = wiring.catalog()
        collection = catalog.add_collection(self.photos, CollectionKind.FOLDER)
        entries = list(scan_folder(self.photos))
        catalog.record_scan(collection.collection_id, entries)
        decoded = [decode_photo(entry.path, input_px=224, thumbnail_px=320) for entry in entries]
        catalog.record_photos(
            collection.collection_id, [(one.path, one.photo_id, one.metadata) for one in decoded]
        )
        for one in decoded:
            wiring.thumbnails().put(one.photo_id, one.thumbnail_jpeg)
        tagged = [one for one in decoded if one.path.relative_to(self.photos).as_posix() in said]
        if tagged:
            shares = [said[one.path.relative_to(self.photos).as_posix()] for one in tagged]
            catalog.record_predictions(model_id, CLASS_NAMES, [one.photo_id for one in tagged], batch(shares))
        return catalog.collection(collection.collection_id)

    def photo_id(self, path: str) -> str:
        """The hash of a photo."""
        return decode_photo(self.photos / path, input_px=8, thumbnail_px=8).photo_id


def open_page(name: str, **query: str) -> AppTest:
    """Run one page of the app, as a link to it would."""
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=30)
    app.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def components(page: AppTest, name: str) -> list[dict[str, Any]]:
    """What each component of a kind was given, in the order of the page."""
    return [
        dict(json.loads(element.proto.json))
        for element in page.get("bidi_component")
        if element.proto.component_name == name
    ]


def matrices(page: AppTest) -> list[dict[str, Any]]:
    """What each confusion matrix of the page was given."""
    return components(page, "gallery_confusion_table")


def written(matrix: dict[str, Any]) -> list[list[str]]:
    """What stands in the cells of a confusion matrix, row by row, the sums at the end."""
    return [[cell["text"] for cell in row] for row in matrix["cells"]]


def texts(app: AppTest) -> str:
    """All sentences of a page in one text, without markdown's backslashes and pictures, every space plain."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success", "html")
    text = "\n".join(str(e.value) for kind in kinds for e in app.get(kind) if hasattr(e, "value"))
    return re.sub(r"!\[\]\(/\S*\) ?", "", text.replace("\\", "").replace("\N{NO-BREAK SPACE}", " "))
