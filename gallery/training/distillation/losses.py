"""What the student is asked for, each term as a plain function of tensors.

The teacher's map at matching positions, its pooled feature, its opinion on 1000 classes, its opinion on the
ten, and the labels. The first three go through one linear adapter from the student's 512 channels to the
teacher's 2048, which is thrown away afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

TERM_WEIGHTS = {"map": 2.0, "pooled": 2.0, "thousand": 0.5, "ten": 0.5, "labels": 0.5}
LABEL_SMOOTHING = 0.05


def relative_error(predicted: tf.Tensor, target: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
    """Return the mean squared error as a share of the target's variance: 0 perfect, 1 as good as a mean."""
    return tf.reduce_mean(tf.math.squared_difference(predicted, target)) / variance


def softened_divergence(logits: tf.Tensor, target_logits: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return T^2 KL(target || student) of both softened by T, a photo's mean (Hinton et al. 2015)."""
    target = tf.nn.log_softmax(target_logits / temperature)
    gap = target - tf.nn.log_softmax(logits / temperature)
    return temperature**2 * tf.reduce_mean(tf.reduce_sum(tf.exp(target) * gap, -1))


def smoothed_cross_entropy(
    logits: tf.Tensor, labels: tf.Tensor, smoothing: float = LABEL_SMOOTHING
) -> tf.Tensor:
    """Return the mean cross-entropy of the rows that have a label (>= 0), 0 if none has.

    Args:
        logits: (B, classes).
        labels: (B,) int; -1 for none.
        smoothing: the share of a label's mass spread evenly over all classes.
    """
    known = tf.cast(labels >= 0, tf.float32)
    target = tf.one_hot(labels, logits.shape[-1]) * (1 - smoothing) + smoothing / logits.shape[-1]
    each = -tf.reduce_sum(target * tf.nn.log_softmax(logits), -1)
    return tf.reduce_sum(each * known) / tf.maximum(tf.reduce_sum(known), 1.0)


@dataclass(frozen=True)
class TeacherHeads:
    """The teacher's two linear heads on its pooled features, and the variances that make errors relative."""

    thousand_kernel: NDArray[np.float32]  # (2048, 1000)
    thousand_bias: NDArray[np.float32]
    ten_kernel: NDArray[np.float32]  # (2048, 10)
    ten_bias: NDArray[np.float32]
    map_variance: float
    pooled_variance: float

    def terms(
        self, adapted: tf.Tensor, ten_logits: tf.Tensor, target: tf.Tensor, labels: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Return every term of the loss, unweighted.

        Args:
            adapted: the adapter's map, (B, h, w, 2048), of the student's last map pooled to the same grid.
            ten_logits: the student's, (B, 10).
            target: the teacher's map, (B, h, w, 2048); of the same grid, or resampled to it.
            labels: (B,) int, -1 for none.
        """
        pooled, target_pooled = tf.reduce_mean(adapted, (1, 2)), tf.reduce_mean(target, (1, 2))
        thousand = pooled @ self.thousand_kernel + self.thousand_bias
        target_thousand = target_pooled @ self.thousand_kernel + self.thousand_bias
        target_ten = target_pooled @ self.ten_kernel + self.ten_bias
        return {
            "map": relative_error(adapted, fitted_to(target, adapted.shape[1]), self.map_variance),
            "pooled": relative_error(pooled, target_pooled, self.pooled_variance),
            "thousand": softened_divergence(thousand, target_thousand, 2.0),
            "ten": softened_divergence(ten_logits, target_ten, 1.0),
            "labels": smoothed_cross_entropy(ten_logits, labels),
        }


def fitted_to(target: tf.Tensor, side: int) -> tf.Tensor:
    """Return the teacher's map resampled to (B, side, side, channels), for smaller views."""
    if target.shape[1] == side:
        return target
    return tf.image.resize(target, (side, side), antialias=True)


def weighted_sum(terms: dict[str, tf.Tensor], weights: Mapping[str, float] = TERM_WEIGHTS) -> tf.Tensor:
    """Return the loss: the terms times their weights."""
    return tf.add_n([weights[name] * value for name, value in terms.items()])


def fit_adapter(
    maps: NDArray[np.float32], target: NDArray[np.float32], penalty: float = 1e-3
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ridge regression from student to teacher channels: kernel (512, 2048) and bias (2048,).

    Args:
        maps: (positions, 512).
        target: (positions, 2048).
        penalty: as a share of the channels' mean variance.
    """
    mean, target_mean = maps.mean(0), target.mean(0)
    centred = (maps - mean).astype(np.float64)
    gram = centred.T @ centred
    gram += penalty * np.trace(gram) / len(gram) * np.eye(len(gram))
    kernel = np.linalg.solve(gram, centred.T @ (target - target_mean))
    return kernel.astype(np.float32), (target_mean - mean @ kernel).astype(np.float32)
