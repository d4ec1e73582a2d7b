"""Files of the layout that keras.applications publishes, made here in small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gallery.network.architectures import build, get_weights, set_weights
from gallery.network.published import PUBLISHED

pytestmark = pytest.mark.network

LAYERS = [
    f"block{block}_conv{number}"
    for block, count in enumerate((2, 2, 3, 3, 3), 1)
    for number in range(1, count + 1)
]


def published(layer: str, what: str) -> str:
    """How the file that keras.applications downloads names its tensors."""
    return f"{layer}_{'W' if what == 'kernel' else 'b'}_1:0"


def saved(layer: str, what: str) -> str:
    """How `model.save_weights("x.h5")` of Keras 2 names them."""
    return f"{layer}/{what}:0"


def write_h5(path: Path, weights: dict[str, Any], name: Callable[[str, str], str], root: str = "/") -> None:
    with h5py.File(path, "w") as file:
        top = file.require_group(root)
        layers = ["input_1", *LAYERS, "block1_pool", "fc1"]
        top.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            group = top.create_group(layer)
            tensors = {w: weights[f"{layer}/{w}"] for w in ("kernel", "bias") if f"{layer}/{w}" in weights}
            group.attrs["weight_names"] = [name(layer, what).encode() for what in tensors]
            for what, tensor in tensors.items():
                group.create_dataset(name(layer, what), data=tensor)


@pytest.mark.parametrize("name", [published, saved])
@pytest.mark.parametrize("root", ["/", "model_weights"])
def test_legacy_layouts_give_the_thirteen_convolutions(
    tmp_path: Path, he_weights: dict[str, Any], name: Callable[[str, str], str], root: str
) -> None:
    path = tmp_path / "vgg16.h5"
    write_h5(path, he_weights, name, root)
    read = PUBLISHED["vgg16"].read(path)
    assert set(read) == {f"{layer}/{what}" for layer in LAYERS for what in ("kernel", "bias")}
    for key, tensor in read.items():
        np.testing.assert_array_equal(tensor, he_weights[key])


def test_read_backbone_fills_a_network_that_keeps_its_own_head(
    tmp_path: Path, he_weights: dict[str, Any]
) -> None:
    path = tmp_path / "vgg16.h5"
    write_h5(path, he_weights, published)
    network = build("vgg16-gap", 2, 32)
    head = get_weights(network)["fc1/kernel"]
    set_weights(network, get_weights(network) | PUBLISHED["vgg16"].read(path))
    filled = get_weights(network)
    np.testing.assert_array_equal(filled["block5_conv3/kernel"], he_weights["block5_conv3/kernel"])
    np.testing.assert_array_equal(filled["fc1/kernel"], head)


def test_missing_layer_is_named(tmp_path: Path, he_weights: dict[str, Any]) -> None:
    path = tmp_path / "vgg16.h5"
    write_h5(path, {k: v for k, v in he_weights.items() if not k.startswith("block4_conv3/")}, published)
    with pytest.raises(ValueError, match=r"named block4_conv3"):
        PUBLISHED["vgg16"].read(path)
    with h5py.File(path, "a") as file:
        file.attrs["layer_names"] = [
            name for name in file.attrs["layer_names"] if "block4_conv3" not in str(name)
        ]
    with pytest.raises(ValueError, match="it has no block4_conv3/kernel"):
        PUBLISHED["vgg16"].read(path)


def test_kernels_of_another_network_are_named_with_both_shapes(
    tmp_path: Path, he_weights: dict[str, Any]
) -> None:
    path = tmp_path / "vgg16.h5"
    write_h5(path, he_weights | {"block2_conv1/kernel": np.zeros((128, 64, 3, 3), np.float32)}, published)
    with pytest.raises(ValueError, match=r"block2_conv1.*\(3, 3, 64, 128\).*\(128, 64, 3, 3\)"):
        PUBLISHED["vgg16"].read(path)


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(64)])
def test_file_that_is_no_hdf5_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vgg16.h5"
    path.write_bytes(content)
    with pytest.raises(OSError, match="open file"):
        PUBLISHED["vgg16"].read(path)
    with pytest.raises(OSError, match="open file"):
        PUBLISHED["vgg16"].read(tmp_path / "missing.h5")
