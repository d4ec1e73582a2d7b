"""The convolutions of the backbones, each up to its last feature maps; their layers are named as published.

Batch norm, where a paper has it, is folded into the convolutions.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable
from typing import Any

from gallery.network.engine import keras
from gallery.network.layouts import LITE2_STAGES, VGG16_BLOCKS, LiteStage

STEM_FILTERS, HEAD_FILTERS, EXPANSION = 32, 1280, 6


def vgg16(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 16, side / 16, 512), of the layer "block5_conv3".

    The network of Simonyan and Zisserman 2014, configuration D.

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "caffe"; 224 pixels are usual.
        dtype: a Keras dtype policy.
    """
    x = image
    for block, (convolutions, filters) in enumerate(VGG16_BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            x = convolved(x, filters, 3, f"block{block}_conv{number}", dtype, padding="same")
        if block < len(VGG16_BLOCKS):
            x = halved(x, f"block{block}_pool", dtype)
    return x


def efficientnet_lite2(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 32, side / 32, 1280), of the layer called "head".

    The network of Tan and Le 2019 without squeeze-and-excitation and with ReLU6, as TensorFlow published it:
    a seventeenth of VGG16's arithmetic, for slow machines.

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "lite"; 260 pixels are usual.
        dtype: a Keras dtype policy.
    """
    x = _lite_convolved(image, STEM_FILTERS, 3, "stem", dtype, strides=2)
    number = 0
    for stage in LITE2_STAGES:
        for position in range(stage.blocks):
            x = _lite_block(x, number, stage, stage.stride if position == 0 else 1, dtype)
            number += 1
    return _lite_convolved(x, HEAD_FILTERS, 1, "head", dtype)


def resnet50(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, side / 32, side / 32, 2048), of the layer "conv5_block3_out".

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "torch".
        dtype: a Keras dtype policy.
    """
    return _without_norms(keras.applications.ResNet50, image, dtype)


def inception_v3(image: Any, dtype: str) -> Any:
    """Return the last feature maps, (B, 8, 8, 2048) at 299 pixels, of the layer called "mixed10".

    The 94 convolutions are called conv1 to conv94 in the order in which Keras makes them.

    Args:
        image: a Keras input, (B, side, side, 3), preprocessed as "tf", 75 pixels or more.
        dtype: a Keras dtype policy.
    """
    return _without_norms(keras.applications.InceptionV3, image, dtype)


def convolutions_of(network: keras.Model) -> dict[str, keras.layers.Conv2D]:
    """Return the convolutions of keras.applications' ResNet50 or InceptionV3 by the names they have here.

    Those of the latter have no names but numbers, in the order in which they were made.
    """
    found = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    if all(layer.name.endswith("_conv") for layer in found):
        return {layer.name: layer for layer in found}
    return {f"conv{number}": layer for number, layer in enumerate(sorted(found, key=_number), start=1)}


def norm_after(network: keras.Model, convolution: keras.layers.Conv2D) -> keras.layers.BatchNormalization:
    """Return the batch norm that takes what a convolution gives."""
    return next(
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization) and layer.input is convolution.output
    )


def convolved(x: Any, filters: int, kernel_px: int, name: str, dtype: str, **options: Any) -> Any:
    """Return what a convolution with a relu gives; options as `keras.layers.Conv2D` has them."""
    given = {"activation": "relu", "kernel_initializer": "he_normal", "dtype": dtype, "name": name}
    return keras.layers.Conv2D(filters, kernel_px, **(given | options))(x)


def halved(x: Any, name: str, dtype: str) -> Any:
    """Return the largest of each four neighbours."""
    return keras.layers.MaxPooling2D(2, dtype=dtype, name=name)(x)


def _lite_convolved(x: Any, filters: int, kernel_px: int, name: str, dtype: str, **options: Any) -> Any:
    return convolved(
        x, filters, kernel_px, name, dtype, padding="same", **({"activation": "relu6"} | options)
    )


def _lite_block(x: Any, number: int, stage: LiteStage, stride: int, dtype: str) -> Any:
    """Return an inverted residual block: wider by a 1 x 1 convolution, each channel alone, narrow again."""
    given, name = x, f"block{number}"
    if number > 0:
        x = _lite_convolved(x, EXPANSION * x.shape[-1], 1, f"{name}_expand", dtype)
    he_of_one_channel = keras.initializers.RandomNormal(stddev=(2 / stage.kernel_px**2) ** 0.5)
    x = keras.layers.DepthwiseConv2D(
        stage.kernel_px, strides=stride, padding="same", activation="relu6",
        depthwise_initializer=he_of_one_channel, dtype=dtype, name=f"{name}_depthwise",
    )(x)  # fmt: skip
    x = _lite_convolved(x, stage.filters, 1, f"{name}_project", dtype, activation=None)
    if given.shape == x.shape:
        x = keras.layers.Add(dtype=dtype, name=f"{name}_add")([given, x])
    return x


@functools.lru_cache(maxsize=1)
def _published(made_by: Callable[..., keras.Model]) -> keras.Model:
    """Return a network of keras.applications, of random weights and for any size; a page loads it thrice.

    What chance says afterwards is what it says where the network was there already.
    """
    chance = random.getstate()
    try:
        return made_by(include_top=False, weights=None, input_shape=(None, None, 3))
    finally:
        random.setstate(chance)


def _without_norms(made_by: Callable[..., keras.Model], image: Any, dtype: str) -> Any:
    """Return the last maps of a network of keras.applications, made anew without batch norm.

    A relu that follows a batch norm becomes the convolution's own.
    """
    network = _published(made_by)
    names = {convolution.name: name for name, convolution in convolutions_of(network).items()}
    norm = keras.layers.BatchNormalization
    makers = {id(layer.output): layer for layer in network.layers}
    before = {layer.name: makers[id(layer.input)] for layer in network.layers if id(layer.input) in makers}
    relus = {name: before[maker.name].name for name, maker in before.items() if isinstance(maker, norm)}

    def anew(layer: keras.Layer) -> keras.Layer:
        config = layer.get_config() | {"dtype": dtype}
        if layer.name in names:
            activation = "relu" if layer.name in relus.values() else None
            config |= {"name": names[layer.name], "use_bias": True, "activation": activation}
            config |= {"kernel_initializer": "he_normal"}
        return type(layer).from_config(config)

    def called(layer: keras.Layer, given: Any, **options: Any) -> Any:
        return given if layer.name in relus or isinstance(layer, norm) else layer(given, **options)

    return keras.models.clone_model(network, image, clone_function=anew, call_function=called).output


def _number(layer: Any) -> int:
    found = re.search(r"_(\d+)$", layer.name)
    return int(found[1]) if found else 0  # the first has none
