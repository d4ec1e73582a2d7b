"""The explanation methods as arithmetic on arrays: no keras here, so hand-computed numbers test them.

Every method starts from the target layer's activations A, (h, w, channels) after
the relu, and most also from the gradients G of the class's logit by them, of the
same shape; of the logit, for a saturated softmax has no gradient left to explain.
The results are maps: (h, w) float32, >= 0, not scaled, all zeros where nothing
supports the class.

With global average pooling and dense layers after the last convolution, the
gradient by a feature map is the same at every position (Zhou et al. 2016), so
Grad-CAM's weights have a closed form, and the maps of all classes fall out of the
forward pass that tags (`network.classifier`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.types import FloatArray

Floats = NDArray[np.floating[Any]]


def grad_cam(activations: Floats, gradients: Floats) -> FloatArray:
    """Return Grad-CAM's map: channels weighed by their mean gradient (Selvaraju et al. 2017, eq. 1 and 2).

    relu(sum_k mean_ij(G_k) * A_k).

    Raises:
        CamError: the shapes differ or are not (h, w, channels), or a value is not finite.
    """
    maps, slopes = _checked(activations, gradients)
    return _combined(maps, slopes.mean(axis=(0, 1), dtype=np.float32))


def grad_cam_plus_plus(activations: Floats, gradients: Floats) -> FloatArray:
    """Return Grad-CAM++'s map: channels weighed by positive gradients (Chattopadhay et al. 2018, section 3).

    relu(sum_k w_k * A_k) with w_k = sum_ij alpha * relu(G) and alpha = G^2 / (2 G^2 + sum_ab(A) * G^3),
    for the exponential of the logit, whose factor exp(logit) all weights share and which is left out.
    Where G is not 0 the fraction is 1 / (2 + sum_ab(A) * G): computed so, no small G is raised to a power
    and no epsilon is needed. Where G is not positive, relu(G) makes the term 0 whatever alpha is.

    Raises:
        CamError: the shapes differ or are not (h, w, channels), or a value is not finite;
            or an activation is negative, for which the formula is not meant.

    Example:
        >>> maps, slopes = np.array([[[1.0], [3.0]]]), np.array([[[0.5], [-1.0]]])
        >>> grad_cam_plus_plus(maps, slopes).tolist()  # the weight is 0.5 / (2 + 4 * 0.5)
        [[0.125, 0.375]]
    """
    maps, slopes = _checked(activations, gradients)
    if maps.min(initial=0) < 0:
        raise CamError("Grad-CAM++ needs activations after a relu, got negative ones. Choose another layer.")
    rising = np.maximum(slopes, 0.0)
    weights = (rising / (2 + maps.sum(axis=(0, 1)) * rising)).sum(axis=(0, 1))  # (channels,)
    return _combined(maps, weights)


def hires_cam(activations: Floats, gradients: Floats) -> FloatArray:
    """Return HiResCAM's map: each activation by its own gradient (Draelos and Carin 2020).

    relu(sum_k G_k * A_k), the gradient not averaged over the positions. Where the layer is followed by
    global average pooling and linear layers, this is Grad-CAM.

    Raises:
        CamError: the shapes differ or are not (h, w, channels), or a value is not finite.
    """
    maps, slopes = _checked(activations, gradients)
    return _positive((maps * slopes).sum(axis=2))


def layer_cam(activations: Floats, gradients: Floats) -> FloatArray:
    """Return LayerCAM's map: each activation by its own positive gradient (Jiang et al. 2021).

    relu(sum_k relu(G_k) * A_k), meant to hold in shallow layers too.

    Raises:
        CamError: the shapes differ or are not (h, w, channels), or a value is not finite.
    """
    maps, slopes = _checked(activations, gradients)
    return _positive((maps * np.maximum(slopes, 0.0)).sum(axis=2))


def eigen_cam(activations: Floats) -> FloatArray:
    """Return Eigen-CAM's map, the same for every class: activations along their first principal direction.

    A as (positions, channels) is U S V^T; the map is A v_1 (Muhammad and Yeasin 2020), not centred.
    The direction's sign is free, and chosen so that the map's sum is positive.

    Raises:
        CamError: not (h, w, channels), or a value is not finite.

    Example:
        >>> eigen_cam(np.array([[[3.0, 0.0], [0.0, 2.0], [4.0, 0.0]]])).round(6).tolist()
        [[3.0, 0.0, 4.0]]
    """
    (maps,) = _checked(activations)
    cells = maps.reshape(-1, maps.shape[2])  # (h * w, channels)
    if cells.shape[0] <= cells.shape[1]:  # A v_1 = s_1 u_1: the smaller of both Gram matrices tells the same
        squares, places = np.linalg.eigh(cells @ cells.T)  # s ** 2 and U, the largest last
        projected = places[:, -1] * np.sqrt(max(squares[-1], 0.0))
    else:
        _, directions = np.linalg.eigh(cells.T @ cells)  # V, the largest last
        projected = cells @ directions[:, -1]
    if projected.sum() < 0:
        projected = -projected
    return _positive(projected.reshape(maps.shape[:2]))


def telling_channels(activations: Floats) -> NDArray[np.int64]:
    """Return the channels that are not the same everywhere: only these can mask a photo, (n,) ascending.

    Raises:
        CamError: not (h, w, channels), or a value is not finite.
    """
    (maps,) = _checked(activations)
    return np.flatnonzero(maps.max(axis=(0, 1)) > maps.min(axis=(0, 1)))


def channel_masks(activations: Floats, side_px: int) -> FloatArray:
    """Return each channel enlarged to the photo and stretched to [0, 1] (Wang et al. 2020, algorithm 1).

    Args:
        activations: (h, w, channels), of telling channels: one that is the same everywhere becomes zeros.
        side_px: of the photo.

    Returns:
        (channels, side_px, side_px) float32, enlarged bilinearly.

    Raises:
        CamError: not (h, w, channels), or a value is not finite.
    """
    (maps,) = _checked(activations)
    down = _interpolation(maps.shape[0], side_px)  # (side, h)
    across = _interpolation(maps.shape[1], side_px)  # (side, w)
    masks = down @ maps.transpose(2, 0, 1) @ across.T  # (channels, side, side)
    low = masks.min(axis=(1, 2), keepdims=True)
    span = masks.max(axis=(1, 2), keepdims=True) - low
    return np.asarray(np.where(span > 0, (masks - low) / np.where(span > 0, span, 1), 0), np.float32)


def score_cam(activations: Floats, scores: Floats) -> FloatArray:
    """Return Score-CAM's map: channels weighed by the logit that their mask alone keeps (Wang et al. 2020).

    w_k = exp(s_k) / sum_m exp(s_m) (algorithm 1; the baseline's logit is the same for all and cancels),
    relu(sum_k w_k * A_k). All weights are positive, so that a class which nothing supports has a
    map as well.

    Args:
        activations: (h, w, channels), of the telling channels.
        scores: the class's logit for the photo under each channel's mask, (channels,).

    Raises:
        CamError: the shapes do not fit, or a value is not finite.
    """
    (maps,) = _checked(activations)
    logits = np.asarray(scores, np.float64)
    if logits.shape != maps.shape[2:] or not np.isfinite(logits).all():
        raise CamError(
            f"Score-CAM needs one finite score for each of {maps.shape[2]} channels, got {logits.shape}."
        )
    if not logits.size:
        return np.zeros(maps.shape[:2], np.float32)
    raised = np.exp(logits - logits.max())
    return _combined(maps, raised / raised.sum())


def occluder_windows(side_px: int, cells: int, square_cells: int) -> list[tuple[slice, slice]]:
    """Return where a square lies that is centred on each cell of a photo, row by row.

    At the edges the part of it that lies on the photo is given, so that the map keeps the photo's frame.

    Args:
        side_px: of the photo.
        cells: along each side.
        square_cells: side of the square, in cells.

    Raises:
        CamError: there are more cells than pixels, or none, or no square.

    Example:
        >>> occluder_windows(4, 2, 1)[:2]
        [(slice(0, 2, None), slice(0, 2, None)), (slice(0, 2, None), slice(2, 4, None))]
    """
    if not 1 <= cells <= side_px or square_cells < 1:
        raise CamError(
            f"Occlusion needs 1 to {side_px} cells a side and a square of 1 cell or more, "
            f"got {cells} and {square_cells}."
        )
    cell_px = side_px / cells
    spans = []
    for cell in range(cells):
        centre, half = (cell + 0.5) * cell_px, square_cells * cell_px / 2
        spans.append(slice(max(0, round(centre - half)), min(side_px, round(centre + half))))
    return [(rows, columns) for rows in spans for columns in spans]


def occlusion_map(whole: float, occluded: Floats) -> FloatArray:
    """Return how far the logit falls when each place is covered (Zeiler and Fergus 2014).

    Args:
        whole: the logit of the photo as it is.
        occluded: the logit with the square on each cell, (h, w).

    Returns:
        (h, w) float32, >= 0: where covering raises the logit there is no evidence for the class.

    Raises:
        CamError: not two axes, or a value is not finite.
    """
    logits = np.asarray(occluded, np.float64)
    if logits.ndim != 2 or not (np.isfinite(logits).all() and np.isfinite(whole)):
        raise CamError(f"Occlusion needs a finite logit for each cell (h, w), got {logits.shape}.")
    return _positive(whole - logits)


def _interpolation(cells: int, pixels: int) -> NDArray[np.float64]:
    """Return the matrix that enlarges a row of cells bilinearly, centre to centre, (pixels, cells)."""
    centres = (np.arange(pixels) + 0.5) * cells / pixels - 0.5
    below = np.floor(centres).astype(np.int64)
    share = centres - below
    matrix = np.zeros((pixels, cells))
    rows = np.arange(pixels)
    matrix[rows, np.clip(below, 0, cells - 1)] += 1 - share
    matrix[rows, np.clip(below + 1, 0, cells - 1)] += share
    return matrix


def _checked(*arrays: Floats) -> list[NDArray[np.float64]]:
    found = [np.asarray(array, np.float64) for array in arrays]
    if found[0].ndim != 3 or any(array.shape != found[0].shape for array in found):
        raise CamError(
            "A map needs activations (h, w, channels) and gradients of the same shape, got "
            f"{' and '.join(str(array.shape) for array in found)}."
        )
    if not all(np.isfinite(array).all() for array in found):
        raise CamError(
            "The network gave values that are not finite. Check the model's weights on the Models page."
        )
    return found


def _combined(maps: NDArray[np.float64], weights: Floats) -> FloatArray:
    """Return the channels summed by weight, (channels,), without the negative evidence."""
    summed = maps.astype(np.float32) @ weights.astype(np.float32)  # (h, w)
    return np.maximum(summed, np.float32(0))


def _positive(values: NDArray[np.float64]) -> FloatArray:
    return np.maximum(values, 0.0).astype(np.float32)
