"""From a folder of pictures to a model in a real store, and what can go wrong on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.datasets.split import SplitPlan
from gallery.errors import TrainingError
from gallery.jobs.progress import Stopped
from gallery.models import ModelStore
from gallery.training.augmentation import Augmentation
from gallery.training.history import TrainingProgress, read_history
from gallery.training.preparing import prepare
from gallery.training.recipes import Recipe, recipe_named
from gallery.training.request import TrainingParts, TrainingRequest
from gallery.training.run import train

pytestmark = pytest.mark.network

RECIPE = recipe_named("cnn-small").changed(
    input_px=32, conv_layers=2, filters=8, dense_units=16, batch=8, epochs=4, learning_rate=5e-3,
    augmentation=Augmentation(flip=True), balance="oversample",
)  # fmt: skip


@pytest.fixture
def request_(pictures: Any, tmp_path: Path) -> TrainingRequest:
    rng = np.random.default_rng(0)
    for number in range(36):
        name = "red" if number % 3 else "blue"  # 24 red, 12 blue
        picture = rng.integers(0, 160, (8, 8, 3)).repeat(4, 0).repeat(4, 1)
        picture[..., 0 if number % 3 else 2] += 90
        pictures.add(f"{name}/{number:02}.npy", picture.astype(np.uint8))
    pictures.spoil("blue/torn.npy")
    return asked(pictures.root, tmp_path)


def asked(data: Path, tmp_path: Path, recipe: Recipe = RECIPE, **values: Any) -> TrainingRequest:
    return TrainingRequest(
        data,
        recipe,
        None,
        "red-or-blue",
        tmp_path / "training",
        tmp_path / "cache",
        SplitPlan(0.25, 0.25),
        **values,
    )


def test_a_folder_becomes_a_model_whose_card_tells_the_truth(
    request_: TrainingRequest, parts: TrainingParts, store: ModelStore
) -> None:
    from gallery.network.architectures import build, options_from_weights, set_weights
    from gallery.network.preprocessing import preprocess

    told: list[TrainingProgress] = []
    result = train(request_, parts, on_progress=told.append)
    assert result.photos == {"train": 18, "validation": 9, "test": 9}
    assert result.inspection.skipped[0].path.name == "torn.npy"
    assert result.evaluation["part"] == "test"
    card = store.card("red-or-blue")
    assert store.verify("red-or-blue") is None
    assert (card.architecture, card.class_names, card.preprocessing) == ("cnn-small", ("blue", "red"), "unit")
    assert card.parameter_count == result.parameter_count
    assert card.target_layer == "conv2"
    assert Recipe.from_json(card.trained_on["recipe"]) == RECIPE
    assert len((result.model_folder / "training_photos.txt").read_text().split()) == 18
    assert len(store.validation_photos("red-or-blue") - store.training_photos("red-or-blue")) == 9
    assert tuple(read_history(result.model_folder / "history.csv")) == result.history

    weights = store.weights("red-or-blue")
    network = build("cnn-small", 2, 32, options=options_from_weights("cnn-small", weights))
    set_weights(network, weights)
    prepared = prepare(request_, parts)
    rows = [row for row, part in enumerate(prepared.split.parts) if part == "test"]
    pixels = prepared.decoded.images(np.array(rows))
    said = np.asarray(network(preprocess(pixels, card.preprocessing))).argmax(1)
    true = prepared.decoded.data.labels[rows]
    assert (said == true).mean() == card.tested_on["accuracy"] == store.evaluation("red-or-blue")["accuracy"]

    stages = [now.stage for now in told]
    assert sorted(set(stages), key=stages.index) == ["preparing", "training", "measuring"]
    assert not list(request_.folder.glob("*.npz"))
    as_json = json.loads(json.dumps(result.to_json()))
    assert as_json["skipped"][0]["reason"] == "damaged or truncated"
    assert (as_json["accuracy"], as_json["epochs"]) == (card.tested_on["accuracy"], 4)


def test_what_was_begun_is_taken_up_but_not_with_another_recipe(
    request_: TrainingRequest, parts: TrainingParts, tmp_path: Path
) -> None:
    def interrupted(now: TrainingProgress) -> None:
        if now.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(request_, parts, on_progress=interrupted)
    with pytest.raises(TrainingError, match="begun with another dropout"):
        train(asked(request_.data, tmp_path, RECIPE.changed(dropout=0.1)), parts)
    longer = asked(request_.data, tmp_path, RECIPE.changed(epochs=5))
    assert [row.epoch for row in train(longer, parts).history] == [1, 2, 3, 4, 5]
    with pytest.raises(TrainingError, match="a model called red-or-blue already"):
        train(longer, parts)


def test_stopped_while_reading_photos_nothing_is_kept(
    request_: TrainingRequest, parts: TrainingParts, store: ModelStore
) -> None:
    def stop(now: TrainingProgress) -> None:
        raise Stopped

    with pytest.raises(TrainingError, match="nothing was learnt"):
        train(request_, parts, on_progress=stop)
    assert store.entries() == []


def test_a_stop_while_it_learns_keeps_the_best_epoch_so_far(
    request_: TrainingRequest, parts: TrainingParts, store: ModelStore
) -> None:
    def stop_in_second(now: TrainingProgress) -> None:
        if now.epoch == 2:
            raise Stopped

    result = train(request_, parts, on_progress=stop_in_second)
    assert (result.ended, len(result.history)) == ("stopped", 1)
    assert store.verify("red-or-blue") is None
