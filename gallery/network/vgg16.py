"""VGG16's convolutions (Simonyan and Zisserman 2014, configuration D), named as in keras.applications."""

from __future__ import annotations

from typing import Any

from gallery.network.engine import keras
from gallery.network.layouts import VGG16_BLOCKS

TARGET_LAYER = "block5_conv3"


def vgg16(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 16, side / 16, 512), of the layer "block5_conv3".

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "caffe"; 224 pixels are usual.
        dtype: a Keras dtype policy.
    """
    # Each option that a user's ~/.keras/keras.json could change is given.
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
                dtype=dtype,
                name=f"block{block}_conv{number}",
            )(x)
        if block < len(VGG16_BLOCKS):
            x = keras.layers.MaxPooling2D(
                2, data_format="channels_last", dtype=dtype, name=f"block{block}_pool"
            )(x)
    return x
