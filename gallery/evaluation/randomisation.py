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


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ranks around their mean, ties by the mean of theirs, flattened."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[group.ravel()]
    return np.asarray(ranks - ranks.mean())
