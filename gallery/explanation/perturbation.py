"""Photos with pixels taken away or handed back in the order of a heatmap, and what the network then says.

A heatmap claims: this is what the answer rests on. Taking it away should take
the answer away (deletion), handing it back alone should bring the answer back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.types import FloatArray, ImageBatch, RgbImage

Classify = Callable[[ImageBatch], FloatArray]
"""(n, side, side, 3) uint8 RGB -> (n, classes) probabilities."""

Region = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the photo's width and height, in [0, 1]."""

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
"""The neutral input: 0 to a network with caffe preprocessing."""

NEUTRAL_RGB = (124, 117, 104)
"""What a pixel taken away becomes: ImageNet's mean colour in whole steps."""

CURVE_STEPS = 14
"""Each step of a curve exchanges a 14th of the pixels: 14 of the 196 cells of a 14 x 14 map."""

BLUR_REACH_PX = 5
BLUR_SIGMA_PX = 5.0
"""An 11 x 11 Gaussian of sigma 5 at 224 pixels, as in the published code of Petsiuk et al. 2018."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A class's probability while pixels are exchanged, the ones that the map calls most important first."""

    shares: tuple[float, ...]  # of the pixels exchanged, from 0 to 1
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve by the trapezoidal rule, in [0, 1]: the mean probability on the way."""
        return float(np.trapezoid(self.probabilities, self.shares))


def deletion_curve(
    image: RgbImage,
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    *,
    steps: int = CURVE_STEPS,
) -> Curve:
    """Return the class's probability while the hottest pixels turn grey (Petsiuk et al. 2018, section 4.1).

    A faithful map makes it fall early, so a small area is good. Equally hot pixels go in random order.

    Raises:
        CamError: image and heatmap differ in size, the heatmap leaves [0, 1], or there is no such class.
    """
    grey = np.broadcast_to(np.array(NEUTRAL_RGB, np.uint8), image.shape)
    return _exchange(image, grey, heatmap, class_index, classify, steps)


def insertion_curve(
    image: RgbImage,
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    *,
    steps: int = CURVE_STEPS,
) -> Curve:
    """Return the class's probability while the hottest pixels come back to the blurred photo.

    A faithful map makes it rise early, so a large area is good (Petsiuk et al. 2018, section 4.1).

    Raises:
        CamError: image and heatmap differ in size, the heatmap leaves [0, 1], or there is no such class.
    """
    return _exchange(blurred(image), image, heatmap, class_index, classify, steps)


def explained_image(image: RgbImage, heatmap: NDArray[np.floating]) -> RgbImage:
    """Return the photo with each pixel kept as far as it is hot, the rest neutral grey.

    The explanation map of Chattopadhay et al. 2018, section 4.1, with grey in place of black: black
    is a strong signal to a network that subtracts the mean colour.

    Raises:
        CamError: image and heatmap differ in size, or the heatmap leaves [0, 1].

    Example:
        >>> explained_image(np.full((1, 1, 3), 224, np.uint8), np.array([[0.5]])).tolist()
        [[[174, 170, 164]]]
    """
    heat = _checked(image, heatmap)[..., np.newaxis]
    grey = np.array(NEUTRAL_RGB, np.float64)
    return np.asarray(np.rint(grey + (image - grey) * heat), np.uint8)


def greyed_out(image: RgbImage, regions: Sequence[Region]) -> RgbImage:
    """Return the photo with rectangles made neutral grey; a pixel goes when its middle lies in one.

    Raises:
        CamError: a region is empty or leaves the photo.

    Example:
        >>> photo = np.full((2, 4, 3), 9, np.uint8)
        >>> greyed_out(photo, [(0.5, 0.0, 1.0, 0.5)])[..., 0].tolist()
        [[9, 9, 124, 124], [9, 9, 9, 9]]
    """
    covered = image.copy()
    down, across = ((np.arange(side) + 0.5) / side for side in image.shape[:2])
    for left, top, right, bottom in regions:
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise CamError(
                "A region is left, top, right, bottom as shares of the photo, 0 to 1, "
                f"got {(left, top, right, bottom)}."
            )
        rows, columns = (down >= top) & (down < bottom), (across >= left) & (across < right)
        covered[np.ix_(rows, columns)] = NEUTRAL_RGB
    return covered


def average_drop(whole: Sequence[float], explained: Sequence[float]) -> float:
    """Return how much of the probability is lost when only what the maps show is kept, in [0, 1].

    Mean of max(0, Y - O) / Y over the photos, Y for the whole photo and O for `explained_image`
    (Chattopadhay et al. 2018, section 4.1); lower is better. A photo with Y = 0 has nothing to lose.

    Raises:
        CamError: no photos, or not as many of the one as of the other.

    Example:
        >>> average_drop([0.5, 0.8], [0.25, 0.9])
        0.25
    """
    full, kept = _pairs(whole, explained)
    lost = np.divide(np.maximum(full - kept, 0), full, out=np.zeros_like(full), where=full > 0)
    return float(lost.mean())


def average_increase(whole: Sequence[float], explained: Sequence[float]) -> float:
    """Return the share of photos whose probability rises when only what the maps show is kept.

    (Chattopadhay et al. 2018, section 4.1); higher is better.

    Raises:
        CamError: no photos, or not as many of the one as of the other.
    """
    full, kept = _pairs(whole, explained)
    return float((kept > full).mean())


def blurred(image: RgbImage) -> RgbImage:
    """Return a photo blurred by the Gaussian from which insertion starts; the edge pixels go on outside."""
    offsets = np.arange(-BLUR_REACH_PX, BLUR_REACH_PX + 1)
    kernel = np.exp(-(offsets**2) / (2 * BLUR_SIGMA_PX**2))
    kernel /= kernel.sum()
    result = image.astype(np.float64)
    for axis in (0, 1):
        margins = [(BLUR_REACH_PX, BLUR_REACH_PX) if each == axis else (0, 0) for each in range(3)]
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(result, margins, mode="edge"), len(kernel), axis=axis
        )
        result = windows @ kernel
    return np.asarray(np.rint(result), np.uint8)


def _exchange(
    start: RgbImage,
    finish: NDArray[np.uint8],
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    steps: int,
) -> Curve:
    """Return the curve of a class while a photo's pixels, the hottest first, become those of another."""
    if steps < 1:
        raise CamError(f"A curve takes at least 1 step, got {steps}.")
    heat = _checked(start, heatmap).ravel()
    order = np.lexsort((np.random.default_rng(0).random(heat.size), -heat))  # (pixels,)
    place = np.empty(heat.size, np.int64)
    place[order] = np.arange(heat.size)
    counts = np.rint(np.linspace(0, heat.size, steps + 1)).astype(np.int64)
    exchanged = (place.reshape(heatmap.shape) < counts[:, np.newaxis, np.newaxis])[..., np.newaxis]
    found = class_probabilities(classify, np.where(exchanged, finish, start), class_index)
    return Curve(tuple((counts / heat.size).tolist()), tuple(found))


