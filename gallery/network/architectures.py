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
from gallery.network.efficientnet_lite import efficientnet_lite2
from gallery.network.engine import keras
from gallery.network.inception_v3 import inception_v3
from gallery.network.layouts import CNN_LARGE_FILTERS, POOLED_UNITS
from gallery.network.resnet50 import resnet50
from gallery.network.vgg16 import TARGET_LAYER, vgg16

Builder = Callable[[int, int, str, "NetworkOptions"], keras.Model]
"""Classes, side in pixels, dtype of the convolutions, options -> a network with random weights."""


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
        pooled: whether the head is global average pooling, a dense relu layer "fc1" and a dense layer
            "predictions": then the maps of all classes have a closed form (`network.classifier`).
    """

    name: str
    preprocessing: str
    input_px: int
    target_layer: str | None
    pooled: bool = False


ARCHITECTURES: Mapping[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture("vgg16-gap", "caffe", 224, TARGET_LAYER, pooled=True),
        Architecture("vgg16-flatten", "caffe", 224, TARGET_LAYER),
        Architecture("vgg16-bottleneck", "caffe", 224, TARGET_LAYER),
        Architecture("efficientnet-lite2", "lite", 260, "head", pooled=True),
        Architecture("resnet50", "torch", 224, "conv5_block3_out", pooled=True),
        Architecture("inception-v3", "tf", 299, "mixed10", pooled=True),
        Architecture("cnn-large", "unit", 128, "conv8"),
        Architecture("cnn-small", "unit", 150, None),
    )
}


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
    builders = {
        "vgg16-gap": _pooled("vgg16_gap", vgg16),
        "vgg16-flatten": _vgg16_flatten,
        "vgg16-bottleneck": _vgg16_bottleneck,
        "efficientnet-lite2": _pooled("efficientnet_lite2", efficientnet_lite2),
        "resnet50": _pooled("resnet50", resnet50),
        "inception-v3": _pooled("inception_v3", inception_v3),
        "cnn-large": _cnn_large,
        "cnn-small": _cnn_small,
    }
    try:
        return builders[name](class_count, side, conv_dtype, options)
    except ValueError as exc:  # Keras: a map became smaller than the kernel or the pool
        raise ModelError(
            f"{name} cannot take {side} x {side} pixels; give it larger photos. ({exc})"
        ) from exc


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


def _pooled(name: str, convolutions: Callable[[Any, str], Any]) -> Builder:
    """Return the builder of a network whose last feature maps are averaged, then Dense relu, then Dense.

    The pooling and both dense layers always compute in float32: in bfloat16 the
    relu masks flip and the maps are off by 10 %.
    """

    def built(class_count: int, side: int, dtype: str, options: NetworkOptions) -> keras.Model:
        image = _image(side)
        maps = convolutions(image, dtype)  # (B, h, w, C)
        x = keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", dtype="float32", name="gap"
        )(maps)  # fmt: skip
        x = _dense(x, options.dense_units or POOLED_UNITS, "fc1", NetworkOptions())  # no dropout here
        return keras.Model(image, _logits(x, class_count, NetworkOptions()), name=name)

    return built


def _image(side: int) -> Any:
    return keras.Input((side, side, 3), dtype="float32", name="image")


def _vgg16_to_block5_pool(side: int, dtype: str) -> tuple[Any, Any]:
    image = _image(side)
    pooled = keras.layers.MaxPooling2D(2, data_format="channels_last", dtype=dtype, name="block5_pool")(
        vgg16(image, dtype)
    )
    return image, pooled  # (B, 7, 7, 512) at 224


def _vgg16_flatten(class_count: int, side: int, dtype: str, options: NetworkOptions) -> keras.Model:
    image, x = _vgg16_to_block5_pool(side, dtype)
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)  # (B, 25088)
    x = _dense(x, 512, "fc1", options)
    x = _dense(x, 256, "fc2", options)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    x = _dense(x, 128, "fc3", options)
    return keras.Model(image, _logits(x, class_count, options), name="vgg16_flatten")


def _vgg16_bottleneck(class_count: int, side: int, dtype: str, options: NetworkOptions) -> keras.Model:
    image, pooled = _vgg16_to_block5_pool(side, dtype)
    return keras.Model(image, _bottleneck_head(pooled, class_count, options), name="vgg16_bottleneck")


def _bottleneck_head(x: Any, class_count: int, options: NetworkOptions) -> Any:
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)  # (B, 25088)
    x = _dense(x, options.dense_units or 256, "fc1", options)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    return _logits(x, class_count, options)


def _cnn_large(class_count: int, side: int, dtype: str, options: NetworkOptions) -> keras.Model:
    image = keras.Input((side, side, 3), dtype="float32", name="image")
    x, number = image, 0
    for block, pair in enumerate(CNN_LARGE_FILTERS, start=1):
        for filters in pair:
            number += 1
            x = _conv(x, filters, 3, f"conv{number}", dtype)
        x = keras.layers.BatchNormalization(axis=-1, dtype=dtype, name=f"norm{block}")(x)
        x = _pool(x, f"pool{block}", dtype)
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)  # (B, 16384) at 128
    x = _dense(x, 512, "fc1", options)
    x = _dense(x, 256, "fc2", options)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    x = _dense(x, 64, "fc3", options)
    return keras.Model(image, _logits(x, class_count, options), name="cnn_large")


def _cnn_small(class_count: int, side: int, dtype: str, options: NetworkOptions) -> keras.Model:
    image = keras.Input((side, side, 3), dtype="float32", name="image")
    x = image
    for number in range(1, options.conv_layers + 1):
        filters = min(options.filters * 2 ** (number - 1), max(128, options.filters))
        x = _conv(x, filters, options.kernel_px, f"conv{number}", dtype)
        x = _pool(x, f"pool{number}", dtype)
    x = keras.layers.Dropout(options.dropout, dtype="float32", name="dropout")(x)
    x = keras.layers.Flatten(dtype="float32", name="flatten")(x)
    x = _dense(x, options.dense_units or 512, "fc1", options)
    return keras.Model(image, _logits(x, class_count, options), name="cnn_small")


def _conv(x: Any, filters: int, kernel_px: int, name: str, dtype: str) -> Any:
    return keras.layers.Conv2D(
        filters, kernel_px, activation="relu", kernel_initializer="he_normal",
        data_format="channels_last", dtype=dtype, name=name,
    )(x)  # fmt: skip


def _pool(x: Any, name: str, dtype: str) -> Any:
    return keras.layers.MaxPooling2D(2, data_format="channels_last", dtype=dtype, name=name)(x)


def _dense(x: Any, units: int, name: str, options: NetworkOptions) -> Any:
    penalty = keras.regularizers.L2(options.l2) if options.l2 else None
    return keras.layers.Dense(
        units, activation="relu", kernel_initializer="he_normal", kernel_regularizer=penalty,
        dtype="float32", name=name,
    )(x)  # fmt: skip


def _logits(x: Any, class_count: int, options: NetworkOptions) -> Any:
    penalty = keras.regularizers.L2(options.l2) if options.l2 else None
    return keras.layers.Dense(class_count, kernel_regularizer=penalty, dtype="float32", name="predictions")(x)
