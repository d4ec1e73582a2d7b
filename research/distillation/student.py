"""The student: VGG16 with batch norm in blocks 4 and 5 while it learns, folded away afterwards.

The convolutions run in bfloat16, pooling and both dense layers in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.settings import CLASS_NAMES

LOWER = tuple(f"block{b}_conv{i}" for b, n in ((1, 2), (2, 2), (3, 3)) for i in range(1, n + 1))
UPPER = tuple(f"block{b}_conv{i}" for b in (4, 5) for i in (1, 2, 3))
BGR_MEAN = (103.939, 116.779, 123.68)
NORM_EPSILON = 1e-3
LOWER_FACTOR = 512.0
"""How much smaller blocks 1-3 are stored than ImageNet's, so that all layers' weights fit float16."""

Weights = dict[str, NDArray[np.float32]]


def read_start(arrays: Mapping[str, NDArray[np.floating]], class_order: list[str]) -> Weights:
    """Return float32 weights whose last layer is called "predictions" and follows `CLASS_NAMES`.

    Args:
        arrays: "<layer>/kernel" and "<layer>/bias"; the last layer may be called "pred".
        class_order: the class that each output of ``arrays`` stands for.
    """
    weights = {k.replace("pred/", "predictions/"): v.astype(np.float32) for k, v in arrays.items()}
    order = [class_order.index(name) for name in CLASS_NAMES]
    for name in ("predictions/kernel", "predictions/bias"):
        weights[name] = weights[name][..., order]
    return weights


def scale_lower(weights: Weights, factor: float) -> Weights:
    """Return the same network with blocks 1-3 computing values ``factor`` times as large."""
    scaled = dict(weights)
    for name in ("block1_conv1/kernel", *(f"{layer}/bias" for layer in LOWER)):
        scaled[name] = weights[name] * factor
    scaled["block4_conv1/kernel"] = weights["block4_conv1/kernel"] / factor
    return scaled


def preprocess(images: tf.Tensor) -> tf.Tensor:
    """Return Keras' "caffe" input, BGR minus the mean, float32, of RGB images (B, H, W, 3) in 0..255."""
    return tf.reverse(tf.cast(images, tf.float32), [-1]) - BGR_MEAN


class Student:
    """The network's variables, by name, and its passes.

    Attributes:
        variables: float32 variables: kernels and biases of all layers; and, with batch norm, scale, offset,
            mean and variance of the six upper convolutions, whose biases are then unused.
        batch_norm: whether blocks 4 and 5 normalise.
    """

    def __init__(self, weights: Weights, *, batch_norm: bool, precise: bool = False) -> None:
        """Take float32 weights; ``precise`` computes the convolutions in float32, seven times slower."""
        self.dtype = tf.float32 if precise else tf.bfloat16
        self.variables = {name: tf.Variable(value, name=name) for name, value in weights.items()}
        self.batch_norm = batch_norm

    def _conv(self, x: tf.Tensor, name: str) -> tf.Tensor:
        return tf.nn.conv2d(x, tf.cast(self.variables[f"{name}/kernel"], x.dtype), 1, "SAME")

    def _biased(self, x: tf.Tensor, name: str) -> tf.Tensor:
        return tf.nn.relu(
            tf.nn.bias_add(self._conv(x, name), tf.cast(self.variables[f"{name}/bias"], x.dtype))
        )

    def _normed(self, x: tf.Tensor, name: str, *, training: bool) -> tf.Tensor:
        v = self.variables
        scale, offset = v[f"{name}/scale"], v[f"{name}/offset"]
        y = self._conv(x, name)
        if training:
            y, mean, variance, *_ = tf.compat.v1.nn.fused_batch_norm(
                y, scale, offset, epsilon=NORM_EPSILON, is_training=True
            )
            for kind, value in (("mean", mean), ("variance", variance)):
                moving = v[f"{name}/{kind}"]
                moving.assign(0.97 * moving + 0.03 * tf.stop_gradient(value))
        else:
            y, *_ = tf.compat.v1.nn.fused_batch_norm(
                y, scale, offset, v[f"{name}/mean"], v[f"{name}/variance"], NORM_EPSILON, is_training=False
            )
        return tf.nn.relu(y)

    def lower(self, x: tf.Tensor) -> tf.Tensor:
        """Return block3_pool, (B, H / 8, W / 8, 256), of preprocessed images (B, H, W, 3)."""
        x = tf.cast(x, self.dtype)
        for name in LOWER:
            x = self._biased(x, name)
            if name in ("block1_conv2", "block2_conv2", "block3_conv3"):
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        return x

    def upper(self, x: tf.Tensor, *, training: bool) -> tf.Tensor:
        """Return block5_conv3, (B, h / 2, w / 2, 512) float32, of block3_pool (B, h, w, 256)."""
        for name in UPPER:
            x = self._normed(x, name, training=training) if self.batch_norm else self._biased(x, name)
            if name == "block4_conv3":
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        return tf.cast(x, tf.float32)

    def upper_outputs(self, x: tf.Tensor) -> Iterator[tuple[str, tf.Tensor]]:
        """Yield the name and the output before the bias, (B, h, w, 512), of each upper convolution."""
        for name in UPPER:
            yield name, self._conv(x, name)
            x = self._biased(x, name)
            if name == "block4_conv3":
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")

    def head(self, pooled: tf.Tensor) -> tf.Tensor:
        """Return the ten logits of pooled features (B, 512)."""
        v = self.variables
        hidden = tf.nn.relu(pooled @ v["fc1/kernel"] + v["fc1/bias"])
        return hidden @ v["predictions/kernel"] + v["predictions/bias"]

    def logits(self, images: tf.Tensor) -> tf.Tensor:
        """Return the ten logits of RGB images (B, 224, 224, 3) in 0..255."""
        maps = self.upper(self.lower(preprocess(images)), training=False)
        return self.head(tf.reduce_mean(maps, (1, 2)))


def insert_batch_norm(
    weights: Weights, moments: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
) -> Weights:
    """Return weights with batch norm in the upper convolutions that, at these moments, changes nothing.

    Args:
        weights: with biases in the upper convolutions.
        moments: mean and variance, (512,) each, of every upper convolution's output before its bias.
    """
    normed = dict(weights)
    for name in UPPER:
        mean, variance = moments[name]
        normed[f"{name}/scale"] = np.sqrt(variance + NORM_EPSILON)
        normed[f"{name}/offset"] = mean + weights[f"{name}/bias"]
        normed[f"{name}/mean"], normed[f"{name}/variance"] = mean, variance
    return normed


def fold_batch_norm(weights: Weights) -> Weights:
    """Return the same network without batch norm: kernel * s and offset - mean * s, s = scale / std."""
    folded = {k: v for k, v in weights.items() if k.rsplit("/", 1)[1] in ("kernel", "bias")}
    for name in UPPER:
        if f"{name}/scale" in weights:
            s = weights[f"{name}/scale"] / np.sqrt(weights[f"{name}/variance"] + NORM_EPSILON)
            folded[f"{name}/kernel"] = weights[f"{name}/kernel"] * s
            folded[f"{name}/bias"] = weights[f"{name}/offset"] - weights[f"{name}/mean"] * s
    return folded
