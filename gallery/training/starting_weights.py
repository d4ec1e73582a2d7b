"""What a network begins from: ImageNet's weights, a file's, or nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError, TrainingError
from gallery.network.architectures import Architecture, get_weights, set_weights
from gallery.network.engine import keras
from gallery.network.keras_weights import read_keras_vgg16

Tensors = Mapping[str, NDArray[Any]]

OUTPUT_LAYER = "predictions"
"""Never taken over: a file of tensors does not say which class an output stands for."""


@dataclass(frozen=True, slots=True)
class Start:
    """Which layers of a network did not begin from random numbers.

    Attributes:
        source: "imagenet", "none", or the file's name.
        layers: the layers filled.
        missing: convolutions that the source did not have, which begin at random.
        convolutions: all of them, in their order.
    """

    source: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]
    convolutions: tuple[str, ...]

    @property
    def last_convolution(self) -> str:
        return self.convolutions[-1]


def fill(
    network: keras.Model,
    architecture: Architecture,
    weights: str | None,
    *,
    fetch_imagenet: Callable[[], keras.Model] | None = None,
) -> Start:
    """Fill a network's layers from the source that a user named, and return what was filled.

    Args:
        network: with random weights.
        architecture: its facts.
        weights: "imagenet" (keras.applications, fetched once), "none", or a path: a
            model's folder, a ``.npz`` of this project, or a VGG16 ``.h5`` of
            keras.applications; None is "imagenet" where there are such weights.
        fetch_imagenet: gives the network that has them; keras.applications does if None.

    Raises:
        TrainingError: no such file, no connection, or no layer fits.
    """
    source = weights or ("imagenet" if architecture.imagenet else "none")
    convolutions = _convolutions(network)
    if source == "none":
        return Start("none", (), convolutions, convolutions)
    if source == "imagenet":
        if not architecture.imagenet:
            raise TrainingError(
                f"There are no ImageNet weights for {architecture.name}: it begins from nothing. "
                "Leave --weights out, or give --weights none."
            )
        tensors, name = _fetched(fetch_imagenet or _download_vgg16), "imagenet"
    else:
        path = Path(source).expanduser()
        tensors, name = _read(path), path.parent.name if path.name == "weights.npz" else path.name
    fitting = _fitting(network, tensors)
    if not fitting & set(convolutions):
        raise TrainingError(
            f"No convolution of {network.name} has its weights in {name}. Give weights of the same "
            f"architecture; its layers are {', '.join(convolutions[:3])} and so on."
        )
    filled = set_weights(network, tensors, only=frozenset(fitting))
    missing = tuple(layer for layer in convolutions if layer not in fitting)
    return Start(name, tuple(filled), missing, convolutions)


def settle(network: keras.Model, start: Start, inputs: NDArray[np.float32]) -> tuple[str, ...]:
    """Scale the layers that begin at random behind the last one that does not, and return their names.

    He's initialisation hands on the scale that comes in, and after ImageNet's
    blocks that is hundreds: the first logits would be as large. Afterwards
    each of them gives values of root mean square 1 (Mishkin and Matas 2016).
    One pass suffices, for without biases a relu network's outputs are
    proportional to each of its kernels.

    Args:
        network: filled from `start`, its random layers with biases of 0, without batch norm there.
        start: says which layers were filled.
        inputs: some preprocessed photos, (n, side, side, 3).
    """
    weighted = [layer for layer in network.layers if layer.weights]
    last = max((i for i, layer in enumerate(weighted) if layer.name in start.layers), default=-1)
    tail = weighted[last + 1 :]
    if not tail:
        return ()
    outputs = keras.Model(network.input, [layer.output for layer in tail]).predict_on_batch(inputs)
    before = 1.0
    for layer, output in zip(tail, outputs if len(tail) > 1 else [outputs], strict=True):
        size = float(np.sqrt(np.square(np.asarray(output, np.float32)).mean()))
        if not (np.isfinite(size) and size > 0):
            break  # nothing comes through: leave it as it is
        layer.kernel.assign(layer.kernel * (before / size))
        before = size
    return tuple(layer.name for layer in tail)


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
    return tuple(layer.name for layer in network.layers if isinstance(layer, keras.layers.Conv2D))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    file = path / "weights.npz" if path.is_dir() else path
    if not file.is_file():
        raise TrainingError(
            f"There are no weights at {path}. Give a model's folder, a .npz or .h5 file, "
            "--weights imagenet, or --weights none."
        )
    if file.suffix.lower() in (".h5", ".hdf5"):
        try:
            return dict(read_keras_vgg16(file))
        except ModelError as exc:
            raise TrainingError(str(exc)) from exc
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: np.asarray(stored[name], np.float32) for name in stored.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as exc:
        raise TrainingError(f"{file} cannot be read as weights ({exc}). Give a .npz or a .h5 file.") from exc


def _download_vgg16() -> keras.Model:
    return keras.applications.VGG16(include_top=False, weights="imagenet")


def _fetched(fetch: Callable[[], keras.Model]) -> Tensors:
    try:
        return get_weights(fetch())
    except Exception as exc:  # keras raises bare Exception when the download fails
        raise TrainingError(
            f"VGG16's ImageNet weights could not be fetched ({exc}). On a machine without a connection give "
            "--weights PATH with a model's folder, or --weights none."
        ) from exc
