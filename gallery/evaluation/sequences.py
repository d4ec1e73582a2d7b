"""An evaluation in which a sequence counts once: what a person counts is a visit, not its photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery.datasets.sequences import SEQUENCE_GAP_S, mean_of_sequences, sequences_of
from gallery.evaluation.report import EvaluationReport


@dataclass(frozen=True, slots=True)
class SequenceEvaluation:
    """How good a model is on sequences.

    Attributes:
        report: a row a sequence; its prediction is by the mean of its photos' logits.
        photos: how many photos they hold.
        dissenting: photos whose own predicted class is another than that of their sequence.
    """

    report: EvaluationReport
    photos: int
    dissenting: int

    def sentence(self) -> str:
        """Return what the numbers are of."""
        differ = "differs" if self.dissenting == 1 else "differ"
        return (
            f"{self.photos:,} photos in {self.report.n:,} sequences (photos of one folder and label at most "
            f"{SEQUENCE_GAP_S:.0f} s apart); {self.dissenting:,} photos {differ} from their sequence."
        )


def by_sequence(
    report: EvaluationReport, folders: Sequence[str], taken_at: Sequence[str | None]
) -> SequenceEvaluation:
    """Return the evaluation of the sequences that photos make; those of two labels are two.

    Args:
        report: of the photos.
        folders: the folder of each.
        taken_at: when each was taken, ISO 8601, None where its file does not say.
    """
    places = [f"{folder}\0{label}" for folder, label in zip(folders, report.y_true.tolist(), strict=True)]
    sequence = sequences_of(places, taken_at)
    shares = mean_of_sequences(np.asarray(report.probabilities, np.float32), sequence)
    first = np.unique(sequence, return_index=True)[1]
    made = EvaluationReport.from_predictions(
        report.y_true[first], shares, report.class_names, report.model_id
    )
    return SequenceEvaluation(made, report.n, int((made.y_pred[sequence] != report.y_pred).sum()))
