"""Class activation maps as arithmetic on arrays: no keras here, so hand-computed numbers test it.

With global average pooling and dense layers after the last convolution, the
logit's gradient by a feature map is the same at every position (Zhou et al.
2016; Selvaraju et al. 2017, section 3.1), so Grad-CAM's weights have a closed
form and the maps of all classes fall out of the forward pass that tags.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError


def channel_weights(
    w1: NDArray[np.floating[Any]],
    hidden: NDArray[np.floating[Any]],
    w2: NDArray[np.floating[Any]],
    positions: int,
) -> NDArray[np.float32]:
    """Return how much each channel of one photo's feature map raises each class's logit.

    d logit_c / d A_k = (1 / positions) * sum_j w1[k, j] * [hidden_j > 0] * w2[j, c]:
    the chain rule through pooling, Dense relu and Dense. It is taken of the
    logit: a saturated softmax has no gradient left to explain.

    Args:
        w1: kernel of the hidden layer, (channels, units).
        hidden: its output after the relu, (units,).
        w2: kernel of the last layer, (units, classes).
        positions: cells of the pooled map, 196 for 14 x 14.

    Returns:
        (classes, channels) float32, any sign.

    Raises:
        CamError: the shapes do not fit, or a value is not finite.

    Example:
        >>> w1 = np.array([[1.0, 2.0], [3.0, 4.0]])  # 2 channels, 2 units
        >>> w2 = np.array([[10.0], [100.0]])  # 1 class
        >>> channel_weights(w1, np.array([0.5, 0.0]), w2, 2).tolist()  # the second unit is off
        [[5.0, 15.0]]
    """
    w1, hidden, w2 = np.asarray(w1), np.asarray(hidden), np.asarray(w2)
    if w1.ndim != 2 or hidden.shape != w1.shape[1:] or w2.ndim != 2 or w2.shape[0] != w1.shape[1]:
        raise CamError(
            "The head does not fit together: it needs kernels (channels, units) and (units, classes) and "
            f"(units,) activations, got {w1.shape}, {w2.shape} and {hidden.shape}."
        )
    if positions < 1:
        raise CamError(f"A pooled map has at least 1 position, got {positions}.")
    _check_finite(w1, hidden, w2)
    open_units = (hidden > 0).astype(np.float32)
    return ((w1 * open_units) @ w2).T.astype(np.float32) / np.float32(positions)


def combine_cam(
    feature_maps: NDArray[np.floating[Any]], channel_weights: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Return one photo's class activation map, before any scaling.

    The channels are summed by weight and negative evidence is dropped
    (Selvaraju et al. 2017, eq. 2).

    Args:
        feature_maps: activations of the target layer, (h, w, channels);
            (14, 14, 512) for VGG16's block5_conv3.
        channel_weights: the class's weight of each channel, (channels,), from
            the logit: a saturated softmax has no gradient left to explain.

    Returns:
        (h, w) float32, >= 0. All zeros when nothing supports the class.

    Raises:
        CamError: the shapes do not fit, or a value is not finite.

    Example:
        >>> maps = np.array([[[4.0, 9.0], [2.0, 9.0]]])  # 1 x 2 grid, 2 channels
        >>> combine_cam(maps, np.array([1.0, 0.0])).tolist()
        [[4.0, 2.0]]
    """
    maps, weights = np.asarray(feature_maps), np.asarray(channel_weights)
    if maps.ndim != 3 or weights.shape != maps.shape[2:]:
        raise CamError(
            "A map needs feature maps (h, w, channels) and a weight for each channel, "
            f"got {maps.shape} and {weights.shape}."
        )
    _check_finite(maps, weights)
    summed = maps.astype(np.float32) @ weights.astype(np.float32)  # (h, w)
    return np.maximum(summed, np.float32(0))


def gradient_weights(gradients: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return each channel's weight for a network whose head has no closed form.

    The gradient of the logit by the feature maps, averaged over the positions
    (Selvaraju et al. 2017, eq. 1).

    Args:
        gradients: d logit / d feature maps of one photo, (h, w, channels).

    Returns:
        (channels,) float32.

    Raises:
        CamError: not three axes, or a value is not finite.
    """
    gradients = np.asarray(gradients)
    if gradients.ndim != 3:
        raise CamError(f"Gradients must be (h, w, channels), got {gradients.shape}.")
    _check_finite(gradients)
    return np.asarray(gradients.mean(axis=(0, 1), dtype=np.float32))


def _check_finite(*arrays: NDArray[np.floating[Any]]) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise CamError(
            "The network gave values that are not finite. Check the model's weights on the Models page."
        )
