"""How far a heatmap can be trusted: measures that need the photo, the map and a function that classifies.

A heatmap is a claim about the network: this is what the answer rests on. It is
tested by taking pixels away or handing them back, and by asking whether a
network that learnt nothing gives the same map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.types import FloatArray, ImageBatch, RgbImage

Classify = Callable[[ImageBatch], FloatArray]
"""(n, side, side, 3) uint8 RGB -> (n, classes) probabilities."""

NEUTRAL_RGB = (124, 117, 104)
"""What a pixel taken away becomes: ImageNet's mean colour, 0 to a network with caffe preprocessing."""

CURVE_STEPS = 28
"""Each step of a curve exchanges a 28th of the pixels: 7 of the 196 cells of a 14 x 14 map."""

BLUR_REACH_PX = 5
BLUR_SIGMA_PX = 5.0
"""An 11 x 11 Gaussian of sigma 5 at 224 pixels, as in the published code of Petsiuk et al. 2018."""

SAME_MAP_CORRELATION = 0.5
"""Maps of scrambled networks that correlate more than this with the trained one's, on average, are the same
map for practical purposes: the line is ours (a quarter of the ranks' variance), the papers draw none."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A class's probability while pixels are exchanged, the ones that the map calls most important first."""

    shares: tuple[float, ...]  # of the pixels exchanged, from 0 to 1
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """The area under the curve by the trapezoidal rule, in [0, 1]: the mean probability on the way."""
        return float(np.trapezoid(self.probabilities, self.shares))


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """How like the map is to those of the same network with scrambled weights.

    Attributes:
        correlations: Spearman's, one a scrambled network; 0 where one of the two maps is even.
    """

    correlations: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.correlations))

    @property
    def passed(self) -> bool:
        """Whether the map depends on what the network learnt."""
        return self.mean <= SAME_MAP_CORRELATION


@dataclass(frozen=True, slots=True)
class TrustReport:
    """All measures of one map of one photo.

    Attributes:
        deletion: the probability while the hottest pixels are taken away; a good map has a small area.
        insertion: while they are handed back to the blurred photo; a good map has a large area.
        deletion_elsewhere: the mean area for the same map shifted by half the photo, across, down and both.
        insertion_elsewhere: the same for insertion. Single pixels at random would be no fair comparison: they
            spoil the whole photo at once.
        drop: `average_drop` of this photo.
        increased: the probability is higher when only the hot pixels are shown.
        randomisation: None where it was not asked for.
    """

    deletion: Curve
    insertion: Curve
    deletion_elsewhere: float
    insertion_elsewhere: float
    drop: float
    increased: bool
    randomisation: RandomisationTest | None

    @property
    def points_at_evidence(self) -> bool:
        """Whether the map finds what matters better than the same map laid elsewhere, both ways."""
        return self.deletion.area < self.deletion_elsewhere and self.insertion.area > self.insertion_elsewhere

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain numbers, lists and names."""
        test = self.randomisation
        return {
            "deletion_area": self.deletion.area,
            "deletion_area_elsewhere": self.deletion_elsewhere,
            "deletion_curve": list(self.deletion.probabilities),
            "insertion_area": self.insertion.area,
            "insertion_area_elsewhere": self.insertion_elsewhere,
            "insertion_curve": list(self.insertion.probabilities),
            "points_at_evidence": self.points_at_evidence,
            "drop": self.drop,
            "increased": self.increased,
            "scrambled_correlations": None if test is None else list(test.correlations),
            "depends_on_the_weights": None if test is None else test.passed,
        }


def measure_trust(
    image: RgbImage,
    heatmap: NDArray[np.floating],
    class_index: int,
    classify: Classify,
    *,
    randomisation: RandomisationTest | None = None,
    steps: int = CURVE_STEPS,
) -> TrustReport:
    """Return every measure of one map; 8 * (steps + 1) + 2 photos are classified.

    Args:
        image: (side, side, 3) uint8 RGB, as the network takes it.
        heatmap: (side, side) in [0, 1], the map enlarged to the image.
        class_index: the class that the map explains.
        classify: of the network that the map explains.
        randomisation: from `randomisation_test`, to be reported together.
        steps: of each curve.

    Raises:
        CamError: image and heatmap differ in size, the heatmap leaves [0, 1], or there is no such class.
    """
    whole, kept = _probabilities(classify, np.stack([image, explained_image(image, heatmap)]), class_index)
    half = (heatmap.shape[0] // 2, heatmap.shape[1] // 2)
    elsewhere = [np.roll(heatmap, by, (0, 1)) for by in ((half[0], 0), (0, half[1]), half)]

    def area(curve: Callable[..., Curve]) -> float:
        return float(
            np.mean([curve(image, heat, class_index, classify, steps=steps).area for heat in elsewhere])
        )

    return TrustReport(
        deletion=deletion_curve(image, heatmap, class_index, classify, steps=steps),
        insertion=insertion_curve(image, heatmap, class_index, classify, steps=steps),
        deletion_elsewhere=area(deletion_curve),
        insertion_elsewhere=area(insertion_curve),
        drop=average_drop([whole], [kept]),
        increased=bool(kept > whole),
        randomisation=randomisation,
    )


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


def randomisation_test(
    cam: NDArray[np.floating], scrambled: Sequence[NDArray[np.floating]]
) -> RandomisationTest:
    """Return how like a map is to those of networks with scrambled weights (Adebayo et al. 2018, section 3).

    Args:
        cam: of the trained network, (h, w).
        scrambled: of the same photo, class, method and layer with scrambled weights, each (h, w).

    Raises:
        CamError: no scrambled map, or one of another shape.
    """
    if not scrambled:
        raise CamError("The randomisation test needs the map of at least one scrambled network.")
    return RandomisationTest(tuple(rank_correlation(cam, other) for other in scrambled))


def rank_correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return Spearman's correlation of two maps, -1 to 1; equal values share their mean rank.

    0 where one of the maps is the same everywhere: it then orders nothing.

    Raises:
        CamError: the shapes differ, or the maps are empty.

    Example:
        >>> rank_correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 10.0, 100.0]]))
        1.0
    """
    if one.shape != other.shape or not one.size:
        raise CamError(
            f"Two maps can be compared when they are equally large, got {one.shape}, {other.shape}."
        )
    first, second = _ranks(one), _ranks(other)
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread > 0 else 0.0


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
    found = _probabilities(classify, np.where(exchanged, finish, start), class_index)
    return Curve(tuple((counts / heat.size).tolist()), tuple(found))


def _probabilities(classify: Classify, images: ImageBatch, class_index: int) -> list[float]:
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


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ranks around their mean, ties by the mean of theirs, flattened."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[group.ravel()]
    return np.asarray(ranks - ranks.mean())
