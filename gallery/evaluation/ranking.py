"""How well probabilities rank: second choices, and precision-recall and ROC curves by scikit-learn.

A class's curve asks of each threshold: of the photos whose probability for the
class is at least that, how many are of it? Every point so has its photos.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation.metrics import FloatVector, IntVector
from gallery.settings import FEW_PHOTOS

AREA_RESAMPLINGS = 400
"""Draws for the interval of an area."""

ROUND_THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)


@dataclass(frozen=True)
class ClassCurves:
    """One class against all others: a point for each different probability, the highest first.

    Photos of equal probability pass a threshold together, so the curves do not
    depend on the order of the photos.

    Attributes:
        class_name: the class.
        positives: photos that are of it.
        negatives: photos that are not.
        thresholds: (m,) falling; a point counts the photos with at least this probability.
        true_positives: (m,) of them, those that are of the class.
        false_positives: (m,) of them, those that are not.
        average_precision: precision averaged over the recall it is reached at, as steps; None for a class
            without photos.
        auc: chance that a photo of the class gets a higher probability for it than another photo, ties half:
            the area under the ROC curve; None without photos of the class, or of any other.
    """

    class_name: str
    positives: int
    negatives: int
    thresholds: FloatVector = field(repr=False)
    true_positives: IntVector = field(repr=False)
    false_positives: IntVector = field(repr=False)
    average_precision: float | None = None
    auc: float | None = None

    @property
    def precision(self) -> FloatVector:
        """(m,) of the photos past the threshold, the share that is of the class."""
        return self.true_positives / (self.true_positives + self.false_positives)

    @property
    def recall(self) -> FloatVector:
        """(m,) of the class's photos, the share past the threshold; also the true positive rate."""
        return self.true_positives / max(self.positives, 1)

    @property
    def false_positive_rate(self) -> FloatVector:
        """(m,) of the other photos, the share past the threshold."""
        return self.false_positives / max(self.negatives, 1)

    def thinned(self, points: int) -> ClassCurves:
        """Return the curves with at most so many points, spread along the drawn lines; the areas stay."""
        if len(self.thresholds) <= points:
            return self
        steps = [np.abs(np.diff(line)) for line in (self.recall, self.precision, self.false_positive_rate)]
        along = np.concatenate([[0.0], np.cumsum(np.sum(steps, axis=0))])
        kept = np.unique(np.searchsorted(along, np.linspace(0.0, along[-1], points - 1)))
        kept = np.union1d(kept, [len(along) - 1]).astype(np.int64)
        return replace(
            self,
            thresholds=self.thresholds[kept],
            true_positives=self.true_positives[kept],
            false_positives=self.false_positives[kept],
        )

    def at_round_thresholds(self) -> list[tuple[float, int]]:
        """Return some round thresholds for a table, each with its place in the arrays."""
        passed = [int(np.count_nonzero(self.thresholds >= threshold)) for threshold in ROUND_THRESHOLDS]
        return [(t, count - 1) for t, count in zip(ROUND_THRESHOLDS, passed, strict=True) if count]


def class_curves(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating], class_names: tuple[str, ...]
) -> tuple[ClassCurves, ...]:
    """Return the curves of every class against the others, in the order of the names.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K).
        class_names: K names.

    Raises:
        DatasetError: there are no photos, or the shapes do not fit.
    """
    y_true = np.asarray(y_true)
    if not len(y_true) or probabilities.shape != (len(y_true), len(class_names)):
        raise DatasetError(
            f"Curves need a row of {len(class_names)} probabilities for each photo, got "
            f"{probabilities.shape} for {len(y_true)} labels. Evaluate a folder with labelled photos."
        )
    return tuple(
        _curves(name, y_true == k, np.asarray(probabilities[:, k], np.float64))
        for k, name in enumerate(class_names)
    )


def area_intervals(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating], class_index: int
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the 95 % intervals of a class's average precision and AUC, by drawing the photos anew.

    The percentile bootstrap (Efron 1979), always with the same draws. It is too narrow where the class
    has few photos, and without width where the class is told apart from all others: then there is none.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K).
        class_index: of the class.

    Returns:
        None with fewer than `FEW_PHOTOS` of the class, or of all others, and where all draws agree.
    """
    of_class = np.asarray(y_true) == class_index
    if min(of_class.sum(), (~of_class).sum()) < FEW_PHOTOS:
        return None
    score = np.asarray(probabilities[:, class_index], np.float64)
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    of_class, n = of_class[order], len(order)
    rng = np.random.default_rng(0)
    areas = []
    for _ in range(AREA_RESAMPLINGS):
        weight = np.bincount(rng.integers(0, n, n), minlength=n)
        right = np.cumsum(weight * of_class)[last]
        false = np.cumsum(weight * ~of_class)[last]
        if right[-1] and false[-1]:
            precision = right / np.maximum(right + false, 1)
            recall, false = right / right[-1], false / false[-1]
            rises = np.diff(recall, prepend=0.0)
            auc = np.sum(np.diff(false, prepend=0.0) * (recall - rises / 2))
            areas.append((float(np.sum(rises * precision)), float(auc)))
    low, high = np.quantile(areas, [0.025, 0.975], axis=0).tolist()
    if not (low[0] < high[0] and low[1] < high[1]):
        return None
    return (low[0], high[0]), (low[1], high[1])


def past_threshold(probabilities: NDArray[np.floating], class_index: int, threshold: float) -> IntVector:
    """Return the rows behind a point of a class's curves, the highest probability first."""
    of_class = np.asarray(probabilities[:, class_index], np.float64)
    rows = np.flatnonzero(of_class >= threshold)
    return rows[np.argsort(-of_class[rows], kind="stable")].astype(np.int64)


def ranks_of_truth(y_true: NDArray[np.integer], probabilities: NDArray[np.floating]) -> IntVector:
    """Return how many classes the model puts before the true one, (n,): 0 where it is right.

    Of equal probabilities the earlier class comes first.
    """
    y_true = np.asarray(y_true)
    of_truth = probabilities[np.arange(len(y_true)), y_true][:, None]
    earlier = np.arange(probabilities.shape[1]) < y_true[:, None]
    ahead = (probabilities > of_truth) | ((probabilities == of_truth) & earlier)
    return np.asarray(ahead.sum(axis=1), np.int64)


def _curves(name: str, of_class: NDArray[np.bool_], score: FloatVector) -> ClassCurves:
    from sklearn import metrics as sklearn_metrics

    _, false, _, right, thresholds = sklearn_metrics.confusion_matrix_at_thresholds(
        of_class, score, pos_label=True
    )
    positives = int(of_class.sum())
    negatives = len(score) - positives
    both = positives and negatives
    return ClassCurves(
        class_name=name,
        positives=positives,
        negatives=negatives,
        thresholds=thresholds,
        true_positives=np.asarray(right, np.int64),
        false_positives=np.asarray(false, np.int64),
        average_precision=(
            float(sklearn_metrics.average_precision_score(of_class, score)) if positives else None
        ),
        auc=float(sklearn_metrics.roc_auc_score(of_class, score)) if both else None,
    )
