"""Scores of labels and predictions, and their intervals.

What scikit-learn has is its, and loads when it is first asked for: that takes over a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.settings import FEW_PHOTOS

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution: the bounds of a 95 % interval."""

RESAMPLINGS = 1000
"""Enough for the bounds of a 95 % interval to stand still in the second digit."""

CALIBRATION_BINS = 15
"""As in Guo et al. 2017, so that the figure compares with published ones."""

IntVector = NDArray[np.int64]
FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassScores:
    """What each class reached; one value a class in the order of the matrix.

    Attributes:
        precision: of the photos called so, the share that is; 0 where none is called so.
        recall: of the photos that are so, the share called so; 0 where there are none.
        f1: harmonic mean of the two; 0 where both are 0.
        support: photos of the class.
        occurs: the class is the true or the predicted one of at least one photo.
    """

    precision: FloatVector  # (K,)
    recall: FloatVector  # (K,)
    f1: FloatVector  # (K,)
    support: IntVector  # (K,)
    occurs: NDArray[np.bool_]  # (K,)

    def macro(self, scores: FloatVector) -> float:
        """Return the plain mean of a score over the classes that occur.

        A class that is neither true nor predicted anywhere has no score, and is
        left out as scikit-learn leaves it out, instead of counting as 0.
        """
        return float(scores[self.occurs].mean()) if self.occurs.any() else 0.0

    def weighted(self, scores: FloatVector) -> float:
        """Return the mean of a score over the photos: each class counts by its support."""
        total = int(self.support.sum())
        return float((scores * self.support).sum() / total) if total else 0.0


def confusion_matrix(y_true: NDArray[np.integer], y_pred: NDArray[np.integer], class_count: int) -> IntVector:
    """Return how many photos of class i are called class j, (K, K): row i true, column j predicted.

    Raises:
        DatasetError: the two differ in length, or hold a class that there is not.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    if true.ndim != 1 or true.shape != predicted.shape:
        raise DatasetError(
            f"Labels and predictions must be one a photo, got {true.shape} labels and {predicted.shape} "
            "predictions. Tag the photos again."
        )
    for name, values in (("label", true), ("prediction", predicted)):
        outside = values[(values < 0) | (values >= class_count)]
        if outside.size:
            raise DatasetError(
                f"There are {class_count} classes, numbered from 0, but a {name} is {int(outside[0])}. "
                "Evaluate with the model that the labels belong to."
            )
    from sklearn import metrics as sklearn_metrics

    return np.asarray(sklearn_metrics.confusion_matrix(true, predicted, labels=range(class_count)), np.int64)


def row_shares(matrix: IntVector) -> NDArray[np.float64]:
    """Return the matrix as shares of the true class, (K, K); a class without photos has zeros.

    Example:
        >>> row_shares(np.array([[3, 1], [0, 0]])).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    return _divide(matrix, matrix.sum(axis=1, keepdims=True))


def class_scores(matrix: IntVector) -> ClassScores:
    """Return precision, recall, F1 and support of every class, as scikit-learn; what is undefined is 0.

    Example:
        >>> class_scores(np.array([[1, 1], [0, 2]])).recall.tolist()
        [0.5, 1.0]
    """
    hits, support, called = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    both = support + called  # F1 is 2PR / (P + R) without its 0/0
    return ClassScores(
        _divide(hits, called), _divide(hits, support), _divide(2 * hits, both), support, both > 0
    )


def macro_f1(matrix: IntVector) -> float:
    """Return the macro F1 of a confusion matrix: what `resampled_interval` asks of a thousand of them."""
    scores = class_scores(matrix)
    return scores.macro(scores.f1)


def weighted_f1(matrix: IntVector) -> float:
    """Return the weighted F1 of a confusion matrix; see `macro_f1`."""
    scores = class_scores(matrix)
    return scores.weighted(scores.f1)


