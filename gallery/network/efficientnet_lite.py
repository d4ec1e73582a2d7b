"""EfficientNet-Lite2's convolutions: a seventeenth of VGG16's arithmetic, for slow machines.

The network of Tan and Le 2019 without squeeze-and-excitation and with ReLU6,
as TensorFlow published it; batch norm is folded into the convolutions.
"""

from __future__ import annotations

from typing import Any

from gallery.network.engine import keras
from gallery.network.layouts import LITE2_STAGES, LiteStage

STEM_FILTERS, HEAD_FILTERS, EXPANSION = 32, 1280, 6


def efficientnet_lite2(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 32, side / 32, 1280), of the layer called "head".

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "lite"; 260 pixels are usual.
        dtype: a Keras dtype policy.
    """
    x = _conv(image, STEM_FILTERS, 3, "stem", dtype, stride=2)
    number = 0
    for stage in LITE2_STAGES:
        for position in range(stage.blocks):
            x = _block(x, number, stage, stage.stride if position == 0 else 1, dtype)
            number += 1
    return _conv(x, HEAD_FILTERS, 1, "head", dtype)


def _block(x: Any, number: int, stage: LiteStage, stride: int, dtype: str) -> Any:
    """Return an inverted residual block: wider by a 1 x 1 convolution, each channel alone, narrow again."""
    given, name = x, f"block{number}"
    if number > 0:
        x = _conv(x, EXPANSION * x.shape[-1], 1, f"{name}_expand", dtype)
    he_of_one_channel = keras.initializers.RandomNormal(stddev=(2 / stage.kernel_px**2) ** 0.5)
    x = keras.layers.DepthwiseConv2D(
        stage.kernel_px, strides=stride, padding="same", activation="relu6", data_format="channels_last",
        depthwise_initializer=he_of_one_channel, dtype=dtype, name=f"{name}_depthwise",
    )(x)  # fmt: skip
    x = _conv(x, stage.filters, 1, f"{name}_project", dtype, activation=None)
    if given.shape == x.shape:
        x = keras.layers.Add(dtype=dtype, name=f"{name}_add")([given, x])
    return x


def _conv(
    x: Any, filters: int, kernel_px: int, name: str, dtype: str, *, stride: int = 1,
    activation: str | None = "relu6",
) -> Any:  # fmt: skip
    return keras.layers.Conv2D(
        filters, kernel_px, strides=stride, padding="same", activation=activation,
        data_format="channels_last", kernel_initializer="he_normal", dtype=dtype, name=name,
    )(x)  # fmt: skip
