"""Mean heatmaps of many photos, and groups of photos whose attention is on the outer frame.

Evidence at the border of the picture is seldom the animal: it is a caption, a
frame, a fence that goes with one class. No share of it is wrong in itself, so
a group of photos is compared with the other groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.evaluation.report import Cell

BORDER = 1 / 7
"""Width of the border, as a share of each side: 2 of 14 cells. It covers 49 % of the picture."""

BORDER_AREA = 1 - (1 - 2 * BORDER) ** 2
"""The border's share of the picture: what evenly spread evidence would have there."""

FEW_IN_A_CELL = 5
"""A group of fewer photos is not compared: one photo with a caption would be news."""

FEW_GROUPS = 4
"""With fewer groups there is no telling what is usual."""

FAR = 3.0
"""Robust standard deviations above the median from which a group stands out (Iglewicz and Hoaglin 1993
draw the line at 3.5 for single values; groups are means, which vary less)."""

LEAST_DIFFERENCE = 0.1
"""... and it must lie ten percentage points above the median: where all groups are nearly the same, nothing
is far from the rest."""

_MAD_TO_DEVIATION = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""

Maps = NDArray[np.floating]
"""(n, h, w) class activation maps of n photos, >= 0; of which class may differ from photo to photo."""


@dataclass(frozen=True, slots=True)
class AverageMap:
    """The mean of many photos' maps, each photo with the same weight.

    Attributes:
        heat: (h, w), sum 1, or zeros where no photo has evidence.
        photos: with evidence, which the mean is of.
        without: photos without any evidence for the class, left out.
    """

    heat: NDArray[np.float64]
    photos: int
    without: int

    @property
    def border_share(self) -> float:
        """The mean share of a photo's evidence that lies at the border; NaN where no photo has evidence."""
        return float(border_shares(self.heat[np.newaxis])[0])


def shares_of_evidence(maps: Maps) -> NDArray[np.float64]:
    """Return each map divided by its sum, (n, h, w): how a photo's evidence is spread, however strong it is.

    A map without evidence stays all zeros.

    Raises:
        CamError: not three axes, or a value is negative or not finite.
    """
    values = np.asarray(maps, np.float64)
    if values.ndim != 3:
        raise CamError(f"Maps of several photos are (n, h, w), got {values.shape}.")
    if not np.isfinite(values).all() or values.min(initial=0) < 0:
        raise CamError("Class activation maps are finite and not below 0. Tag the photos again.")
    totals = values.sum(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(values, totals, out=np.zeros_like(values), where=totals > 0))


def average_map(maps: Maps) -> AverageMap:
    """Return the mean of the photos' spreads of evidence.

    Example:
        >>> left, right = np.array([[8.0, 0.0]]), np.array([[0.0, 1.0]])
        >>> average_map(np.stack([left, right, 0 * left])).heat.tolist()
        [[0.5, 0.5]]
    """
    shares = shares_of_evidence(maps)
    some = shares.any(axis=(1, 2))
    count = int(some.sum())
    heat = shares[some].mean(axis=0) if count else np.zeros(shares.shape[1:])
    return AverageMap(heat, count, len(shares) - count)


def border_shares(maps: Maps, *, width: float = BORDER) -> NDArray[np.float64]:
    """Return the share of each map's evidence that lies at the border of the picture, (n,) in [0, 1].

    Args:
        maps: (n, h, w), >= 0.
        width: of the border, as a share of each side, above 0 and below 1/2; a cell that lies partly in it
            counts by that part.

    Returns:
        NaN for a photo without evidence.

    Raises:
        CamError: see `shares_of_evidence`.
    """
    shares = shares_of_evidence(maps)
    rows, columns = (_inside(side, width) for side in shares.shape[1:])
    inside = np.einsum("nij,i,j->n", shares, rows, columns)
    return np.where(shares.any(axis=(1, 2)), 1 - inside, np.nan)


@dataclass(frozen=True, slots=True)
class Group:
    """A cell, a row or a column of the confusion matrix, with how much of its evidence lies at the border.

    Attributes:
        cell: which.
        photos: with evidence, of which the share is the mean.
        border_share: mean share of a photo's evidence at the border.
        usual: the median of the groups that it is compared with; NaN where there are too few.
        stands_out: far above that.
    """

    cell: Cell
    photos: int
    border_share: float
    usual: float
    stands_out: bool