def wilson_interval(successes: int, n: int, *, z: float = Z_95) -> tuple[float, float]:
    """Return the interval that holds the true share, for a share measured on n photos.

    Wilson's score interval (Wilson 1927): unlike the usual plus-minus it stays
    within [0, 1] and is right for few photos and for shares near 0 or 1.

    Args:
        successes: photos that were right, 0 to n.
        n: photos; without any, nothing is known and the interval is (0, 1).
        z: quantile of the normal distribution; 1.96 for 95 %.

    Example:
        >>> [round(bound, 4) for bound in wilson_interval(8, 10)]
        [0.4902, 0.9433]
    """
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the bound is exactly 0 or 1; rounding must not leave the share outside.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def balanced_accuracy_interval(matrix: IntVector) -> tuple[float, float]:
    """Return the 95 % interval of the mean recall of the classes that have photos.

    From Wilson's interval (l, u) of each class's recall r, for the classes' photos are independent:
    the mean less sqrt(sum of (r - l)^2) / K, and the mean plus sqrt(sum of (u - r)^2) / K (the method of
    variance estimates recovery, Zou and Donner 2008, eq. 1). So few photos that are all right are no proof.

    Example:
        >>> [round(bound, 3) for bound in balanced_accuracy_interval(np.diag([5, 5, 5, 5, 5]))]  # not 1 to 1
        [0.806, 1.0]
    """
    pairs = [(int(row[k]), int(row.sum())) for k, row in enumerate(matrix) if row.sum()]
    if not pairs:
        return 0.0, 1.0
    bounds = np.array([(hits / n, *wilson_interval(hits, n)) for hits, n in pairs])
    recalls, low, high = bounds.T
    mean = float(recalls.mean())
    down, up = (
        float(np.sqrt(np.square(gaps).sum())) / len(pairs) for gaps in (recalls - low, high - recalls)
    )
    return max(0.0, mean - down), min(1.0, mean + up)


def resampled_interval(
    matrix: IntVector, score: Callable[[IntVector], float], *, by_class: bool = False
) -> tuple[float, float] | None:
    """Return the 95 % interval of a score that has no formula for one, by drawing the photos anew.

    The percentile bootstrap (Efron 1979) of the confusion matrix. It is too narrow for few photos, and
    without width where every photo is right: then there is none.

    Args:
        matrix: (K, K) counts.
        score: of such a matrix; one that has no photos of a class included.
        by_class: each class counts the same in the score, so that each must have enough photos.

    Returns:
        None for fewer than `FEW_PHOTOS`, of a class that has any or of all, and where all draws agree.
    """
    total = int(matrix.sum())
    support = matrix.sum(axis=1)
    if total < FEW_PHOTOS or (by_class and support[support > 0].min() < FEW_PHOTOS):
        return None
    draws = np.random.default_rng(0).multinomial(total, matrix.reshape(-1) / total, RESAMPLINGS)
    low, high = np.quantile([score(draw.reshape(matrix.shape)) for draw in draws], [0.025, 0.975])
    return (float(low), float(high)) if low < high else None


def log_loss(y_true: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """Return the mean of -ln(probability of the true class), by scikit-learn; lower is better.

    Probabilities are clipped to [eps, 1 - eps], where eps is the machine
    precision of their own type (1.2e-7 for float32): one certain error so costs
    15.9 and not infinity.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K); rows that sum to 1 but for rounding are made to.

    Returns:
        0 for no photos.
    """
    if not len(y_true):
        return 0.0
    from sklearn import metrics as sklearn_metrics

    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    return float(sklearn_metrics.log_loss(y_true, shares, labels=range(probabilities.shape[1])))


def log_loss_interval(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> tuple[float, float]:
    """Return the 95 % interval of the log loss, 1.96 standard errors of its mean each way, not below 0.

    Returns:
        (0, inf) for fewer than two photos: nothing is known of their spread.
    """
    if len(y_true) < 2:
        return 0.0, math.inf
    precision = float(np.finfo(probabilities.dtype).eps)  # clipped as in `log_loss`
    of_truth = probabilities[np.arange(len(y_true)), np.asarray(y_true)].astype(np.float64)
    losses = -np.log(np.clip(of_truth, precision, 1 - precision))
    mean, half = float(losses.mean()), Z_95 * float(losses.std(ddof=1)) / math.sqrt(len(losses))
    return max(0.0, mean - half), mean + half


def expected_calibration_error(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating], *, bins: int = CALIBRATION_BINS
) -> float:
    """Return how far confidence is from being the share of right answers, in [0, 1]; 0 is best.

    Photos are put into bins of equal width by the confidence of their predicted
    class, ((m - 1) / M, m / M]; the gaps between mean confidence and accuracy
    are averaged by the bins' counts (Guo et al. 2017, eq. 3).

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K), rows sum to 1.
        bins: how many.
    """
    n = len(y_true)
    if not n:
        return 0.0
    confidence, right, bin_of = confidence_bins(y_true, probabilities, bins)
    # per bin: n_m / n * |accuracy_m - confidence_m| = |sum of (right - confidence)| / n
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / n)


def confidence_bins(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating], bins: int
) -> tuple[FloatVector, NDArray[np.bool_], IntVector]:
    """Return each photo's confidence, whether it is right, and its bin; see `expected_calibration_error`."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    return confidence, probabilities.argmax(axis=1) == np.asarray(y_true), bin_of


def _divide(numerator: NDArray[np.integer], denominator: NDArray[np.integer]) -> FloatVector:
    result = np.zeros(numerator.shape)
    np.divide(numerator, denominator, out=result, where=denominator > 0)
    return result
