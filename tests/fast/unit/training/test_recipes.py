"""The declarations: what the field asks of each, what may be changed, what is refused."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gallery.errors import TrainingError
from gallery.training.augmentation import Augmentation
from gallery.training.recipes import RECIPES, Recipe, recipe_named, scheduled_rate


def test_the_recipes_say_what_the_field_does() -> None:
    gap = RECIPES["vgg16-gap"]
    assert (gap.optimiser, gap.learning_rate, gap.batch, gap.epochs) == ("adam", 1e-4, 32, 15)
    assert (gap.loss, gap.trainable, gap.input_px) == ("categorical_crossentropy", "all", 224)
    flatten = RECIPES["vgg16-flatten"]
    assert (flatten.trainable, flatten.learning_rate) == ("last block", 1e-4)
    bottleneck = RECIPES["vgg16-bottleneck"]
    assert (bottleneck.l2, bottleneck.schedule, bottleneck.optimiser) == (0.05, "exponential", "adam")
    assert RECIPES["cnn-large"].input_px == 128
    small = RECIPES["cnn-small"]
    assert (small.conv_layers, small.dropout, small.loss) == (4, 0.5, "sparse_categorical_crossentropy")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_every_recipe_stops_after_5_slows_after_3_and_survives_json(recipe: Recipe) -> None:
    assert (recipe.patience, recipe.plateau) == (5, 3)
    assert Recipe.from_json(json.loads(json.dumps(dataclasses.asdict(recipe)))) == recipe
    assert recipe.description


@pytest.mark.parametrize(
    ("recipe", "architecture", "fits"),
    [
        ("vgg16-gap", "vgg16-bottleneck", True),
        ("efficientnet-lite2-gap", "efficientnet-lite2", True),
        ("cnn-small", "cnn-small", True),
        ("resnet50-gap", "vgg16-gap", False),
        ("cnn-small", "cnn-large", False),
    ],
)
def test_convolutions_are_taken_over_within_a_family_only(recipe: str, architecture: str, fits: bool) -> None:
    assert recipe_named(recipe).takes_over(architecture) is fits


def test_a_changed_recipe_keeps_the_rest() -> None:
    changed = recipe_named("cnn-small").changed(epochs=3, batch=None, augmentation=Augmentation(flip=True))
    assert (changed.epochs, changed.batch, changed.augmentation.rotation_deg) == (3, 32, 0)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"epochs": 0}, "epochs must be 1 to 10000, got 0"),
        ({"balance": "often"}, "balance must be one of none, oversample, class weights"),
        ({"leraning_rate": 1}, "no 'leraning_rate'"),
        ({"dropout": float("nan")}, "dropout must be"),
    ],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        recipe_named("cnn-small").changed(**values)


def test_augmentation_of_saved_outputs_is_refused() -> None:
    with pytest.raises(TrainingError, match="switch augmentation off"):
        recipe_named("vgg16-bottleneck").changed(augmentation=Augmentation(flip=True))


def test_an_unknown_recipe_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="vgg16-gap, vgg16-flatten"):
        recipe_named("resnet")
    with pytest.raises(TrainingError, match="no recipe"):
        Recipe.from_json({"name": "x", "wings": 2})


def test_cosine_warms_up_then_falls_to_nothing() -> None:
    recipe = recipe_named("cnn-small").changed(schedule="cosine", learning_rate=1, epochs=5, warmup_epochs=1)
    # 1/2 while warming up, then (1 + cos(k pi / 4)) / 2 for k = 0..3
    assert [scheduled_rate(recipe, epoch) for epoch in range(5)] == pytest.approx(
        [0.5, 1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]
    )
