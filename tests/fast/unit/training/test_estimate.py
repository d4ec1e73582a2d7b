"""What a recipe is said to cost, against the networks themselves and against hand calculations."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.training.estimate import START_S, estimate, parameter_count
from gallery.training.history import Epoch
from gallery.training.recipes import RECIPES, recipe_named
from gallery.training.request import TrainingRequest
from gallery.training.trainings import TrainingRun


@pytest.mark.parametrize(
    ("name", "count"), [("vgg16-gap", 14_982_474), ("vgg16-flatten", 27_725_770), ("cnn-large", 17_783_050)]
)
def test_parameter_counts_for_ten_classes_are_those_of_the_field(name: str, count: int) -> None:
    assert parameter_count(recipe_named(name), 10) == count


def test_every_recipe_has_an_estimate_that_grows_with_photos_and_epochs() -> None:
    for recipe in RECIPES.values():
        few = estimate(recipe, 100, bfloat16=True)
        many = estimate(recipe, 200, bfloat16=True)
        longer = estimate(recipe.changed(epochs=recipe.epochs + 5), 100, bfloat16=True)
        assert few is not None, recipe.name
        assert many is not None
        assert longer is not None
        assert START_S < few.seconds < min(many.seconds, longer.seconds)
        assert not few.measured_here


def test_an_earlier_training_of_the_same_network_counts_for_more_than_a_constant(tmp_path: Path) -> None:
    recipe = recipe_named("cnn-small").changed(epochs=10)
    request = TrainingRequest(tmp_path, recipe, None, "owls", tmp_path / "owls", tmp_path / "cache")
    (tmp_path / "owls").mkdir()
    lines = [f"{number:064x},p,l,g,{'train' if number < 80 else 'validation'}" for number in range(100)]
    (tmp_path / "owls" / "split.csv").write_text("\n".join(["photo_id,path,label,group,part", *lines]))
    epochs = tuple(Epoch(number, 1, 0.5, 1, 0.5, 1e-3, seconds) for number, seconds in ((1, 30.0), (2, 10.0)))
    run = TrainingRun(request, None, epochs)
    assert run.photos == 100
    found = estimate(recipe, 50, [run], bfloat16=True)
    assert found is not None
    assert found.measured_here
    # 20 s an epoch of 100 photos: 0.2 s a photo; 50 photos 10 times, beside the reading and the start
    assert found.seconds == pytest.approx(50 * 0.2 * 10 + 50 * 0.004 + START_S)
    other = estimate(recipe.changed(input_px=99), 50, [run], bfloat16=True)
    assert other is not None
    assert not other.measured_here
