"""Whether a map depends on what the network learnt: compared with those of scrambled networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError

SAME_MAP_CORRELATION = 0.5
"""Maps of scrambled networks that correlate more than this with the trained one's, on average, are the same
map for practical purposes: the line is ours (a quarter of the ranks' variance), the papers draw none."""

COMPARED_CLASSES = 10
"""Classes of a scrambled network whose maps are compared: its classes mean nothing, one is as good as
another, and of many methods' maps about half are empty."""

HOT_CELLS = 0.1
"""A scrambled map with a smaller share of cells above 0 says too little of the order of the others."""


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """How like the map is to those of the same network with scrambled weights.

    Attributes:
        correlations: the mean of Spearman's over each scrambled network's maps; None for a network
            whose maps are all empty, or nearly so: they cannot be like anything.
    """

    correlations: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """Over the networks; None where none has a map."""
        found = [each for each in self.correlations if each is not None]
        return float(np.mean(found)) if found else None

    @property
    def passed(self) -> bool | None:
        """Whether the map depends on what the network learnt; None where that could not be tested."""
        return None if self.mean is None else self.mean <= SAME_MAP_CORRELATION


def randomisation_test(
    cam: NDArray[np.floating], scrambled: Sequence[NDArray[np.floating]]
) -> RandomisationTest:
    """Return how like a map is to those of networks with scrambled weights (Adebayo et al. 2018, section 3).

    Args:
        cam: of the trained network, (h, w).
        scrambled: of the same photo, method and layer, for some classes of each scrambled network,
            each (classes, h, w).

    Raises:
        CamError: no scrambled map, or one of another shape.
    """
    if not scrambled:
        raise CamError("The randomisation test needs the map of at least one scrambled network.")

    def likeness(maps: NDArray[np.floating]) -> float | None:
        telling = [other for other in maps if np.count_nonzero(other) >= HOT_CELLS * other.size]
        found = [each for other in telling if (each := rank_correlation(cam, other)) is not None]
        return float(np.mean(found)) if found else None

    return RandomisationTest(tuple(likeness(maps) for maps in scrambled))


def compared_classes(class_index: int, class_count: int) -> list[int]:
    """Return the classes of a scrambled network to compare: the explained one and the next, round the end.

    Example:
        >>> compared_classes(2, 4)
        [2, 3, 0, 1]
    """
    return [(class_index + step) % class_count for step in range(min(class_count, COMPARED_CLASSES))]


def rank_correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float | None:
    """Return Spearman's correlation of two maps, -1 to 1; equal values share their mean rank.

    None where one of the maps is the same everywhere: it then orders nothing.

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
    first, second = _ranks(one.ravel()), _ranks(other.ravel())
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread > 0 else None


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ranks around their mean, ties by the mean of theirs, (cells,)."""
    from scipy import stats

    ranks = stats.rankdata(values)
    return np.asarray(ranks - ranks.mean(), np.float64)
