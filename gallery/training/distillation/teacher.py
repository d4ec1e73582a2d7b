"""The teacher: a ResNet50 with its 1000-class head, and a ten-class head fitted on its pooled features.

Its head is pooling followed by a linear layer, so the map (7, 7, 2048) of a view holds the target of every
crop of that view along the 32-pixel grid.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
STAGES = ((2, 3), (3, 4), (4, 6), (5, 3))


class Teacher:
    """A ResNet50 whose batch norm was folded away; stride 2 sits in a stage's first 1 x 1 convolution.

    Attributes:
        maps: gives the last feature map, (B, 7, 7, 2048) float32, of RGB images (B, 224, 224, 3) in 0..255.
        head_kernel: of the 1000-class head on the pooled map, (2048, 1000).
        head_bias: (1000,).
    """

    def __init__(self, file: Path) -> None:
        """Read weights keyed by Keras' layer names: "<layer>/kernel" (HWIO) and "<layer>/bias"."""
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        self.head_kernel = arrays.pop("predictions/kernel").astype(np.float32)  # (2048, 1000)
        self.head_bias = arrays.pop("predictions/bias").astype(np.float32)
        self.maps = tf.function(self._maps, reduce_retracing=True)
        self._weights = {name: tf.constant(value, tf.bfloat16) for name, value in arrays.items()}

    def _conv(self, x: tf.Tensor, name: str, stride: int = 1, padding: str = "SAME") -> tf.Tensor:
        y = tf.nn.conv2d(x, self._weights[f"{name}_conv/kernel"], stride, padding)
        return tf.nn.bias_add(y, self._weights[f"{name}_conv/bias"])

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        x = (tf.cast(images, tf.float32) / 255.0 - MEAN) / STD
        x = tf.pad(tf.cast(x, tf.bfloat16), [[0, 0], [3, 3], [3, 3], [0, 0]])
        x = tf.nn.relu(self._conv(x, "conv1", 2, "VALID"))
        x = tf.nn.max_pool2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 2, "VALID")
        for stage, blocks in STAGES:
            for block in range(1, blocks + 1):
                name = f"conv{stage}_block{block}"
                stride = 2 if block == 1 and stage > 2 else 1
                shortcut = self._conv(x, f"{name}_0", stride) if block == 1 else x
                y = tf.nn.relu(self._conv(x, f"{name}_1", stride))
                y = tf.nn.relu(self._conv(y, f"{name}_2"))
                x = tf.nn.relu(shortcut + self._conv(y, f"{name}_3"))
        return tf.cast(x, tf.float32)


def fit_ten_class_head(
    features: NDArray[np.float32], labels: NDArray[np.integer], *, inverse_penalty: float = 0.01
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return kernel (channels, classes) and bias (classes,) of a class-balanced logistic regression.

    The features are standardised for the fit, and the standardisation is folded into what is returned.
    """
    mean, std = features.mean(0), features.std(0) + 1e-3
    model = LogisticRegression(C=inverse_penalty, class_weight="balanced", max_iter=300)
    model.fit((features - mean) / std, labels)
    kernel = (model.coef_ / std).T
    return kernel.astype(np.float32), (model.intercept_ - mean @ kernel).astype(np.float32)
