"""InceptionV3's convolutions (Szegedy et al. 2016), batch norm folded into them.

The 94 convolutions are called conv1 to conv94 in the order in which
keras.applications makes them, the concatenations mixed0 to mixed10 as there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from gallery.network.engine import keras

Convolve = Callable[..., Any]


def inception_v3(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, 8, 8, 2048) at 299 pixels, of the layer called "mixed10".

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "tf", 75 pixels or more.
        dtype: a Keras dtype policy.
    """
    numbers = itertools.count(1)

    def conv(x: Any, filters: int, rows: int, columns: int, *, stride: int = 1, padding: str = "same") -> Any:
        return keras.layers.Conv2D(
            filters, (rows, columns), strides=stride, padding=padding, activation="relu",
            data_format="channels_last", kernel_initializer="he_normal", dtype=dtype,
            name=f"conv{next(numbers)}",
        )(x)  # fmt: skip

    def mixed(branches: list[Any], number: int) -> Any:
        return keras.layers.Concatenate(axis=3, dtype=dtype, name=f"mixed{number}")(branches)

    x = conv(image, 32, 3, 3, stride=2, padding="valid")
    x = conv(x, 32, 3, 3, padding="valid")
    x = _halved(conv(x, 64, 3, 3), dtype)
    x = conv(x, 80, 1, 1, padding="valid")
    x = _halved(conv(x, 192, 3, 3, padding="valid"), dtype)
    for number, pooled in enumerate((32, 64, 64)):
        x = mixed(_of_5x5(conv, x, pooled, dtype), number)
    x = mixed(_first_reduction(conv, x, dtype), 3)
    for number, filters in enumerate((128, 160, 160, 192), start=4):
        x = mixed(_of_7x7(conv, x, filters, dtype), number)
    x = mixed(_second_reduction(conv, x, dtype), 8)
    for number in (9, 10):
        x = mixed(_of_split_3x3(conv, x, dtype), number)
    return x


def _of_5x5(conv: Convolve, x: Any, pooled: int, dtype: str) -> list[Any]:
    one = conv(x, 64, 1, 1)
    five = conv(conv(x, 48, 1, 1), 64, 5, 5)
    double = conv(conv(conv(x, 64, 1, 1), 96, 3, 3), 96, 3, 3)
    return [one, five, double, conv(_smoothed(x, dtype), pooled, 1, 1)]


def _first_reduction(conv: Convolve, x: Any, dtype: str) -> list[Any]:
    three = conv(x, 384, 3, 3, stride=2, padding="valid")
    double = conv(conv(x, 64, 1, 1), 96, 3, 3)
    return [three, conv(double, 96, 3, 3, stride=2, padding="valid"), _halved(x, dtype)]


def _of_7x7(conv: Convolve, x: Any, filters: int, dtype: str) -> list[Any]:
    one = conv(x, 192, 1, 1)
    seven = conv(conv(conv(x, filters, 1, 1), filters, 1, 7), 192, 7, 1)
    double = conv(conv(conv(x, filters, 1, 1), filters, 7, 1), filters, 1, 7)
    double = conv(conv(double, filters, 7, 1), 192, 1, 7)
    return [one, seven, double, conv(_smoothed(x, dtype), 192, 1, 1)]


def _second_reduction(conv: Convolve, x: Any, dtype: str) -> list[Any]:
    three = conv(conv(x, 192, 1, 1), 320, 3, 3, stride=2, padding="valid")
    seven = conv(conv(conv(x, 192, 1, 1), 192, 1, 7), 192, 7, 1)
    return [three, conv(seven, 192, 3, 3, stride=2, padding="valid"), _halved(x, dtype)]


def _of_split_3x3(conv: Convolve, x: Any, dtype: str) -> list[Any]:
    one = conv(x, 320, 1, 1)
    three = conv(x, 384, 1, 1)
    three = _joined([conv(three, 384, 1, 3), conv(three, 384, 3, 1)], dtype)
    double = conv(conv(x, 448, 1, 1), 384, 3, 3)
    double = _joined([conv(double, 384, 1, 3), conv(double, 384, 3, 1)], dtype)
    return [one, three, double, conv(_smoothed(x, dtype), 192, 1, 1)]


def _joined(branches: list[Any], dtype: str) -> Any:
    return keras.layers.Concatenate(axis=3, dtype=dtype)(branches)


def _halved(x: Any, dtype: str) -> Any:
    return keras.layers.MaxPooling2D(3, strides=2, data_format="channels_last", dtype=dtype)(x)


def _smoothed(x: Any, dtype: str) -> Any:
    return keras.layers.AveragePooling2D(
        3, strides=1, padding="same", data_format="channels_last", dtype=dtype
    )(x)  # fmt: skip
