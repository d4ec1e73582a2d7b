"""Two models on the same photos: who is right where, and whether the difference is more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.metrics import Z_95, IntVector, confusion_matrix, wilson_interval
from gallery.evaluation.report import EvaluationReport
from gallery.words import percent


def mcnemar_p_value(only_a: int, only_b: int) -> float:
    """Return how probable so uneven a split is if both models are equally good; exact, two-sided.

    Photos on which both are right or both wrong say nothing. Of the others,
    equally good models win each with chance 1/2, so the count is binomial
    (McNemar 1947, in its exact form).

    Args:
        only_a: photos that only model A classified correctly.
        only_b: photos that only model B classified correctly.

    Example:
        >>> round(mcnemar_p_value(1, 5), 12)  # 2 * (1 + 6) / 2^6
        0.21875
    """
    from scipy import stats

    if only_a == only_b:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b).pvalue)


def paired_difference_interval(only_a: int, only_b: int, n: int, *, z: float = Z_95) -> tuple[float, float]:
    """Return the interval that holds the true difference of two shares measured on the same n photos.

    Wald's interval after one photo is added to each kind of disagreement, which
    keeps its coverage also for few photos (Bonett and Price 2012, eq. 3).

    Args:
        only_a: photos that only model A classified correctly.
        only_b: photos that only model B classified correctly.
        n: all photos.
        z: quantile of the normal distribution; 1.96 for 95 %.

    Returns:
        Bounds of accuracy B less accuracy A, within [-1, 1].

    Example:
        >>> [round(bound, 3) for bound in paired_difference_interval(1, 2, 6)]
        [-0.416, 0.666]
    """
    of_a, of_b = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    half = z * math.sqrt((of_a + of_b - (of_b - of_a) ** 2) / (n + 2))
    return max(-1.0, of_b - of_a - half), min(1.0, of_b - of_a + half)


@dataclass(frozen=True, slots=True)
class ClassChange:
    """How two models do on the photos of one class.

    Attributes:
        class_index: the class.
        n: its photos.
        right_a: how many of them A classifies correctly.
        right_b: how many B does.
        only_a: right with A, wrong with B.
        only_b: right with B, wrong with A.
    """

    class_index: int
    n: int
    right_a: int
    right_b: int
    only_a: int
    only_b: int

    @property
    def difference(self) -> float:
        """B's recall less A's."""
        return (self.right_b - self.right_a) / self.n

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test on the class's photos."""
        return mcnemar_p_value(self.only_a, self.only_b)


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """What two models said of the same n labelled photos.

    Attributes:
        model_a: the first model's id.
        model_b: the second's.
        class_names: the classes of both, those of A first.
        y_true: (n,) class indices.
        said_a: (n,) what A says.
        said_b: (n,) what B says.
    """

    model_a: str
    model_b: str
    class_names: tuple[str, ...]
    y_true: IntVector = field(repr=False)
    said_a: IntVector = field(repr=False)
    said_b: IntVector = field(repr=False)

    def __post_init__(self) -> None:
        if not len(self.y_true):
            raise DatasetError(_nothing_in_common(self.model_a, self.model_b))
        for said in (self.said_a, self.said_b):
            confusion_matrix(self.y_true, said, len(self.class_names))  # refuses what does not fit

    @classmethod
    def of_reports(cls, a: EvaluationReport, b: EvaluationReport) -> ModelComparison:
        """Return the comparison of two reports on the same photos in the same order.

        The models' classes may differ in order, and one may know more of them.

        Raises:
            DatasetError: the reports differ in their labels.
        """
        names = (*a.class_names, *(name for name in b.class_names if name not in a.class_names))
        truth_a, truth_b = _as_of(names, a, a.y_true), _as_of(names, b, b.y_true)
        if truth_a.shape != truth_b.shape or (truth_a != truth_b).any():
            raise DatasetError(
                f"The reports of {a.model_id} ({a.n:,} photos) and {b.model_id} ({b.n:,} photos) are not on "
                "the same labelled photos. Evaluate the same folder with both."
            )
        return cls(
            a.model_id, b.model_id, names, truth_a, _as_of(names, a, a.y_pred), _as_of(names, b, b.y_pred)
        )

    @property
    def n(self) -> int:
        """Photos."""
        return len(self.y_true)

    @property
    def accuracy_a(self) -> float:
        """The share that A classifies correctly."""
        return float((self.said_a == self.y_true).mean())

    @property
    def accuracy_b(self) -> float:
        """The share that B classifies correctly."""
        return float((self.said_b == self.y_true).mean())

    @property
    def interval_a(self) -> tuple[float, float]:
        """Wilson's 95 % interval of A's accuracy."""
        return wilson_interval(int((self.said_a == self.y_true).sum()), self.n)

    @property
    def interval_b(self) -> tuple[float, float]:
        """Wilson's 95 % interval of B's accuracy."""
        return wilson_interval(int((self.said_b == self.y_true).sum()), self.n)

    @property
    def difference(self) -> float:
        """B's accuracy less A's."""
        return self.accuracy_b - self.accuracy_a

    @property
    def difference_interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference; see `paired_difference_interval`."""
        return paired_difference_interval(len(self.rows(True, False)), len(self.rows(False, True)), self.n)

    def class_changes(self) -> tuple[ClassChange, ...]:
        """Return how each class that has photos fares, those that change most first."""
        right_a, right_b = self.said_a == self.y_true, self.said_b == self.y_true
        found = []
        for k in range(len(self.class_names)):
            of_class = self.y_true == k
            if of_class.any():
                a, b = right_a[of_class], right_b[of_class]
                counts = (int(part.sum()) for part in (a, b, a & ~b, b & ~a))
                found.append(ClassChange(k, int(of_class.sum()), *counts))
        return tuple(sorted(found, key=lambda change: (-abs(change.difference), change.class_index)))

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test; see `mcnemar_p_value`."""
        return mcnemar_p_value(len(self.rows(True, False)), len(self.rows(False, True)))

    @property
    def chance(self) -> str:
        """What the p-value says of the difference, in words."""
        if self.p_value < 0.05:
            return "the difference is more than chance"
        return "the difference may be chance; more photos would tell"

    @property
    def agreement(self) -> IntVector:
        """(K, K) counts: row i is what A says, column j what B says, whatever is true."""
        return confusion_matrix(self.said_a, self.said_b, len(self.class_names))

    def rows(self, a_right: bool, b_right: bool) -> IntVector:
        """Return the photos on which A and B are right or wrong as given, in their order."""
        chosen = ((self.said_a == self.y_true) == a_right) & ((self.said_b == self.y_true) == b_right)
        return np.flatnonzero(chosen).astype(np.int64)

    def one_right(self, class_index: int) -> IntVector:
        """Return the photos of a class on which exactly one model is right."""
        split = (self.said_a == self.y_true) != (self.said_b == self.y_true)
        return np.flatnonzero(split & (self.y_true == class_index)).astype(np.int64)

    def differing(self) -> IntVector:
        """Return the photos that the models call different classes, right or not."""
        return np.flatnonzero(self.said_a != self.said_b).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and lists, as ``compare --json`` prints them."""
        return {
            "accuracy_a": self.accuracy_a,
            "accuracy_b": self.accuracy_b,
            "both_right": len(self.rows(True, True)),
            "only_a": len(self.rows(True, False)),
            "only_b": len(self.rows(False, True)),
            "both_wrong": len(self.rows(False, False)),
            "p_value": self.p_value,
            "model_a": self.model_a,
            "model_b": self.model_b,
            "n": self.n,
            "class_names": list(self.class_names),
            "agreement": self.agreement.tolist(),
        }

    def __str__(self) -> str:
        """Return the comparison as text that a terminal can show."""
        data = self.to_json()
        width = max(len(self.model_a), len(self.model_b), len("both wrong")) + 5
        lines = [
            f"{self.n:,} photos named by both models",
            "",
            *(
                f"{label:{width}}  {count:7,}"
                for label, count in (
                    ("both right", data["both_right"]),
                    (f"only {self.model_a}", data["only_a"]),
                    (f"only {self.model_b}", data["only_b"]),
                    ("both wrong", data["both_wrong"]),
                )
            ),
            "",
            f"Accuracy {percent(self.accuracy_a)} ({self.model_a}) and {percent(self.accuracy_b)} "
            f"({self.model_b}), p = {self.p_value:.2g} (McNemar, exact): {self.chance}.",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationPair:
    """Two models' evaluations of the photos that both have tagged; row r of each part is the same photo.

    Attributes:
        comparison: who is right where.
        a: the first model's evaluation of these photos.
        b: the second's.
        rows: (n,) rows of the first model's whole evaluation, in their order.
    """

    comparison: ModelComparison
    a: Evaluation
    b: Evaluation
    rows: IntVector = field(repr=False)

    @classmethod
    def of(cls, a: Evaluation, b: Evaluation) -> EvaluationPair:
        """Return two evaluations of one folder, on the photos that are in both.

        Raises:
            DatasetError: there are none, or a photo has another label for B.
        """
        _, in_a, in_b = np.intersect1d(a.file_ids, b.file_ids, return_indices=True)
        if not len(in_a):
            raise DatasetError(_nothing_in_common(a.report.model_id, b.report.model_id))
        order = np.argsort(in_a)
        rows = in_a[order].astype(np.int64)
        first, second = a.only(rows), b.only(in_b[order])
        return cls(ModelComparison.of_reports(first.report, second.report), first, second, rows)


def _nothing_in_common(model_a: str, model_b: str) -> str:
    return f"{model_a} and {model_b} have no labelled photo in common. Tag the folder with both."


def _as_of(names: Sequence[str], report: EvaluationReport, indices: NDArray[np.int64]) -> IntVector:
    """Return class indices of a report as indices into other names."""
    place = np.array([names.index(name) for name in report.class_names], np.int64)
    return np.asarray(place[indices], np.int64)
