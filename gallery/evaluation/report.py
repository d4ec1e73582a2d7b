"""The report: what a model reached on labelled photos, and which photos are behind each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation import metrics
from gallery.words import interval, percent

if TYPE_CHECKING:
    import pandas as pd

SUM_TOLERANCE = 1e-3
"""Rows of probabilities may miss 1 by this much: float32 rounding, and nothing else."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix; None stands for all classes, so a cell may be a row or a column."""

    true: int | None
    predicted: int | None

    def sentence(self, class_names: Sequence[str]) -> str:
        """Return what the cell's photos are, in words.

        Example:
            >>> Cell(0, 1).sentence(["dog", "cat"])
            'true Dog, predicted Cat'
            >>> Cell(None, 1).sentence(["dog", "cat"])
            'predicted Cat'
        """
        true, predicted = (
            None if k is None else class_names[k].replace("_", " ").capitalize()
            for k in (self.true, self.predicted)
        )
        if true is not None and true == predicted:
            return f"true {true}, correct"
        parts = [f"true {true}"] * (true is not None) + [f"predicted {predicted}"] * (predicted is not None)
        return ", ".join(parts) or "all photos"

    def title(self, class_names: Sequence[str]) -> str:
        """Return the sentence with a capital first."""
        text = self.sentence(class_names)
        return text[0].upper() + text[1:]


ALL_PHOTOS = Cell(None, None)