def compare_borders(
    shares: NDArray[np.floating], y_true: NDArray[np.integer], y_pred: NDArray[np.integer], class_count: int
) -> tuple[Group, ...]:
    """Return the cells, true classes and predicted classes with enough photos, each against its like.

    Args:
        shares: (n,) of `border_shares`; NaN is left out.
        y_true: (n,) true class of each photo.
        y_pred: (n,) predicted class.
        class_count: K.

    Returns:
        First the cells row by row, then the true classes, then the predicted ones.
    """
    known = ~np.isnan(shares)
    values, true, said = np.asarray(shares, np.float64)[known], y_true[known], y_pred[known]
    every = range(class_count)
    cells = [Cell(k, j) for k in every for j in every]
    rows = [Cell(k, None) for k in every]
    columns = [Cell(None, k) for k in every]
    found: list[Group] = []
    for places, group in ((cells, true * class_count + said), (rows, true), (columns, said)):
        counts, means = _means(values, group, len(places))
        enough = np.flatnonzero(counts >= FEW_IN_A_CELL)
        usual, limit = usual_and_limit(means[enough].tolist())
        found += [
            Group(places[k], int(counts[k]), float(means[k]), usual, bool(means[k] > limit)) for k in enough
        ]
    return tuple(found)


def usual_and_limit(values: Sequence[float]) -> tuple[float, float]:
    """Return the median, and from where on a value stands out: the robust rule of `FAR`.

    Example:
        >>> usual, limit = usual_and_limit([0.30, 0.32, 0.34, 0.36, 0.38])  # deviations .04 .02 0 .02 .04
        >>> round(usual, 2), round(limit, 4)  # 3 * 1.4826 * 0.02 is less than 0.1
        (0.34, 0.44)
        >>> usual_and_limit([0.5, 0.5])  # too few to tell
        (nan, inf)
    """
    if len(values) < FEW_GROUPS:
        return float("nan"), float("inf")
    usual = float(np.median(values))
    deviation = _MAD_TO_DEVIATION * float(np.median(np.abs(np.asarray(values) - usual)))
    return usual, usual + max(FAR * deviation, LEAST_DIFFERENCE)


@dataclass(frozen=True, slots=True)
class FolderEvidence:
    """The maps of an evaluation's photos, row by row as in its report.

    Attributes:
        of_true: (n, h, w) of the true class.
        of_predicted: (n, h, w) of the predicted class.
        border: (n,) share of the predicted class's evidence at the border, NaN where there is none.
        groups: cells, true and predicted classes, each against its like.
    """

    of_true: Maps
    of_predicted: Maps
    border: NDArray[np.float64]
    groups: tuple[Group, ...]

    @classmethod
    def of(
        cls,
        maps: Maps,
        y_true: NDArray[np.integer],
        y_pred: NDArray[np.integer],
        class_count: int,
    ) -> FolderEvidence:
        """Return the evidence of n photos.

        Args:
            maps: (n, 2, h, w) of each photo's true and predicted class, zeros where there are none.
            y_true: (n,) true classes.
            y_pred: (n,) predicted classes.
            class_count: K.

        Raises:
            CamError: see `shares_of_evidence`.
        """
        border = border_shares(maps[:, 1])
        groups = compare_borders(border, y_true, y_pred, class_count)
        return cls(maps[:, 0], maps[:, 1], border, groups)

    @property
    def outstanding(self) -> tuple[Group, ...]:
        """The groups whose evidence lies at the border far more than usual."""
        return tuple(group for group in self.groups if group.stands_out)

    def averages(self, rows: NDArray[np.integer]) -> tuple[AverageMap, AverageMap]:
        """Return the average maps of some photos: for their true, and for their predicted classes."""
        return average_map(self.of_true[rows]), average_map(self.of_predicted[rows])

    def border_first(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return rows with those of most evidence at the border first, those without any last."""
        return rows[np.argsort(-np.nan_to_num(self.border[rows], nan=-1.0), kind="stable")]


def _means(
    values: NDArray[np.float64], group: NDArray[np.integer], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    counts = np.bincount(group, minlength=count)
    sums = np.bincount(group, weights=values, minlength=count)
    return counts, np.divide(sums, counts, out=np.full(count, np.nan), where=counts > 0)


def _inside(cells: int, width: float) -> NDArray[np.float64]:
    """Return which part of each cell of a side lies off the border, (cells,) in [0, 1]."""
    edges = np.arange(cells + 1) / cells
    covered = np.minimum(edges[1:], 1 - width) - np.maximum(edges[:-1], width)
    return np.asarray(np.clip(covered * cells, 0, 1))
