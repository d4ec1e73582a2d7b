"""Seconds from twenty labels to a preview, and to a kept head, in a collection of made-up tagged photos.

    python -m tests.benchmark.learning --home FOLDER [--photos 100000] [--model ID]

FOLDER gets a catalog whose photos have features like those that a shipped model remembers, each with noise
of its own; no picture is made. Run again, it is used again, with twenty more labels.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np

from gallery.catalog import Catalog
from gallery.services import heads, learn, review, similar, wiring
from gallery.settings import Settings
from gallery.types import BatchPrediction, CollectionKind, ModelCard, PhotoMetadata

LABELS = 20
IN_A_BATCH = 2_000

Result = TypeVar("Result")


def fill(parts: wiring.Parts, card: ModelCard, photos: int) -> None:
    """Catalog photos as a model has tagged them."""
    known = parts.models.training_features(card.model_id)
    if known is None:
        raise SystemExit(f"{card.model_id} remembers no features to make photos from.")
    head, dice = heads.head_of(parts, card), np.random.default_rng(0)
    place = parts.settings.home / "photos"
    place.mkdir(exist_ok=True)
    collection = parts.catalog.add_collection(place, CollectionKind.FOLDER)
    for first in range(0, photos, IN_A_BATCH):
        count = min(IN_A_BATCH, photos - first)
        rows = dice.integers(len(known.features), size=count)
        features = known.features[rows] * dice.gamma(2.0, 0.5, (count, known.features.shape[1]))
        batch = BatchPrediction(
            head.probabilities(features.astype(np.float32)), features.astype(np.float32), cams=None
        )
        _record(parts.catalog, collection.collection_id, place, card, first, batch)


def _record(
    catalog: Catalog, collection_id: int, place: Path, card: ModelCard, first: int, batch: BatchPrediction
) -> None:
    names = [f"station {number // 2_500:03}/{number:07}.jpg" for number in range(first, first + len(batch))]
    ids = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    about = PhotoMetadata(4000, 3000, 2_000_000, "JPEG")
    catalog.record_photos(
        collection_id, [(place / name, photo_id, about) for name, photo_id in zip(names, ids, strict=True)]
    )
    catalog.record_predictions(card.model_id, card.class_names, ids, batch)


def measure(parts: wiring.Parts, card: ModelCard) -> dict[str, float]:
    """Return the seconds of each step of a review, from the queue to the kept head and back to Browse."""
    seconds: dict[str, float] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        seconds[name] = round(time.monotonic() - started, 2)

    def step(name: str, work: Callable[[], Result]) -> Result:
        with timed(name):
            return work()

    (collection,) = parts.catalog.collections()
    where = collection.collection_id
    step("likeness of all", lambda: heads.measure_likeness(parts, card))
    waiting = step("review queue", lambda: review.next_photos(where, seed=0))
    step("more like this", lambda: similar.similar_photos(parts, waiting[0].photo_id, count=120))
    for number, photo in enumerate(waiting[:LABELS]):
        label = card.class_names[number % len(card.class_names)]
        parts.catalog.correct([photo.photo_id], label, person="benchmark", model_id=card.model_id)
    found = step("preview", lambda: learn.preview(parts, model_id=card.model_id, collection=collection))
    kept = step("keep", lambda: learn.keep(parts, found.id))
    parts.models.activate(card.model_id)
    below = heads.likeness_to_learnt(parts, card)
    step(
        "shelves",
        lambda: parts.catalog.shelves(
            where, kept.model_id, card.class_names, 0.6, unlike_below=None if below is None else below.below
        ),
    )
    return seconds | {"labels": sum(found.labels.values()), "photos": kept.photos}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True, help="folder for the catalog")
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--model", help="a shipped model; the active one if left out")
    arguments = parser.parse_args()
    os.environ["GALLERY_HOME"] = str(arguments.home)  # the queue asks this process's own parts
    shipped = Settings.from_environment().shipped_models
    with wiring.composed(Settings(arguments.home, shipped)) as parts:
        card = wiring.chosen_card(parts.models, arguments.model)
        if not parts.catalog.collections():
            fill(parts, card, arguments.photos)
        parts.models.activate(card.model_id)
        print(json.dumps(measure(parts, card), indent=2))


if __name__ == "__main__":
    main()
