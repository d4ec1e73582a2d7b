"""What people say of a model's errors, and the scores before and after; the folder is never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gallery.errors import DatasetError
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.report import EvaluationReport
from gallery.types import display_path


class Verdict(StrEnum):
    """What a person says where label and model differ; the value is what people read."""

    MODEL_WRONG = "model wrong"
    LABEL_WRONG = "label wrong"  # the model's class is the right one
    BOTH_IN_IT = "both animals in it"  # naming either is right
    CANNOT_TELL = "cannot tell"  # left out of every score


@dataclass(frozen=True)
class JudgedReport:
    """A report before and after people's verdicts.

    Attributes:
        before: as the labels say.
        after: as the verdicts say; its row r is row ``rows[r]`` of before.
        rows: the rows that are still scored.
        verdicts: by row of before.
    """

    before: EvaluationReport
    after: EvaluationReport
    rows: IntVector = field(repr=False)
    verdicts: Mapping[int, Verdict]

    @cached_property
    def counts(self) -> dict[Verdict, int]:
        """How often each verdict was given."""
        given = list(self.verdicts.values())
        return {verdict: given.count(verdict) for verdict in Verdict}

    @property
    def changes(self) -> IntVector:
        """(K, K) the matrix after, less the matrix before."""
        return self.after.confusion_matrix - self.before.confusion_matrix

    def to_rows(self, paths: Sequence[Path]) -> list[dict[str, str]]:
        """Return one row a verdict for a table: path, label, predicted, verdict; in the report's order.

        Args:
            paths: n of them, where the photos of the report lie.
        """
        names = self.before.class_names
        return [
            {
                "path": display_path(paths[row]),
                "label": names[int(self.before.y_true[row])],
                "predicted": names[int(self.before.y_pred[row])],
                "verdict": str(self.verdicts[row]),
            }
            for row in sorted(self.verdicts)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and lists."""
        return {
            "verdicts": {str(verdict): count for verdict, count in self.counts.items()},
            "n_before": self.before.n,
            "n_after": self.after.n,
            "accuracy_before": self.before.accuracy,
            "accuracy_after": self.after.accuracy,
            "interval_before": list(self.before.accuracy_interval),
            "interval_after": list(self.after.accuracy_interval),
            "confusion_matrix_before": self.before.confusion_matrix.tolist(),
            "confusion_matrix_after": self.after.confusion_matrix.tolist(),
        }


def judged(report: EvaluationReport, verdicts: Mapping[int, Verdict]) -> JudgedReport:
    """Return a report with people's verdicts taken into account.

    Where the label is wrong, or both animals are in the photo, the model's class
    becomes the true one. Photos of which a person cannot tell are left out.

    Args:
        report: as the labels say.
        verdicts: by row; only of rows where label and model differ.

    Raises:
        DatasetError: a verdict is of a row that there is not, or where label and
            model agree; or nothing is left to score.
    """
    y_true, scored = report.y_true.copy(), np.ones(report.n, np.bool_)
    for row, verdict in verdicts.items():
        if not 0 <= row < report.n or report.y_true[row] == report.y_pred[row]:
            raise DatasetError(
                f"A verdict ({verdict}) is of photo {row}, which is no error of {report.model_id} among "
                f"these {report.n:,} photos. Evaluate the folder again, and judge it anew."
            )
        if verdict in {Verdict.LABEL_WRONG, Verdict.BOTH_IN_IT}:
            y_true[row] = report.y_pred[row]
        elif verdict is Verdict.CANNOT_TELL:
            scored[row] = False
    rows = np.flatnonzero(scored).astype(np.int64)
    if not len(rows):
        raise DatasetError(
            "Of every photo it was said that nobody can tell, so there is nothing left to score. Take a "
            "verdict back, or evaluate more photos."
        )
    after = EvaluationReport.from_predictions(
        y_true[rows], report.probabilities[rows], report.class_names, report.model_id
    )
    return JudgedReport(report, after, rows, dict(verdicts))
