"""What the recipes say of a network and decide after an epoch, held against Keras itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.training.estimate import parameter_count
from gallery.training.history import Epoch, reductions, stops_early
from gallery.training.recipes import RECIPES, Recipe, recipe_named

some_losses = st.lists(st.sampled_from([0.5, 0.4, 0.39995, 0.3, 0.30005, 0.2, 0.9]), min_size=1, max_size=25)


@pytest.mark.parametrize(
    "recipe",
    [
        *(recipe for recipe in RECIPES.values() if recipe.architecture != "vgg16-flatten"),
        recipe_named("cnn-small").changed(
            conv_layers=3, kernel_px=5, filters=160, dense_units=64, input_px=99
        ),
    ],
    ids=lambda recipe: f"{recipe.name} {recipe.input_px}",
)
def test_parameter_counts_are_those_of_the_networks(recipe: Recipe) -> None:
    from gallery.network.architectures import NetworkOptions, build

    options = NetworkOptions(
        recipe.dropout, recipe.l2, recipe.conv_layers, recipe.kernel_px, recipe.filters, recipe.dense_units
    )
    network = build(recipe.architecture, 3, recipe.input_px, options=options)
    assert parameter_count(recipe, 3) == network.count_params()


@settings(deadline=None, max_examples=30)
@given(some_losses)
def test_decisions_are_those_of_keras_callbacks(losses: list[float]) -> None:
    import keras

    early, plateau = (
        keras.callbacks.EarlyStopping(patience=5),
        keras.callbacks.ReduceLROnPlateau(patience=3, factor=0.5),
    )
    model = SimpleNamespace(
        stop_training=False, optimizer=SimpleNamespace(learning_rate=1024.0, _learning_rate=1024.0)
    )
    for callback in (early, plateau):
        callback.set_model(model)
        callback.on_train_begin()
    for done, loss in enumerate(losses, start=1):
        early.on_epoch_end(done - 1, {"val_loss": loss})
        plateau.on_epoch_end(done - 1, {"val_loss": loss})
        history = [Epoch(i, 1.0, 0.5, loss, 0.5, 1e-3, 10.0) for i, loss in enumerate(losses[:done], start=1)]
        assert stops_early(history, 5) == model.stop_training
        assert 1024 * 0.5 ** reductions(history, 3) == model.optimizer.learning_rate
        if model.stop_training:
            break
