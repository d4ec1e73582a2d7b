"""ImageNet weights that keras.applications publishes, as this project's networks take them.

Batch norm is folded into the convolutions: kernel * s and (bias - mean) * s + offset.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.network.architectures import get_weights
from gallery.network.backbones import convolutions_of, norm_after
from gallery.network.engine import keras
from gallery.network.preprocessing import PREPROCESSINGS

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Published:
    """A network of keras.applications.

    Attributes:
        build: makes it; downloads its weights unless they were before.
        file: the name under which Keras keeps the downloaded weights of the convolutions.
        tensors: its convolutions as ours are called.
        with_head: whether files are read by the names of layers, so that they may hold a head too.
    """

    build: Callable[..., keras.Model]
    file: str
    tensors: Callable[[keras.Model], Tensors]
    with_head: bool = False

    @property
    def is_downloaded(self) -> bool:
        """Whether the weights lie on this machine."""
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        return (home / "models" / self.file).is_file()

    def fetched(self) -> keras.Model:
        """Return the network without its head, with ImageNet's weights."""
        return self.build(include_top=False, weights="imagenet")

    def read(self, path: Path) -> Tensors:
        """Return the tensors of a legacy ``.h5`` weights file of keras.applications.

        Raises:
            OSError, RuntimeError, TypeError, ValueError, KeyError: it is no such file, or a tensor is
                missing or misshapen.
        """
        network = self.build(include_top=False, weights=None)
        if not self.with_head:
            network.load_weights(path)
            return self.tensors(network)
        for variable in network.variables:
            variable.assign(variable * np.nan)
        network.load_weights(path, by_name=True)
        tensors = self.tensors(network)
        for name, tensor in tensors.items():
            if np.isnan(tensor).all():
                raise ValueError(f"it has no {name}")
        return tensors


def resnet50_tensors(network: keras.Model) -> Tensors:
    """Return the convolutions of keras.applications' ResNet50 as `backbones.resnet50` has them, and its head.

    Keras' own takes pixels as "caffe", ours as "torch": the first convolution makes
    up for it, but for half a grey level at the photo's edge.
    """
    tensors = folded_tensors(network)
    kernel = tensors["conv1_conv/kernel"][:, :, ::-1]  # (7, 7, 3, 64), of RGB
    torch, caffe = PREPROCESSINGS["torch"], PREPROCESSINGS["caffe"]
    shift = np.subtract(torch.mean, caffe.mean) @ kernel.sum((0, 1))  # (64,)
    tensors["conv1_conv/bias"] += shift.astype(np.float32)
    tensors["conv1_conv/kernel"] = kernel * np.asarray(torch.scale, np.float32)[:, np.newaxis]
    if any(layer.name == "predictions" for layer in network.layers):
        head = network.get_layer("predictions").get_weights()
        for name, tensor in zip(("kernel", "bias"), head, strict=True):
            tensors[f"predictions/{name}"] = np.asarray(tensor, np.float32)
    return tensors


def folded_tensors(network: keras.Model) -> Tensors:
    """Return the convolutions of a network of keras.applications, its batch norms folded into them."""
    tensors: Tensors = {}
    for name, convolution in convolutions_of(network).items():
        kernel, *bias = (np.asarray(tensor, np.float32) for tensor in convolution.get_weights())
        norm = norm_after(network, convolution)
        scale = 1 / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
        if norm.scale:
            scale = scale * np.asarray(norm.gamma)
        mean = np.asarray(norm.moving_mean) - (bias[0] if bias else 0)
        tensors[f"{name}/kernel"] = (kernel * scale).astype(np.float32)
        tensors[f"{name}/bias"] = (np.asarray(norm.beta) - mean * scale).astype(np.float32)
    return tensors


PUBLISHED = {
    "vgg16": Published(
        keras.applications.VGG16,
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        get_weights,
        with_head=True,
    ),
    "resnet50": Published(
        keras.applications.ResNet50,
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        resnet50_tensors,
    ),
    "inception-v3": Published(
        keras.applications.InceptionV3,
        "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        folded_tensors,
    ),
}
"""By backbone."""