def class_probabilities(classify: Classify, images: ImageBatch, class_index: int) -> list[float]:
    """Return what a network gives one class, for each photo.

    Raises:
        CamError: there is no such class.
    """
    said = classify(np.ascontiguousarray(images))
    if not 0 <= class_index < said.shape[1]:
        raise CamError(f"Classes are numbered 0 to {said.shape[1] - 1}, got {class_index}.")
    return [float(value) for value in said[:, class_index]]


def _checked(image: RgbImage, heatmap: NDArray[np.floating]) -> NDArray[np.float64]:
    heat = np.asarray(heatmap, np.float64)
    if image.ndim != 3 or heat.shape != image.shape[:2]:
        raise CamError(f"The heatmap must be as large as the photo, got {heat.shape} for {image.shape[:2]}.")
    if not (
        heat.min(initial=0) >= 0 and heat.max(initial=0) <= 1
    ):  # also false for values that are no numbers
        raise CamError("A heatmap's values lie between 0 and 1. Divide the map by its peak first.")
    return heat


def _pairs(
    whole: Sequence[float], explained: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    full, kept = np.asarray(whole, np.float64), np.asarray(explained, np.float64)
    if full.ndim != 1 or not full.size or full.shape != kept.shape:
        raise CamError(
            f"One probability a photo is needed, whole and explained, got {full.shape} and {kept.shape}."
        )
    return full, kept
