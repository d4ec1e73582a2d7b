"""Whether confidence can be believed: the reliability diagram, and temperature scaling tried honestly.

A temperature fitted on some photos looks good on those. Here the photos are
divided into folds, and each fold is scaled by the temperature of the others, so
the error "after" is that of photos the temperature has not seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation import metrics
from gallery.evaluation.metrics import CALIBRATION_BINS, FloatVector, IntVector

LOWEST, HIGHEST = 0.05, 20.0
"""Beyond these a temperature says that something else is wrong."""

FOLDS = 5
"""Each temperature is fitted on four fifths of the photos."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The photos whose confidence lies in (low, high].

    Attributes:
        low: the bin's lower edge.
        high: its upper edge.
        n: photos in it.
        confidence: their mean confidence; None for an empty bin.
        accuracy: the share of them that is right; None for an empty bin.
        interval: Wilson's 95 % interval of the accuracy.
        rows: the photos, the most confident first.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None
    interval: tuple[float, float]
    rows: IntVector = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "confidence": self.confidence,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
        }


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Temperature scaling, each photo by a temperature that was fitted without it.

    Attributes:
        temperatures: (folds,) the one that each fold was scaled by, fitted on the other folds.
        fold_of: (n,) the fold of each photo.
        probabilities: (n, K) float64, scaled.
        ece_before: expected calibration error of the probabilities as they came.
        ece_after: that of the scaled ones.
    """

    temperatures: FloatVector
    fold_of: IntVector = field(repr=False)
    probabilities: FloatVector = field(repr=False)
    ece_before: float
    ece_after: float

    def to_json(self) -> dict[str, Any]:
        """Return the temperatures and the errors, not the probabilities."""
        return {
            "temperatures": self.temperatures.tolist(),
            "ece_before": self.ece_before,
            "ece_after": self.ece_after,
        }


def reliability_bins(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating], *, bins: int = CALIBRATION_BINS
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of the reliability diagram, the lowest confidence first, empty ones too.

    The bins are those of `metrics.expected_calibration_error`, which is the mean
    of their gaps |accuracy - confidence| by the bins' counts.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K), rows sum to 1.
        bins: how many, of equal width.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == np.asarray(y_true)
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    found = []
    for m in range(bins):
        rows = np.flatnonzero(bin_of == m)
        rows = rows[np.argsort(-confidence[rows], kind="stable")]
        hits = int(right[rows].sum())
        found.append(
            ReliabilityBin(
                low=m / bins,
                high=(m + 1) / bins,
                n=len(rows),
                confidence=math.fsum(confidence[rows]) / len(rows) if len(rows) else None,
                accuracy=hits / len(rows) if len(rows) else None,
                interval=metrics.wilson_interval(hits, len(rows)),
                rows=rows.astype(np.int64),
            )
        )
    return tuple(found)


def temperature_scaled(probabilities: NDArray[np.floating], temperature: float) -> FloatVector:
    """Return softmax(ln p / T): what softmax(logits / T) gives, since ln p are the logits but for a constant.

    Args:
        probabilities: (n, K), rows sum to 1. A 0 is taken for the smallest float32.
        temperature: above 1 makes less certain, below 1 more certain.

    Example:
        >>> temperature_scaled(np.array([[0.8, 0.2]]), 0.5).round(4).tolist()  # .64 and .04, made to sum to 1
        [[0.9412, 0.0588]]
    """
    scaled = _logits(probabilities) / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def fitted_temperature(y_true: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """Return the T that minimises the cross-entropy of `temperature_scaled` (Guo et al. 2017).

    In b = 1/T the loss is convex; where its derivative, the mean over photos of
    E_p(b)[ln p] - ln p_true, changes its sign is found by halving.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K).

    Returns:
        Within `LOWEST` and `HIGHEST`; the nearer bound where the best lies beyond.
    """
    logits = _logits(probabilities)
    of_truth = logits[np.arange(len(logits)), np.asarray(y_true)].mean()
    shifted = logits - logits.max(axis=1, keepdims=True)

    def slope(sharpness: float) -> float:
        weights = np.exp(shifted * sharpness)
        expected = (weights * logits).sum(axis=1) / weights.sum(axis=1)
        return float(expected.mean() - of_truth)

    low, high = math.log(1 / HIGHEST), math.log(1 / LOWEST)
    if slope(math.exp(low)) >= 0:
        return HIGHEST
    if slope(math.exp(high)) <= 0:
        return LOWEST
    while high - low > 1e-10:
        middle = (low + high) / 2
        if slope(math.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return math.exp(-(low + high) / 2)


def folds_by_group(groups: Sequence[str] | NDArray[Any], folds: int = FOLDS) -> IntVector:
    """Return the fold of each photo, (n,) below `folds`; photos of one group share a fold.

    The groups are dealt out in their own order, so the folds do not depend on
    the order of the photos. Photo ids are good groups: hashes are shuffled by
    nature, and copies of a photo stay together.

    Example:
        >>> folds_by_group(["b", "a", "b", "c"], 2).tolist()
        [1, 0, 1, 0]
    """
    _, rank = np.unique(np.asarray(groups), return_inverse=True)
    return np.asarray(rank.reshape(-1) % folds, np.int64)


def cross_fit(
    y_true: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    groups: Sequence[str] | NDArray[Any],
    *,
    folds: int = FOLDS,
) -> CrossFit | None:
    """Return what temperature scaling does for photos that it was not fitted on.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K), rows sum to 1.
        groups: n photo ids, or folders to keep bursts together; no group is on both sides.
        folds: into how many parts the photos are divided; fewer where there are fewer groups.

    Returns:
        None where there are not two groups: nothing is left to fit on.

    Raises:
        DatasetError: the lengths do not fit.
    """
    if not len(y_true) == len(probabilities) == len(groups):
        raise DatasetError(
            f"There must be a label, a row of probabilities and a group for each photo, got {len(y_true)}, "
            f"{len(probabilities)} and {len(groups)}. Tag the photos again."
        )
    fold_of = folds_by_group(groups, folds)
    count = int(fold_of.max(initial=-1)) + 1
    if count < 2:
        return None
    y_true = np.asarray(y_true)
    scaled = np.empty(probabilities.shape, np.float64)
    temperatures = np.empty(count)
    for fold in range(count):
        inside = fold_of == fold
        temperatures[fold] = fitted_temperature(y_true[~inside], probabilities[~inside])
        scaled[inside] = temperature_scaled(probabilities[inside], temperatures[fold])
    return CrossFit(
        temperatures=temperatures,
        fold_of=fold_of,
        probabilities=scaled,
        ece_before=metrics.expected_calibration_error(y_true, probabilities),
        ece_after=metrics.expected_calibration_error(y_true, scaled),
    )


def _logits(probabilities: NDArray[np.floating]) -> FloatVector:
    smallest = float(np.finfo(np.float32).tiny)
    return np.log(np.maximum(np.asarray(probabilities, np.float64), smallest))
