"""The architecture and the filling of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gallery.errors import ModelError
from gallery.network.architectures import build, get_weights, set_weights

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def network() -> Any:
    return build("vgg16-gap", 10, 64)


def test_parameters_are_those_of_the_field(network: Any) -> None:
    # 13 convolutions 14,714,688; Dense 512: 512 * 512 + 512; Dense 10: 512 * 10 + 10
    assert network.count_params() == 14_714_688 + 262_656 + 5_130 == 14_982_474


def test_convolutions_are_those_of_keras_applications(network: Any) -> None:
    from gallery.network.engine import keras

    reference = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    expected = {
        layer.name: [tuple(v.shape) for v in layer.variables] for layer in reference.layers if layer.variables
    }
    found = {
        layer.name: [tuple(v.shape) for v in layer.variables] for layer in network.layers if layer.variables
    }
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) == {"fc1", "predictions"}
    assert network.get_layer("block5_conv3").output.shape == (None, 4, 4, 512)


def test_same_weights_give_the_same_maps_as_keras_applications(
    network: Any, he_weights: dict[str, Any], noise: Any
) -> None:
    from gallery.network.engine import keras

    reference = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    for layer in reference.layers:
        if layer.variables:
            layer.set_weights([he_weights[f"{layer.name}/kernel"], he_weights[f"{layer.name}/bias"]])
    set_weights(network, he_weights)
    ours = keras.Model(network.input, network.get_layer("block5_conv3").output)
    theirs = keras.Model(reference.input, reference.get_layer("block5_conv3").output)
    images = noise[:2].astype(np.float32)
    np.testing.assert_allclose(ours(images), theirs(images), rtol=1e-4, atol=1e-3)


def test_written_weights_are_read_back(network: Any, he_weights: dict[str, Any]) -> None:
    set_weights(network, he_weights)
    read = get_weights(network)
    assert set(read) == set(he_weights)
    for name, tensor in he_weights.items():
        np.testing.assert_array_equal(read[name], tensor)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc1/kernel": None}, "The weights lack fc1/kernel"),
        (
            {"block3_conv2/bias": np.zeros(255)},
            r"block3_conv2/bias must have the shape \(256,\), got \(255,\)",
        ),
        ({"block1_conv1/kernel": np.zeros((3, 3, 64, 3))}, "block1_conv1/kernel must have the shape"),
        ({"predictions/bias": np.full(10, np.nan)}, "predictions/bias holds values that are not finite"),
        ({"fc2/kernel": np.zeros(3)}, "hold fc2/kernel, which vgg16_gap has not"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name_and_nothing_changes(
    network: Any, he_weights: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    before = get_weights(network)
    changed = {name: tensor for name, tensor in (he_weights | change).items() if tensor is not None}
    with pytest.raises(ModelError, match=said):
        set_weights(network, changed)
    for name, tensor in get_weights(network).items():
        np.testing.assert_array_equal(tensor, before[name])


def test_head_computes_in_float32_whatever_the_backbone_does() -> None:
    network = build("vgg16-gap", 10, 32, conv_dtype="bfloat16")
    dtypes = {layer.name: layer.compute_dtype for layer in network.layers}
    assert {dtypes[name] for name in ("gap", "fc1", "predictions")} == {"float32"}
    assert {dtypes[name] for name in dtypes if name.startswith("block")} == {"bfloat16"}
    assert network.output.dtype == "float32"