@dataclass(frozen=True)
class EvaluationReport:
    """Labels and probabilities of n photos, and every score that follows from them.

    Photos are meant by their row 0 .. n - 1, so each number can open its photos.

    Attributes:
        model_id: whose predictions these are.
        class_names: K names in the order of the columns.
        y_true: (n,) int64 class indices.
        probabilities: (n, K) float.
    """

    model_id: str
    class_names: tuple[str, ...]
    y_true: metrics.IntVector = field(repr=False)
    probabilities: NDArray[np.floating] = field(repr=False)

    @classmethod
    def from_predictions(
        cls,
        y_true: NDArray[np.integer],
        probabilities: NDArray[np.floating],
        class_names: tuple[str, ...],
        model_id: str,
    ) -> Self:
        """Return the report on some photos.

        Raises:
            DatasetError: there are no photos, the shapes do not fit, a label is
                no class, or a row does not hold probabilities.
        """
        y_true, probabilities = np.asarray(y_true), np.asarray(probabilities)
        if probabilities.dtype.kind != "f":
            probabilities = probabilities.astype(np.float64)
        if not len(y_true):
            raise DatasetError(
                "There are no labelled photos to evaluate. Open a folder with a sub-folder a class."
            )
        if probabilities.shape != (len(y_true), len(class_names)):
            raise DatasetError(
                f"{len(y_true)} labels and {len(class_names)} classes need probabilities of shape "
                f"{(len(y_true), len(class_names))}, got {probabilities.shape}. Tag the photos again."
            )
        sums = probabilities.sum(axis=1, dtype=np.float64)
        if not (np.abs(sums - 1) <= SUM_TOLERANCE).all() or (probabilities < 0).any():
            raise DatasetError(f"The probabilities of {model_id} do not sum to 1. Tag the photos again.")
        report = cls(model_id, tuple(class_names), y_true.astype(np.int64), probabilities)
        _ = report.confusion_matrix  # refuses labels that are no class
        return report

    @property
    def n(self) -> int:
        return len(self.y_true)

    @cached_property
    def y_pred(self) -> metrics.IntVector:
        """(n,) the class of highest probability."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """(n,) the probability of the predicted class."""
        return np.asarray(self.probabilities.max(axis=1), np.float64)

    @cached_property
    def confusion_matrix(self) -> metrics.IntVector:
        """(K, K) counts; row i is the true class, column j the predicted one."""
        return metrics.confusion_matrix(self.y_true, self.y_pred, len(self.class_names))

    @property
    def row_shares(self) -> NDArray[np.float64]:
        """(K, K) the counts as shares of the true class; zeros for a class without photos."""
        return metrics.row_shares(self.confusion_matrix)

    @cached_property
    def scores(self) -> metrics.ClassScores:
        return metrics.class_scores(self.confusion_matrix)

    @property
    def accuracy(self) -> float:
        return int(np.trace(self.confusion_matrix)) / self.n

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return metrics.wilson_interval(int(np.trace(self.confusion_matrix)), self.n)

    def recall_interval(self, class_index: int) -> tuple[float, float]:
        """Return Wilson's 95 % interval of one class's recall."""
        row = self.confusion_matrix[class_index]
        return metrics.wilson_interval(int(row[class_index]), int(row.sum()))

    @cached_property
    def loss(self) -> float:
        """Mean cross-entropy in nats; see `metrics.log_loss`."""
        return metrics.log_loss(self.y_true, self.probabilities)

    @cached_property
    def loss_interval(self) -> tuple[float, float]:
        """95 % interval of the loss: the mean of n terms is nearly normal (1.96 standard errors each way)."""
        return metrics.log_loss_interval(self.y_true, self.probabilities)

    @property
    def macro_f1(self) -> float:
        return self.scores.macro(self.scores.f1)

    @property
    def weighted_f1(self) -> float:
        return self.scores.weighted(self.scores.f1)

    @cached_property
    def macro_f1_interval(self) -> tuple[float, float] | None:
        """95 % interval of the macro F1, by drawing the photos anew; see `metrics.resampled_interval`."""
        return metrics.resampled_interval(self.confusion_matrix, metrics.macro_f1, by_class=True)

    @cached_property
    def weighted_f1_interval(self) -> tuple[float, float] | None:
        """95 % interval of the weighted F1, by drawing the photos anew; see `metrics.resampled_interval`."""
        return metrics.resampled_interval(self.confusion_matrix, metrics.weighted_f1)

    @cached_property
    def calibration_error(self) -> float:
        """Expected calibration error over 15 bins."""
        return metrics.expected_calibration_error(self.y_true, self.probabilities)

    def cell(self, true: int | None, predicted: int | None) -> metrics.IntVector:
        """Return the rows of a cell's photos, worst first.

        The worst are errors of high confidence; after the errors come right
        answers, the least confident first. Ties keep the order of the rows.

        Args:
            true: row of the matrix; None for all rows.
            predicted: column of the matrix; None for all columns.
        """
        chosen = np.ones(self.n, dtype=np.bool_)
        if true is not None:
            chosen &= self.y_true == true
        if predicted is not None:
            chosen &= self.y_pred == predicted
        return self.worst_first(np.flatnonzero(chosen))

    def wrong_in(self, cell: Cell) -> metrics.IntVector:
        """Return the rows of a cell, a row, a column or the whole matrix that are errors, worst first."""
        rows = self.cell(cell.true, cell.predicted)
        return np.asarray(rows[self.y_true[rows] != self.y_pred[rows]], np.int64)

    def worst_cell(self) -> Cell:
        """Return the error with most photos; all photos where there is no error."""
        errors = self.confusion_matrix.copy()
        np.fill_diagonal(errors, 0)
        if not errors.any():
            return ALL_PHOTOS
        true, predicted = np.unravel_index(int(errors.argmax()), errors.shape)
        return Cell(int(true), int(predicted))

    def correct(self) -> metrics.IntVector:
        """Return the rows of the right answers, the least confident first."""
        return self.worst_first(np.flatnonzero(self.y_true == self.y_pred))

    def incorrect(self) -> metrics.IntVector:
        """Return the rows of the errors, the most confident first."""
        return self.worst_first(np.flatnonzero(self.y_true != self.y_pred))

    def worst_first(self, rows: NDArray[np.integer]) -> metrics.IntVector:
        """Return rows in the order of `cell`: sure errors, unsure ones, then the right, the surest last."""
        wrong = self.y_true[rows] != self.y_pred[rows]
        badness = np.where(wrong, self.confidence[rows], -self.confidence[rows])
        return rows[np.argsort(-badness, kind="stable")].astype(np.int64)

    def surest_first(self, rows: NDArray[np.integer]) -> metrics.IntVector:
        """Return rows by the confidence of the predicted class, the highest first."""
        return rows[np.argsort(-self.confidence[rows], kind="stable")].astype(np.int64)

    @property
    def absent_but_predicted(self) -> int:
        """How many classes without photos were predicted: each lowers the macro F1 as a zero."""
        matrix = self.confusion_matrix
        return int(((matrix.sum(axis=1) == 0) & (matrix.sum(axis=0) > 0)).sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and lists, as ``evaluate --json`` prints them."""
        scores = self.scores
        return {
            "model_id": self.model_id,
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.accuracy_interval),
            "loss": self.loss,
            "macro_f1": self.macro_f1,
            "class_names": list(self.class_names),
            "confusion_matrix": self.confusion_matrix.tolist(),
            "per_class": {
                name: {
                    "precision": float(scores.precision[k]),
                    "recall": float(scores.recall[k]),
                    "f1": float(scores.f1[k]),
                    "support": int(scores.support[k]),
                }
                for k, name in enumerate(self.class_names)
            },
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the classification report as a table, laid out as scikit-learn's.

        One row a class, then accuracy (in the f1-score column, as printed by
        scikit-learn), macro avg and weighted avg; columns precision, recall,
        f1-score, support.
        """
        import pandas as pd

        rows = self._rows()
        return pd.DataFrame.from_dict(
            rows, orient="index", columns=["precision", "recall", "f1-score", "support"]
        ).astype({"support": "int64"})

    def _rows(self) -> dict[str, list[float]]:
        scores = self.scores
        columns = (scores.precision, scores.recall, scores.f1)
        rows = {
            name: [*(float(column[k]) for column in columns), int(scores.support[k])]
            for k, name in enumerate(self.class_names)
        }
        rows["accuracy"] = [float("nan"), float("nan"), self.accuracy, self.n]
        rows["macro avg"] = [*(scores.macro(column) for column in columns), self.n]
        rows["weighted avg"] = [*(scores.weighted(column) for column in columns), self.n]
        return rows

    def __str__(self) -> str:
        """Return the report as text that a terminal can show."""
        low, high = self.accuracy_interval
        width = max(len(name) for name in [*self.class_names, "weighted avg"])
        lines = [
            f"{self.model_id} on {self.n:,} photos: accuracy {percent(self.accuracy)} (95 % CI "
            f"{interval((low, high))}), loss {self.loss:.3f}, macro F1 {self.macro_f1:.3f}",
            "",
            f"{'':{width}}  precision  recall  f1-score  support",
        ]
        for name, (precision, recall, f1, support) in self._rows().items():
            if name == "accuracy":
                lines += ["", f"{name:{width}}  {'':9}  {'':6}  {f1:8.3f}  {support:7,}"]
            else:
                lines.append(f"{name:{width}}  {precision:9.3f}  {recall:6.3f}  {f1:8.3f}  {support:7,}")
        lines += ["", "Confusion matrix: rows are true classes, columns predicted classes"]
        short = [name[:5] for name in self.class_names]
        lines.append(f"{'':{width}}  " + " ".join(f"{name:>5}" for name in short))
        for name, row in zip(self.class_names, self.confusion_matrix, strict=True):
            lines.append(f"{name:{width}}  " + " ".join(f"{count or '.':>5}" for count in row.tolist()))
        return "\n".join(lines)
