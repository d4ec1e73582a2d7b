"""The networks of the recipes, built by name: a card's word chooses code here, and nothing else.

Every network takes preprocessed float32 images and gives float32 logits; its
convolutions compute in the dtype asked for, its dense layers in float32.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network.backbones import (
    convolved,
    efficientnet_lite2,
    halved,
    inception_v3,
    resnet50,
    vgg16,
)
from gallery.network.engine import keras
from gallery.network.layouts import CNN_LARGE_FILTERS, POOLED_UNITS

Outputs = Callable[[Any, int, str, "NetworkOptions"], Any]
"""A Keras input, classes, dtype of the convolutions, options -> logits, of random weights."""


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What may differ between two networks of one architecture.

    Attributes:
        dropout: share of units left out while training, in [0, 1).
        l2: penalty on the squared kernels of the dense layers, per weight.
        conv_layers: convolution and pooling pairs of cnn-small.
        kernel_px: side of their kernels.
        filters: of the first one; each further one doubles them, to 128 at most.
        dense_units: of the first dense layer of cnn-small, vgg16-bottleneck and the pooled heads; 0 is the
            usual number.
    """

    dropout: float = 0.5
    l2: float = 0.0
    conv_layers: int = 4
    kernel_px: int = 3
    filters: int = 32
    dense_units: int = 0


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is fixed for every network of a name.

    Attributes:
        preprocessing: a key of `preprocessing.PREPROCESSINGS`.
        target_layer: the last convolution, whose maps Grad-CAM weighs; None where their number varies.
        outputs: makes the logits of a Keras input.
        pooled: whether the head is global average pooling, a dense relu layer "fc1" and a dense layer
            "predictions": then the maps of all classes have a closed form (`network.classifier`).
    """

    name: str
    preprocessing: str
    input_px: int
    target_layer: str | None
    outputs: Outputs
    pooled: bool = False


def architecture_named(name: str) -> Architecture:
    """Return an architecture's fixed facts.

    Raises:
        ModelError: there is none of that name.
    """
    if name not in ARCHITECTURES:
        raise ModelError(f"There is no architecture {name!r}. Those known here: {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]


def build(
    name: str,
    class_count: int,
    input_px: int | None = None,
    *,
    conv_dtype: str = "float32",
    options: NetworkOptions = NetworkOptions(),
) -> keras.Model:
    """Return a network with random weights.

    Args:
        name: a key of `ARCHITECTURES`.
        class_count: outputs, 2 or more.
        input_px: side of the square input; None for the architecture's own.
        conv_dtype: a Keras dtype policy for the convolutions, "float32" or "mixed_bfloat16".
        options: what varies within the architecture.

    Returns:
        (batch, side, side, 3) float32, preprocessed -> (batch, class_count) float32 logits.

    Raises:
        ModelError: unknown name, fewer than two classes, or an input too small for the network.
    """
    architecture = architecture_named(name)
    side = input_px or architecture.input_px
    if class_count < 2:
        raise ModelError(f"A classifier needs two classes or more, got {class_count}.")
    image = keras.Input((side, side, 3), dtype="float32", name="image")
    try:
        logits = architecture.outputs(image, class_count, conv_dtype, options)
    except ValueError as exc:  # Keras: a map became smaller than the kernel or the pool
        raise ModelError(
            f"{name} cannot take {side} x {side} pixels; give it larger photos. ({exc})"
        ) from exc
    return keras.Model(image, logits, name=name.replace("-", "_"))


def bottleneck_top(
    class_count: int, feature_shape: tuple[int, ...], options: NetworkOptions = NetworkOptions()
) -> keras.Model:
    """Return the dense top of vgg16-bottleneck alone: (batch, 7, 7, 512) of block5_pool -> logits."""
    features = keras.Input(feature_shape, dtype="float32", name="block5_pool_outputs")
    return keras.Model(features, _bottleneck_head(features, class_count, options), name="bottleneck_top")


def get_weights(network: keras.Model) -> dict[str, NDArray[np.float32]]:
    """Return a network's tensors by ``<layer>/<variable>``; the state of dropout's dice is none of them."""
    return {
        f"{layer.name}/{weight.name}": keras.ops.convert_to_numpy(keras.ops.cast(weight, "float32"))
        for layer in network.layers
        for weight in layer.weights
    }


def set_weights(
    network: keras.Model, weights: Mapping[str, NDArray[Any]], *, only: frozenset[str] | None = None
) -> list[str]:
    """Fill a network with tensors as `get_weights` names them and return the layers filled.

    Args:
        network: is unchanged when an error is raised.
        weights: any float dtype.
        only: the layers to fill; None means all, and that nothing may be missing or left over.

    Raises:
        ModelError: a tensor is missing, left over, misshapen or not finite.
    """
    chosen = [layer for layer in network.layers if layer.weights and (only is None or layer.name in only)]
    if only is None:
        known = {f"{layer.name}/{weight.name}" for layer in chosen for weight in layer.weights}
        for name in sorted(set(weights) - known):
            raise ModelError(
                f"The weights hold {name}, which {network.name} has not: they are another network's."
            )
    for layer in chosen:
        for weight in layer.weights:
            name = f"{layer.name}/{weight.name}"
            if name not in weights:
                raise ModelError(
                    f"The weights lack {name}: they belong to another network than {network.name}."
                )
            if tuple(weights[name].shape) != tuple(weight.shape):
                raise ModelError(
                    f"{name} must have the shape {tuple(weight.shape)}, got {tuple(weights[name].shape)}: "
                    "these weights belong to another network or another number of classes."
                )
            if not np.isfinite(weights[name]).all():
                raise ModelError(f"{name} holds values that are not finite. Restore the file or train again.")
    for layer in chosen:
        for weight in layer.weights:
            weight.assign(np.asarray(weights[f"{layer.name}/{weight.name}"], np.float32))
    return [layer.name for layer in chosen]


def options_from_weights(name: str, weights: Mapping[str, NDArray[Any]]) -> NetworkOptions:
    """Return the options that give a network of these tensors' shapes, so that no card need repeat them.

    Dropout and L2 leave no trace in a finished network and keep their defaults.

    Raises:
        ModelError: tensors that the architecture always has are missing.
    """
    if name not in ("cnn-small", "vgg16-bottleneck") and not architecture_named(name).pooled:
        return NetworkOptions()
    if "fc1/kernel" not in weights:
        raise ModelError(f"The weights lack fc1/kernel: they belong to another network than {name}.")
    found = asdict(NetworkOptions()) | {"dense_units": int(weights["fc1/kernel"].shape[1])}
    if name == "cnn-small":
        kernels = [tensor for key, tensor in weights.items() if re.fullmatch(r"conv\d+/kernel", key)]
        if "conv1/kernel" not in weights:
            raise ModelError("The weights lack conv1/kernel: they belong to another network than cnn-small.")
        first = weights["conv1/kernel"]
        found |= {"conv_layers": len(kernels), "kernel_px": first.shape[0], "filters": first.shape[3]}
    return NetworkOptions(**found)


def _pooled(convolutions: Callable[[Any, str], Any]) -> Outputs:
    """Return what makes a network whose last feature maps are averaged, then Dense relu, then Dense.

    The pooling and both dense layers always compute in float32: in bfloat16 the
    relu masks flip and the maps are off by 10 %.
    """

    def outputs(image: Any, class_count: int, dtype: str, options: NetworkOptions) -> Any:
        x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="gap")(convolutions(image, dtype))
        x = _dense(x, options.dense_units or POOLED_UNITS, "fc1", NetworkOptions())  # no dropout here
        return _logits(x, class_count, NetworkOptions())

    return outputs


def _vgg16_flatten(image: Any, class_count: int, dtype: str, options: NetworkOptions) -> Any:
    maps = halved(vgg16(image, dtype), "block5_pool", dtype)  # (B, 7, 7, 512) at 224
    return _deep_head(maps, 128, class_count, options)


def _vgg16_bottleneck(image: Any, class_count: int, dtype: str, options: NetworkOptions) -> Any:
    return _bottleneck_head(halved(vgg16(image, dtype), "block5_pool", dtype), class_count, options)


def _bottleneck_head(x: Any, class_count: int, options: NetworkOptions) -> Any:
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)  # (B, 25088)
    x = _dense(x, options.dense_units or 256, "fc1", options)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    return _logits(x, class_count, options)


def _deep_head(x: Any, last_units: int, class_count: int, options: NetworkOptions) -> Any:
    x = keras.layers.Flatten(dtype="float32", name="flatten")(
        x
    )  # (B, 25088) of VGG16, (B, 16384) of cnn-large
    x = _dense(x, 512, "fc1", options)
    x = _dense(x, 256, "fc2", options)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    x = _dense(x, last_units, "fc3", options)
    return _logits(x, class_count, options)


def _cnn_large(image: Any, class_count: int, dtype: str, options: NetworkOptions) -> Any:
    x, number = image, 0
    for block, pair in enumerate(CNN_LARGE_FILTERS, start=1):
        for filters in pair:
            number += 1
            x = convolved(x, filters, 3, f"conv{number}", dtype)
        x = keras.layers.BatchNormalization(dtype=dtype, name=f"norm{block}")(x)
        x = halved(x, f"pool{block}", dtype)
    return _deep_head(x, 64, class_count, options)


def _cnn_small(image: Any, class_count: int, dtype: str, options: NetworkOptions) -> Any:
    x = image
    for number in range(1, options.conv_layers + 1):
        filters = min(options.filters * 2 ** (number - 1), max(128, options.filters))
        x = convolved(x, filters, options.kernel_px, f"conv{number}", dtype)
        x = halved(x, f"pool{number}", dtype)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)
    x = _dense(x, options.dense_units or 512, "fc1", options)
    return _logits(x, class_count, options)


def _dense(x: Any, units: int, name: str, options: NetworkOptions) -> Any:
    penalty = keras.regularizers.L2(options.l2) if options.l2 else None
    return keras.layers.Dense(
        units, activation="relu", kernel_initializer="he_normal", kernel_regularizer=penalty,
        dtype="float32", name=name,
    )(x)  # fmt: skip


def _logits(x: Any, class_count: int, options: NetworkOptions) -> Any:
    penalty = keras.regularizers.L2(options.l2) if options.l2 else None
    return keras.layers.Dense(class_count, kernel_regularizer=penalty, dtype="float32", name="predictions")(x)


ARCHITECTURES: Mapping[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture("vgg16-gap", "caffe", 224, "block5_conv3", _pooled(vgg16), pooled=True),
        Architecture("vgg16-flatten", "caffe", 224, "block5_conv3", _vgg16_flatten),
        Architecture("vgg16-bottleneck", "caffe", 224, "block5_conv3", _vgg16_bottleneck),
        Architecture("efficientnet-lite2", "lite", 260, "head", _pooled(efficientnet_lite2), pooled=True),
        Architecture("resnet50", "torch", 224, "conv5_block3_out", _pooled(resnet50), pooled=True),
        Architecture("inception-v3", "tf", 299, "mixed10", _pooled(inception_v3), pooled=True),
        Architecture("cnn-large", "unit", 128, "conv8", _cnn_large),
        Architecture("cnn-small", "unit", 150, None, _cnn_small),
    )
}
