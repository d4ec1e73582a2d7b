"""ImageNet weights that keras.applications publishes, as this project's networks take them.

Batch norm is folded into the convolutions: kernel * s and (bias - mean) * s + offset.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.network.architectures import get_weights
from gallery.network.engine import keras
from gallery.network.preprocessing import PREPROCESSINGS
from gallery.network.resnet50 import convolution_names

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Published:
    """A network of keras.applications.

    Attributes:
        build: makes it; downloads its weights unless they were before.
        file: the name under which Keras keeps the downloaded weights of the convolutions.
        tensors: its convolutions as ours are called.
    """

    build: Callable[..., keras.Model]
    file: str
    tensors: Callable[[keras.Model], Tensors]

    @property
    def is_downloaded(self) -> bool:
        """Whether the weights lie on this machine."""
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        return (home / "models" / self.file).is_file()

    def fetched(self) -> keras.Model:
        """Return the network without its head, with ImageNet's weights."""
        return self.build(include_top=False, weights="imagenet")

    def read(self, path: Path) -> Tensors:
        """Return the tensors of a weights file of keras.applications without the head.

        Raises:
            OSError, ValueError: it is no such file.
        """
        return self.tensors(self.build(include_top=False, weights=str(path)))


def resnet50_tensors(network: keras.Model) -> Tensors:
    """Return the convolutions of keras.applications' ResNet50 as `resnet50.resnet50` has them.

    Keras' own takes pixels as "caffe", ours as "torch": the first convolution makes
    up for it, but for half a grey level at the photo's edge. A 1000-class head
    is returned too where the network has one.
    """
    tensors = _folded(
        (name, network.get_layer(name), network.get_layer(name.removesuffix("_conv") + "_bn"))
        for name in convolution_names()
    )
    kernel = tensors["conv1_conv/kernel"][:, :, ::-1]  # (7, 7, 3, 64), of RGB
    torch, caffe = PREPROCESSINGS["torch"], PREPROCESSINGS["caffe"]
    shift = np.subtract(torch.mean, caffe.mean) @ kernel.sum((0, 1))  # (64,)
    tensors["conv1_conv/bias"] += shift.astype(np.float32)
    tensors["conv1_conv/kernel"] = kernel * np.asarray(torch.scale, np.float32)[:, np.newaxis]
    if any(layer.name == "predictions" for layer in network.layers):
        tensors["predictions/kernel"], tensors["predictions/bias"] = _arrays(network.get_layer("predictions"))
    return tensors


def inception_v3_tensors(network: keras.Model) -> Tensors:
    """Return the convolutions of keras.applications' InceptionV3 as `inception_v3.inception_v3` has them.

    Keras gives its layers no names but numbers, in the order in which they are made.
    """
    convolutions = _in_order(network, keras.layers.Conv2D)
    norms = _in_order(network, keras.layers.BatchNormalization)
    return _folded(
        (f"conv{number}", convolution, norm)
        for number, (convolution, norm) in enumerate(zip(convolutions, norms, strict=True), start=1)
    )


PUBLISHED = {
    "vgg16": Published(
        keras.applications.VGG16, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", get_weights
    ),
    "resnet50": Published(
        keras.applications.ResNet50,
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        resnet50_tensors,
    ),
    "inception-v3": Published(
        keras.applications.InceptionV3,
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        inception_v3_tensors,
    ),
}
"""By backbone."""


def _folded(layers: Iterable[tuple[str, Any, Any]]) -> Tensors:
    """Return the tensors of convolutions, each followed by its batch norm."""
    tensors: Tensors = {}
    for name, convolution, norm in layers:
        kernel, *bias = _arrays(convolution)
        scale = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
        if norm.scale:
            scale = scale * np.asarray(norm.gamma)
        mean = np.asarray(norm.moving_mean) - (bias[0] if bias else 0)
        tensors[f"{name}/kernel"] = (kernel * scale).astype(np.float32)
        tensors[f"{name}/bias"] = (np.asarray(norm.beta) - mean * scale).astype(np.float32)
    return tensors


def _arrays(layer: Any) -> list[NDArray[np.float32]]:
    return [np.asarray(tensor, np.float32) for tensor in layer.get_weights()]


def _in_order(network: keras.Model, kind: type) -> list[Any]:
    def number(layer: Any) -> int:
        found = re.search(r"_(\d+)$", layer.name)
        return int(found[1]) if found else 0  # the first has none

    return sorted((layer for layer in network.layers if isinstance(layer, kind)), key=number)
