"""What a network begins from: ImageNet's weights, a file's, or nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.files import read_arrays
from gallery.network.architectures import Architecture, get_weights, set_weights
from gallery.network.engine import keras
from gallery.network.layouts import backbone_of
from gallery.network.published import PUBLISHED
from gallery.training.request import ShippedImagenet

Tensors = Mapping[str, NDArray[Any]]

OUTPUT_LAYER = "predictions"
"""Never taken over: a file of tensors does not say which class an output stands for."""


@dataclass(frozen=True, slots=True)
class Start:
    """Which layers of a network did not begin from random numbers.

    Attributes:
        source: "imagenet" and where that was taken from, "none", or the file's name.
        layers: the layers filled.
        missing: convolutions that the source did not have, which begin at random.
        convolutions: all of them, in their order.
    """

    source: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    convolutions: tuple[str, ...]


def fill(
    network: keras.Model,
    architecture: Architecture,
    weights: str | None,
    *,
    shipped: ShippedImagenet = lambda _: None,
) -> Start:
    """Fill a network's layers from the source that a user named, and return what was filled.

    Args:
        network: with random weights.
        architecture: its facts.
        weights: "imagenet", "none", or a path: a model's folder, a ``.npz`` of this project, or an
            ``.h5`` without a head of keras.applications; None is "imagenet" where there are such weights.
        shipped: ImageNet's weights that came with the app; taken where Keras has not downloaded its own.

    Raises:
        TrainingError: no such file, no connection, or no layer fits.
    """
    backbone = backbone_of(architecture.name)
    source = weights or ("imagenet" if backbone else "none")
    convolutions = _convolutions(network)
    if source == "none":
        return Start("none", (), convolutions, convolutions)
    if source == "imagenet":
        if backbone is None:
            raise TrainingError(
                f"There are no ImageNet weights for {architecture.name}: it begins from nothing. "
                "Leave --weights out, or give --weights none."
            )
        tensors, name = _imagenet(backbone, shipped)
        tensors = {key: tensor for key, tensor in tensors.items() if key.split("/")[0] in convolutions}
    else:
        path = Path(source).expanduser()
        tensors, name = _read(path, backbone), path.parent.name if path.name == "weights.npz" else path.name
    fitting = _fitting(network, tensors)
    if not fitting & set(convolutions):
        raise TrainingError(
            f"No convolution of {network.name} has its weights in {name}. Give weights of the same "
            f"architecture; its layers are {', '.join(convolutions[:3])} and so on."
        )
    filled = set_weights(network, tensors, only=frozenset(fitting))
    missing = tuple(layer for layer in convolutions if layer not in fitting)
    return Start(name, tuple(filled), missing, convolutions)


def settle(network: keras.Model, start: Start, inputs: NDArray[np.float32]) -> float:
    """Make the values that come out of the filled layers of size 1, and return what it was.

    ImageNet's blocks hand on values of hundreds, He's initialisation keeps that
    size, and the first logits would be as large. And a network stored in float16
    may have one kernel hundreds of times smaller than usual and another as much
    larger: the first steps of Adam, which are as long for each, would destroy it.
    So every kernel is brought to He's size (sqrt(2 / inputs), root mean square)
    times a factor that all share: with relu and pooling between them, kernels
    times f_k and biases times f_1 ... f_k give outputs times the product of all,
    and nothing else changes.

    Args:
        network: VGG16, filled from `start`; where nothing was, all but the last layer count.
        start: says which layers were filled.
        inputs: some preprocessed photos, (n, side, side, 3).
    """
    weighted = [layer for layer in network.layers if layer.weights]
    chain = [layer for layer in weighted if layer.name in start.layers] or weighted[:-1]
    if chain != weighted[: len(chain)]:
        return 1.0  # a layer at random between filled ones: there is no size to speak of
    last = keras.Model(network.input, chain[-1].output)
    values = np.asarray(last.predict_on_batch(inputs), np.float32)
    size = float(np.sqrt(np.square(values).mean()))
    if not (np.isfinite(size) and size > 0):
        return 1.0  # nothing comes through: leave it as it is
    kernels = [np.asarray(layer.kernel, np.float64) for layer in chain]
    sizes = [float(np.sqrt(np.square(kernel).mean())) for kernel in kernels]
    if not all(np.isfinite(one) and one > 0 for one in sizes):
        return 1.0
    usual = [np.sqrt(2 / np.prod(kernel.shape[:-1])) for kernel in kernels]
    logs = np.log(usual) - np.log(sizes)
    factors = np.exp(logs - (np.log(size) + logs.sum()) / len(chain))
    for layer, factor, so_far in zip(chain, factors, np.cumprod(factors), strict=True):
        layer.kernel.assign(layer.kernel * np.float32(factor))
        layer.bias.assign(layer.bias * np.float32(so_far))
    return size


def _fitting(network: keras.Model, tensors: Tensors) -> set[str]:
    shapes = {name: tensor.shape for name, tensor in get_weights(network).items()}
    layers = {name.split("/")[0] for name in shapes} - {OUTPUT_LAYER}
    return {
        layer
        for layer in layers
        if all(
            name in tensors and tuple(tensors[name].shape) == shape
            for name, shape in shapes.items()
            if name.startswith(f"{layer}/")
        )
    }


def _convolutions(network: keras.Model) -> tuple[str, ...]:
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    return tuple(layer.name for layer in network.layers if isinstance(layer, kinds))


def _read(path: Path, backbone: str | None) -> dict[str, NDArray[Any]]:
    file = path / "weights.npz" if path.is_dir() else path
    if not file.is_file():
        raise TrainingError(
            f"There are no weights at {path}. Give a model's folder, a .npz or .h5 file, "
            "--weights imagenet, or --weights none."
        )
    if file.suffix.lower() in (".h5", ".hdf5"):
        return _read_keras(file, backbone)
    try:
        return {name: np.asarray(array, np.float32) for name, array in read_arrays(file).items()}
    except ValueError as exc:
        raise TrainingError(f"{file} cannot be read as weights ({exc}). Give a .npz or a .h5 file.") from exc


def _read_keras(file: Path, backbone: str | None) -> dict[str, NDArray[Any]]:
    published = PUBLISHED.get(backbone or "")
    if published is None:
        raise TrainingError(
            f"keras.applications has no network of this form: {file} cannot be its weights. Give a .npz file."
        )
    try:
        return dict(published.read(file))
    except (OSError, RuntimeError, TypeError, ValueError, KeyError) as exc:
        raise TrainingError(
            f"{file} cannot be read as the HDF5 weights of {backbone} ({exc}). Give the .h5 without a head "
            "that keras.applications publishes."
        ) from exc


def _imagenet(backbone: str, shipped: ShippedImagenet) -> tuple[Tensors, str]:
    """Return ImageNet's tensors and their name: Keras' own if on this machine, else shipped, else fetched."""
    published = PUBLISHED.get(backbone)
    if not (published and published.is_downloaded):
        found = shipped(backbone)
        if found is not None:
            return found[1], f"imagenet (the convolutions of {found[0]})"
    if published is None:
        raise TrainingError(
            f"ImageNet's weights of {backbone} come with the app, and are not there. Restore the folder "
            "model_store, or give --weights PATH."
        )
    try:
        with contextlib.redirect_stdout(sys.stderr):  # keras shows its progress where an answer belongs
            return published.tensors(published.fetched()), "imagenet (keras.applications)"
    except Exception as exc:  # keras raises bare Exception when the download fails
        raise TrainingError(
            f"ImageNet's weights of {backbone} could not be fetched ({exc}). On a machine without a "
            "connection give --weights PATH with a model's folder, or --weights none."
        ) from exc
