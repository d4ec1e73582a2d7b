"""ResNet50's convolutions (He et al. 2016), batch norm folded into them; layers are named as in Keras."""

from __future__ import annotations

from typing import Any

from gallery.network.engine import keras
from gallery.network.layouts import RESNET50_STAGES


def resnet50(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 32, side / 32, 2048), of the layer "conv5_block3_out".

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "torch".
        dtype: a Keras dtype policy.
    """
    x = _padded(image, 3, "conv1_pad", dtype)
    x = _conv(x, 64, 7, "conv1_conv", dtype, stride=2, padding="valid", activation="relu")
    x = _padded(x, 1, "pool1_pad", dtype)
    x = keras.layers.MaxPooling2D(
        3, strides=2, data_format="channels_last", dtype=dtype, name="pool1_pool"
    )(x)  # fmt: skip
    for stage, blocks, filters in RESNET50_STAGES:
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            x = _block(x, f"conv{stage}_block{block}", filters, stride, dtype, widens=block == 1)
    return x


def convolution_names() -> list[str]:
    """Return the names of the 53 convolutions, from the photo to the head."""
    names = ["conv1_conv"]
    for stage, blocks, _ in RESNET50_STAGES:
        for block in range(1, blocks + 1):
            numbers = (0, 1, 2, 3) if block == 1 else (1, 2, 3)
            names += [f"conv{stage}_block{block}_{number}_conv" for number in numbers]
    return names


def _block(x: Any, name: str, filters: int, stride: int, dtype: str, *, widens: bool) -> Any:
    """Return a bottleneck block; the stride sits in its first convolution."""
    shortcut = x
    if widens:
        shortcut = _conv(x, 4 * filters, 1, f"{name}_0_conv", dtype, stride=stride)
    x = _conv(x, filters, 1, f"{name}_1_conv", dtype, stride=stride, activation="relu")
    x = _conv(x, filters, 3, f"{name}_2_conv", dtype, activation="relu")
    x = _conv(x, 4 * filters, 1, f"{name}_3_conv", dtype)
    x = keras.layers.Add(dtype=dtype, name=f"{name}_add")([shortcut, x])
    return keras.layers.Activation("relu", dtype=dtype, name=f"{name}_out")(x)


def _padded(x: Any, pixels: int, name: str, dtype: str) -> Any:
    return keras.layers.ZeroPadding2D(pixels, data_format="channels_last", dtype=dtype, name=name)(x)


def _conv(
    x: Any, filters: int, kernel_px: int, name: str, dtype: str, *, stride: int = 1, padding: str = "same",
    activation: str | None = None,
) -> Any:  # fmt: skip
    return keras.layers.Conv2D(
        filters, kernel_px, strides=stride, padding=padding, activation=activation,
        data_format="channels_last", kernel_initializer="he_normal", dtype=dtype, name=name,
    )(x)  # fmt: skip
