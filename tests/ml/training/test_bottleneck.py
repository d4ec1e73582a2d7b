"""A top trained on saved outputs is the whole network's top, and the outputs are computed once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest

pytestmark = pytest.mark.network


def test_the_top_learns_on_saved_outputs_and_the_whole_network_answers_the_same(tmp_path: Path) -> None:
    import keras

    from gallery.network.architectures import NetworkOptions, build, get_weights
    from gallery.training.bottleneck import fit_top
    from gallery.training.fit import FitData, predict

    images = np.random.default_rng(0).integers(0, 160, (12, 32, 32, 3)).astype(np.uint8)
    labels = np.arange(12) % 2
    images[labels == 1, ..., 2] += 90
    read: list[int] = []

    def inputs(rows: np.ndarray) -> np.ndarray:
        read.extend(rows.tolist())
        return images[rows]

    keras.utils.set_random_seed(0)
    options = NetworkOptions(l2=0.05, dense_units=8)
    network = build("vgg16-bottleneck", 2, 32, options=options)
    before = {
        name: tensor.astype(np.float16) for name, tensor in get_weights(network).items()
    }  # as it is kept
    data = FitData(inputs, labels, np.arange(8), np.arange(8, 12), 2, "caffe")
    recipe = recipe_named("vgg16-bottleneck").changed(input_px=32, epochs=3)
    request = TrainingRequest(tmp_path, recipe, None, "top", tmp_path, tmp_path)
    told: list[tuple[str, int, int]] = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        fitted, top, features = fit_top(
            network, data, dataclasses.replace(request, folder=tmp_path / name), options=options,
            photo_set="these", on_progress=lambda now: told.append((now.stage, now.done, now.total)),
        )  # fmt: skip
        assert sorted(read) == list(range(12))  # each photo once, in both trainings together
    assert [now for now in told if now[0] == "preparing"] == [("preparing", 12, 12)]
    [file] = tmp_path.glob("*.npy")
    assert not list(tmp_path.glob("*.part"))
    assert np.load(file).shape == (12, 1, 1, 512)
    after = get_weights(network)
    moved = {name for name, tensor in after.items() if not np.array_equal(tensor, before[name])}
    assert moved == {"fc1/kernel", "fc1/bias", "predictions/kernel", "predictions/bias"}
    whole, alone = predict(network, data, data.validation), predict(top, features, data.validation)
    np.testing.assert_allclose(whole, alone, rtol=0.01, atol=0.01)
    assert (alone.argmax(1) == labels[8:]).mean() == fitted.best.val_accuracy


def test_two_trainings_of_the_same_photos_do_not_write_into_each_others_outputs(tmp_path: Path) -> None:
    import keras

    from gallery.network.architectures import NetworkOptions, build
    from gallery.training.bottleneck import saved_features
    from gallery.training.fit import FitData

    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    network = build("vgg16-bottleneck", 2, 32, options=NetworkOptions(dense_units=8))
    second: list[np.ndarray] = []

    def inputs(rows: np.ndarray) -> np.ndarray:
        if rows[0] == 32 and not second:  # the other one comes while this one is half done
            second.append(np.zeros(0))
            second.append(np.array(saved_features(network, data, tmp_path, "these")))
        return images[rows]

    data = FitData(inputs, np.arange(40) % 2, np.arange(30), np.arange(30, 40), 2, "caffe")
    first = np.array(saved_features(network, data, tmp_path, "these"))
    assert np.abs(first).sum(axis=(1, 2, 3)).min() > 0
    np.testing.assert_array_equal(first, second[1])
    assert [place.suffix for place in tmp_path.iterdir()] == [".npy"]
