"""What people say of a model's errors, and the scores before and after; the folder is never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gallery.errors import DatasetError
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.report import Cell, EvaluationReport
from gallery.types import GivenVerdict, PhotoId, Verdict

SEMANTICS = (
    "After the verdicts, “label wrong” counts the photo under the class that you chose, “both animals in it” "
    "counts either of the two as right, “cannot tell” leaves the photo out, and “model wrong” changes "
    "nothing: it confirms the label. Verdicts on errors alone can only raise the score."
)
"""What the four verdicts do to the scores, in the words of the page."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one row of a report.

    Attributes:
        verdict: what was said.
        other: class index: right instead of the label, or beside it; None where it is
            none of the report's classes.
    """

    verdict: Verdict
    other: int | None = None


@dataclass(frozen=True)
class JudgedReport:
    """A report before and after people's verdicts.

    Attributes:
        before: as the labels say.
        after: as the verdicts say; its row r is row ``rows[r]`` of before.
        rows: the rows that are still scored.
        judgements: by row of before.
    """

    before: EvaluationReport
    after: EvaluationReport
    rows: IntVector = field(repr=False)
    judgements: Mapping[int, Judgement]

    @cached_property
    def counts(self) -> dict[Verdict, int]:
        """How often each verdict was given."""
        given = [judgement.verdict for judgement in self.judgements.values()]
        return {verdict: given.count(verdict) for verdict in Verdict}

    @property
    def right_judged(self) -> int:
        """How many of the judged photos the model had named as their label says."""
        rows = np.fromiter(self.judgements, np.int64, len(self.judgements))
        return int((self.before.y_true[rows] == self.before.y_pred[rows]).sum())

    @property
    def caution(self) -> str:
        """Why the score after the verdicts is optimistic; nothing where there are no verdicts."""
        if not self.judgements:
            return ""
        right = int((self.before.y_true == self.before.y_pred).sum())
        looked_at = (
            f"none of the {right:,} right ones was judged"
            if not self.right_judged
            else f"only {self.right_judged:,} of the {right:,} right ones were judged"
            if self.right_judged < right
            else ""
        )
        if not looked_at:
            return ""
        return (
            f"The score after the verdicts is an upper bound: of the model's answers {looked_at}, and labels "
            "that are wrong in the way that the model is wrong stay. Quote both scores."
        )

    @property
    def moved(self) -> IntVector:
        """Rows of before whose true class is another one after."""
        return np.asarray(self.rows[self.after.y_true != self.before.y_true[self.rows]], np.int64)

    @property
    def left_out(self) -> IntVector:
        """Rows of before that are not scored after."""
        return np.setdiff1d(np.arange(self.before.n, dtype=np.int64), self.rows)

    def changed_cells(self) -> list[tuple[Cell, int, int]]:
        """Return the cells that changed with their counts before and after, the most changed first."""
        before, after = self.before.confusion_matrix, self.after.confusion_matrix
        places = [(int(i), int(j)) for i, j in np.argwhere(before != after)]
        places.sort(key=lambda place: (-abs(int(after[place] - before[place])), place))
        return [(Cell(*place), int(before[place]), int(after[place])) for place in places]

    def true_after(self, rows: IntVector) -> IntVector:
        """Return the true classes after the verdicts of rows of before that are still scored."""
        return np.asarray(self.after.y_true[self.rows.searchsorted(rows)], np.int64)

    def cell(self, cell: Cell, *, after: bool) -> tuple[IntVector, IntVector]:
        """Return the photos of a cell before or after the verdicts: rows of before, and true classes."""
        report = self.after if after else self.before
        inside = report.cell(cell.true, cell.predicted)
        return np.asarray(self.rows[inside] if after else inside, np.int64), report.y_true[inside]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and lists."""
        return {
            "verdicts": {str(verdict): count for verdict, count in self.counts.items()},
            "n_before": self.before.n,
            "n_after": self.after.n,
            "moved": len(self.moved),
            "left_out": len(self.left_out),
            "right_answers_judged": self.right_judged,
            "caution": self.caution,
            "accuracy_before": self.before.accuracy,
            "accuracy_after": self.after.accuracy,
            "interval_before": list(self.before.accuracy_interval),
            "interval_after": list(self.after.accuracy_interval),
            "confusion_matrix_before": self.before.confusion_matrix.tolist(),
            "confusion_matrix_after": self.after.confusion_matrix.tolist(),
        }


def judgements_of(
    report: EvaluationReport,
    photo_ids: Sequence[PhotoId],
    given: Mapping[tuple[PhotoId, str], GivenVerdict],
) -> dict[int, Judgement]:
    """Return the verdicts that are on the labels of a report, by row.

    A verdict is of a photo and the label that was judged: on the same photo
    under another label it says nothing. It holds for every model.

    Args:
        report: of n photos.
        photo_ids: n of them.
        given: the verdicts that stand, by photo and judged label.
    """
    if not given:
        return {}
    names = report.class_names
    index = {name: k for k, name in enumerate(names)}
    found = {}
    for row, (photo_id, true) in enumerate(zip(photo_ids, report.y_true.tolist(), strict=True)):
        said = given.get((photo_id, names[true]))
        if said is not None:
            found[row] = Judgement(said.verdict, None if said.other is None else index.get(said.other))
    return found


def judged(report: EvaluationReport, judgements: Mapping[int, Judgement]) -> JudgedReport:
    """Return a report with people's verdicts taken into account.

    Where the label is wrong, the class that the person named is the true one.
    Where both animals are in the photo, the label and that class are both
    right. Photos of which a person cannot tell are left out, and so are photos
    whose label is wrong and whose right class is none of the model's.

    Args:
        report: as the labels say.
        judgements: by row.

    Raises:
        DatasetError: a verdict is of a row or of a class that there is not, or
            nothing is left to score.
    """
    y_true, scored = report.y_true.copy(), np.ones(report.n, np.bool_)
    for row, judgement in judgements.items():
        verdict, other = judgement.verdict, judgement.other
        if not 0 <= row < report.n or not (other is None or 0 <= other < len(report.class_names)):
            raise DatasetError(
                f"A verdict ({verdict}) is of photo {row} and class {other}, but there are {report.n:,} "
                f"photos and {len(report.class_names)} classes. Evaluate them again, and judge them anew."
            )
        if verdict is Verdict.CANNOT_TELL or (verdict is Verdict.LABEL_WRONG and other is None):
            scored[row] = False
        elif other is not None and (verdict is Verdict.LABEL_WRONG or report.y_pred[row] == other):
            y_true[row] = other
    rows = np.flatnonzero(scored).astype(np.int64)
    if not len(rows):
        raise DatasetError(
            "Of every photo it was said that nobody can tell, so there is nothing left to score. Take a "
            "verdict back, or evaluate more photos."
        )
    after = EvaluationReport.from_predictions(
        y_true[rows], report.probabilities[rows], report.class_names, report.model_id
    )
    return JudgedReport(report, after, rows, dict(judgements))
