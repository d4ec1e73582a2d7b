"""What lies behind a report's scores, computed once for the Evaluate page and ``evaluate --json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.calibration import CrossFit, ReliabilityBin, cross_fit, reliability_bins
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.ranking import (
    ClassCurves,
    balanced_accuracy_score,
    class_curves,
    top_k_accuracy_score,
)
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.suspects import Suspect, suspicious_labels
from gallery.types import PhotoId, display_path

WANTED_ACCURACY = 0.95
"""What "be right 95 % of the time" asks for."""


@dataclass(frozen=True)
class Diagnosis:
    """Where a report's numbers come from; rows are those of the report.

    Attributes:
        report: the labels and probabilities.
        balanced_accuracy: mean recall of the classes that have photos.
        top_2: share of photos whose class is among the two most probable.
        curves: precision-recall and ROC, one a class.
        bins: of the reliability diagram.
        calibration: temperature scaling, tried on photos it was not fitted on; None for a single photo.
        coverage: accuracy against the share of photos that is kept.
        suspects: labels that are probably wrong, the strongest evidence first.
    """

    report: EvaluationReport
    balanced_accuracy: float
    top_2: float
    curves: tuple[ClassCurves, ...]
    bins: tuple[ReliabilityBin, ...]
    calibration: CrossFit | None
    coverage: AccuracyCoverage
    suspects: tuple[Suspect, ...]

    @classmethod
    def of(
        cls, report: EvaluationReport, photo_ids: Sequence[PhotoId], features: NDArray[np.floating]
    ) -> Diagnosis:
        """Return the diagnosis of a report.

        Args:
            report: of n photos.
            photo_ids: n of them.
            features: (n, channels), from the same model.

        Raises:
            DatasetError: the lengths do not fit.
        """
        y_true, probabilities = report.y_true, report.probabilities
        return cls(
            report=report,
            balanced_accuracy=balanced_accuracy_score(report.confusion_matrix),
            top_2=top_k_accuracy_score(y_true, probabilities, 2),
            curves=class_curves(y_true, probabilities, report.class_names),
            bins=reliability_bins(y_true, probabilities),
            calibration=cross_fit(y_true, probabilities, photo_ids),
            coverage=AccuracyCoverage.of(y_true, probabilities),
            suspects=suspicious_labels(y_true, probabilities, features, photo_ids),
        )

    @property
    def at_95(self) -> CoveragePoint | None:
        """The threshold that keeps most photos with 95 % of them right; None if none does."""
        return self.coverage.coverage_at(WANTED_ACCURACY)

    def to_json(self, paths: Sequence[Path]) -> dict[str, Any]:
        """Return what ``evaluate --json`` adds to the report.

        Args:
            paths: n of them, where the photos lie.
        """
        at_95, names = self.at_95, self.report.class_names
        return {
            "balanced_accuracy": self.balanced_accuracy,
            "top_2": self.top_2,
            "ece_before": self.report.calibration_error,
            "ece_after": None if self.calibration is None else self.calibration.ece_after,
            "coverage_at_95": 0.0 if at_95 is None else at_95.coverage,
            "threshold_at_95": None if at_95 is None else at_95.threshold,
            "suspects": [
                {"path": display_path(paths[suspect.row]), **suspect.to_json(names)}
                for suspect in self.suspects
            ],
        }
