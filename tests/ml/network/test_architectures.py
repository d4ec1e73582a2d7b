"""The recipes' networks: their size to the parameter, their shapes, and that weights come back."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.errors import ModelError
from gallery.network import architectures
from gallery.network.architectures import (
    NetworkOptions,
    build,
    get_weights,
    options_from_weights,
    set_weights,
)

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("vgg16-gap", 14_982_474), ("vgg16-flatten", 27_725_770), ("cnn-large", 17_783_050)],
)
def test_network_has_the_parameters_of_the_field(name: str, parameters: int) -> None:
    assert build(name, 10).count_params() == parameters


def test_cnn_small_has_the_parameters_of_a_hand_calculation() -> None:
    # 34 -> conv 32 -> pool 16 -> conv 14 -> pool 7, 64 maps
    convolutions = (3 * 3 * 3 * 32 + 32) + (3 * 3 * 32 * 64 + 64)
    dense = (7 * 7 * 64 * 20 + 20) + (20 * 3 + 3)
    network = build("cnn-small", 3, 34, options=NetworkOptions(conv_layers=2, dense_units=20))
    assert network.count_params() == convolutions + dense


def test_bottleneck_is_the_convolutions_and_the_top_that_is_trained_alone() -> None:
    options = NetworkOptions(dense_units=8)
    whole = build("vgg16-bottleneck", 2, 32, options=options)
    top = architectures.bottleneck_top(2, (1, 1, 512), options)
    assert whole.count_params() == 14_714_688 + top.count_params() == 14_714_688 + (512 * 8 + 8) + (8 * 2 + 2)


def test_logits_are_float32_even_when_convolutions_compute_in_bfloat16() -> None:
    network = build("cnn-small", 3, 34, conv_dtype="mixed_bfloat16", options=NetworkOptions(conv_layers=2))
    assert network(np.zeros((1, 34, 34, 3), np.float32)).dtype == "float32"
    assert network.get_layer("conv1").compute_dtype == "bfloat16"


def test_weights_taken_from_one_network_make_another_one_equal() -> None:
    options = NetworkOptions(conv_layers=2, dense_units=8)
    first, second = (build("cnn-small", 3, 34, options=options) for _ in range(2))
    set_weights(second, get_weights(first))
    image = np.random.default_rng(0).random((2, 34, 34, 3), np.float32)
    np.testing.assert_array_equal(np.asarray(first(image)), np.asarray(second(image)))


def test_dropout_leaves_no_tensor_in_the_weights() -> None:
    names = get_weights(build("cnn-small", 3, 34, options=NetworkOptions(conv_layers=1)))
    assert sorted(names) == [
        "conv1/bias", "conv1/kernel", "fc1/bias", "fc1/kernel", "predictions/bias", "predictions/kernel",
    ]  # fmt: skip


def test_batch_norms_moving_moments_belong_to_the_weights() -> None:
    assert "norm1/moving_variance" in get_weights(build("cnn-large", 2))


def test_options_are_read_back_from_the_weights_shapes() -> None:
    options = NetworkOptions(conv_layers=2, kernel_px=5, filters=16, dense_units=24)
    weights = get_weights(build("cnn-small", 3, 40, options=options))
    assert options_from_weights("cnn-small", weights) == options


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w: w.pop("fc1/bias"), "lack fc1/bias"),
        (lambda w: w.update({"fc1/bias": np.zeros(3)}), "must have the shape"),
        (lambda w: w.update({"fc1/bias": np.full(8, np.nan)}), "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_change_nothing(change: object, says: str) -> None:
    network = build("cnn-small", 3, 34, options=NetworkOptions(conv_layers=1, dense_units=8))
    before = get_weights(network)
    wrong = {name: tensor + 1 for name, tensor in before.items()}
    change(wrong)  # type: ignore[operator]
    with pytest.raises(ModelError, match=says):
        set_weights(network, wrong)
    for name, tensor in get_weights(network).items():
        np.testing.assert_array_equal(tensor, before[name])


@pytest.mark.parametrize(
    ("name", "classes", "side", "says"),
    [
        ("resnet", 10, 224, "no architecture"),
        ("cnn-large", 1, 128, "two classes"),
        ("cnn-large", 2, 32, "larger photos"),
    ],
)
def test_a_network_that_cannot_be_built_says_why(name: str, classes: int, side: int, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        build(name, classes, side)
