"""What the student is asked for, term by term as functions of tensors, and the adapter it begins with."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import Ridge


def relative_error(predicted: tf.Tensor, target: tf.Tensor, variance: float) -> tf.Tensor:
    """Return the mean squared error as a share of the target's variance: 0 perfect, 1 as good as a mean."""
    return tf.reduce_mean(tf.math.squared_difference(predicted, target)) / variance


def softened_divergence(logits: tf.Tensor, target_logits: tf.Tensor, temperature: float) -> tf.Tensor:
    """Return T^2 KL(target || student) of both softened by T, a photo's mean (Hinton et al. 2015)."""
    target = tf.nn.log_softmax(target_logits / temperature)
    gap = target - tf.nn.log_softmax(logits / temperature)
    return temperature**2 * tf.reduce_mean(tf.reduce_sum(tf.exp(target) * gap, -1))


def smoothed_cross_entropy(logits: tf.Tensor, labels: tf.Tensor, smoothing: float) -> tf.Tensor:
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


def fitted_to(target: tf.Tensor, side: int) -> tf.Tensor:
    """Return the teacher's map resampled to (B, side, side, channels), for a network of another stride."""
    if target.shape[1] == side:
        return target
    return tf.image.resize(target, (side, side), antialias=True)


def fit_adapter(
    maps: NDArray[np.float32], target: NDArray[np.float32], penalty: float = 1e-3
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ridge regression from student to teacher channels: kernel (512, 2048) and bias (2048,).

    Args:
        maps: (positions, 512).
        target: (positions, 2048).
        penalty: as a share of the channels' mean variance.
    """
    values = maps.astype(np.float64)
    ridge = Ridge(penalty * len(values) * values.var(0).mean(), solver="cholesky").fit(values, target)
    return ridge.coef_.T.astype(np.float32), ridge.intercept_.astype(np.float32)
