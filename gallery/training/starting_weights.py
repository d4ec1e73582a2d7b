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
    fetch_imagenet: Callable[[], Tensors] | None = None,
) -> Start:
    """Fill a network's layers from the source that a user named, and return what was filled.

    Args:
        network: with random weights.
        architecture: its facts.
        weights: "imagenet" (keras.applications, fetched once), "none", or a path: a
            model's folder, a ``.npz`` of this project, or a VGG16 ``.h5`` of
            keras.applications; None is "imagenet" where there are such weights.
        fetch_imagenet: gives their tensors; keras.applications does if None.

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
        tensors, name = (fetch_imagenet or _fetch_vgg16)(), "imagenet"
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


def _fetch_vgg16() -> Tensors:
    try:
        return get_weights(keras.applications.VGG16(include_top=False, weights="imagenet"))
    except Exception as exc:  # keras raises bare Exception when the download fails
        raise TrainingError(
            f"VGG16's ImageNet weights could not be fetched ({exc}). On a machine without a connection give "
            "--weights PATH with a model's folder, or --weights none."
        ) from exc
