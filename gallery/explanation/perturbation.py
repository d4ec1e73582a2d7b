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


def exchange_curve(
    start: RgbImage,
    finish: NDArray[np.uint8],
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    *,
    steps: int = CURVE_STEPS,
) -> Curve:
    """Return a class's probability while a photo's pixels, the hottest first, become those of another.

    Equally hot pixels go in random order. From the photo to `neutral` this is deletion: a faithful map makes
    the probability fall early, so a small area is good. From the `blurred` photo to the photo it is
    insertion: a faithful map makes it rise early (Petsiuk et al. 2018, section 4.1).

    Raises:
        CamError: photo and heatmap differ in size, the heatmap leaves [0, 1], there is no such class, or no
            step.
    """
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


def neutral(image: RgbImage) -> RgbImage:
    """Return a neutral grey photo of the same size."""
    return np.broadcast_to(np.array(NEUTRAL_RGB, np.uint8), image.shape)


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


def blurred(image: RgbImage) -> RgbImage:
    """Return a photo blurred by the Gaussian from which insertion starts; the edge pixels go on outside."""
    from scipy import ndimage

    sigma, reach = (BLUR_SIGMA_PX, BLUR_SIGMA_PX, 0), (BLUR_REACH_PX, BLUR_REACH_PX, 0)
    softened = ndimage.gaussian_filter(image.astype(np.float64), sigma, radius=reach, mode="nearest")
    return np.asarray(np.rint(softened), np.uint8)


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
