"""VGG16 with global average pooling: the network of the shipped model, as code chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network.engine import keras
from gallery.network.layouts import VGG16_BLOCKS

ARCHITECTURE = "vgg16-gap"
TARGET_LAYER = "block5_conv3"
HIDDEN_UNITS = 512

IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)
"""What the "caffe" preprocessing subtracts after turning RGB into BGR."""


def build_vgg16_gap(
    class_count: int = 10, input_px: int = 224, *, backbone_dtype: str = "float32"
) -> keras.Model:
    """Return VGG16 without its top and block5_pool, pooled globally, Dense 512 relu, Dense classes.

    The weights are random (He); `set_weights` fills them. With ten classes the
    network has 14,982,474 parameters.

    Args:
        class_count: outputs.
        input_px: side of the square input.
        backbone_dtype: a Keras dtype policy for the convolutions. The pooling
            and both Dense layers always compute in float32: in bfloat16 the
            relu masks flip and the maps are off by 10 %.

    Returns:
        (batch, side, side, 3) float32, preprocessed -> (batch, class_count)
        float32 logits. Layers are named as in keras.applications, then "gap",
        "fc1" and "predictions".
    """
    # Each option that a user's ~/.keras/keras.json could change is given.
    image = keras.Input((input_px, input_px, 3), dtype="float32", name="image")
    x = image
    for block, (convolutions, filters) in enumerate(VGG16_BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                data_format="channels_last",
                dtype=backbone_dtype,
                name=f"block{block}_conv{number}",
            )(x)
        if block < len(VGG16_BLOCKS):
            x = keras.layers.MaxPooling2D(
                2, data_format="channels_last", dtype=backbone_dtype, name=f"block{block}_pool"
            )(x)
    x = keras.layers.GlobalAveragePooling2D(data_format="channels_last", dtype="float32", name="gap")(x)
    x = keras.layers.Dense(
        HIDDEN_UNITS, activation="relu", kernel_initializer="he_normal", dtype="float32", name="fc1"
    )(x)
    logits = keras.layers.Dense(class_count, dtype="float32", name="predictions")(x)
    return keras.Model(image, logits, name="vgg16_gap")


def set_weights(network: keras.Model, weights: Mapping[str, NDArray[np.floating[Any]]]) -> None:
    """Fill a network with tensors named ``<layer>/kernel`` and ``<layer>/bias``.

    Raises:
        ModelError: a tensor is missing, superfluous, misshapen or not finite;
            the network is unchanged then.
    """
    wanted = _variables(network)
    for name, variable in wanted.items():
        if name not in weights:
            raise ModelError(f"The weights lack {name}. Restore the model's files or train it again.")
        tensor, shape = np.asarray(weights[name]), tuple(variable.shape)
        if tensor.shape != shape:
            raise ModelError(
                f"{name} must have the shape {shape}, got {tensor.shape}: "
                "these weights belong to another network or another number of classes."
            )
        if not np.isfinite(tensor).all():
            raise ModelError(f"{name} holds values that are not finite. Restore the model's files.")
    superfluous = sorted(set(weights) - set(wanted))
    if superfluous:
        raise ModelError(
            f"The weights hold {superfluous[0]}, which {network.name} has not: they are another network's."
        )
    for name, variable in wanted.items():
        variable.assign(np.asarray(weights[name], dtype=np.float32))


def get_weights(network: keras.Model) -> dict[str, NDArray[np.float32]]:
    """Return a network's tensors under the names that `set_weights` takes."""
    return {
        name: np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")))
        for name, variable in _variables(network).items()
    }


def _variables(network: keras.Model) -> dict[str, keras.Variable]:
    return {
        f"{layer.name}/{variable.name}": variable for layer in network.layers for variable in layer.variables
    }
