"""Calibration of the confidence: the reliability diagram, and cross-validated temperature scaling.

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


@dataclass(frozen=True, slots=True)
class CrossFit:
    """Temperature scaling, each photo by a temperature that was fitted without it.

    Attributes:
        temperatures: (folds,) the one that each fold was scaled by, fitted on the other folds.
        fold_of: (n,) the fold of each photo.
        probabilities: (n, K) float64, scaled.
        ece_after: expected calibration error of the scaled ones.
    """

    temperatures: FloatVector
    fold_of: IntVector = field(repr=False)
    probabilities: FloatVector = field(repr=False)
    ece_after: float


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
    confidence, right, bin_of = metrics.confidence_bins(y_true, probabilities, bins)
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
    from scipy.special import softmax

    return np.asarray(softmax(_logits(probabilities) / temperature, axis=1))


def fit_temperature(logits: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """Return the T that minimises the cross-entropy of softmax(logits / T) and the targets (Guo et al. 2017).

    As a function of ln T the loss has one minimum.

    Args:
        logits: (n, K), of photos that were not trained on.
        targets: (n, K), rows sum to 1: one-hot labels, `platt_targets`, or another network's probabilities.

    Returns:
        Within `LOWEST` and `HIGHEST`; the nearer bound where the best lies beyond.
    """
    exact = np.asarray(logits, np.float64)

    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_temperature: float) -> float:
        return float(-(targets * log_softmax(exact / np.exp(log_temperature), axis=1)).sum(axis=1).mean())

    low, high = math.log(LOWEST), math.log(HIGHEST)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    # A bounded search never tries the bounds themselves.
    best = min((low, high, float(found.x)), key=loss)
    return {low: LOWEST, high: HIGHEST}.get(best, math.exp(best))


def fitted_temperature(y_true: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """Return the T that minimises the cross-entropy of `temperature_scaled` and the labels.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K).

    Returns:
        As `fit_temperature`.
    """
    return fit_temperature(_logits(probabilities), np.eye(probabilities.shape[1])[np.asarray(y_true)])


def platt_targets(y_true: NDArray[np.integer], class_count: int) -> FloatVector:
    """Return (n, K) targets: the label counts for (n + 1) / (n + 2), the other classes share the rest.

    n photos that are all correct do not prove that the network never errs, and would otherwise make it
    claim that (Platt 1999, section 2.2).

    Example:
        >>> platt_targets(np.array([0, 0]), 2).tolist()
        [[0.75, 0.25], [0.75, 0.25]]
    """
    doubt = 1 / (len(y_true) + 2)
    targets = np.full((len(y_true), class_count), doubt / (class_count - 1))
    targets[np.arange(len(y_true)), np.asarray(y_true)] = 1 - doubt
    return targets


def cross_entropy(logits: NDArray[np.floating], y_true: NDArray[np.integer]) -> float:
    """Return the mean negative log probability of the true classes, nats.

    Example:
        >>> round(cross_entropy(np.zeros((3, 4)), np.array([0, 1, 3])), 6)  # ln 4
        1.386294
    """
    from scipy.special import log_softmax

    log_probabilities = log_softmax(np.asarray(logits, np.float64), axis=1)
    return float(-log_probabilities[np.arange(len(y_true)), np.asarray(y_true)].mean())


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
        ece_after=metrics.expected_calibration_error(y_true, scaled),
    )


def _logits(probabilities: NDArray[np.floating]) -> FloatVector:
    smallest = float(np.finfo(np.float32).tiny)
    return np.log(np.maximum(np.asarray(probabilities, np.float64), smallest))
