"""What lies behind a report's scores, for the Evaluate page, the report file and ``evaluate --json``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.calibration import CrossFit, ReliabilityBin, cross_fit, reliability_bins
from gallery.evaluation.coverage import AccuracyCoverage, CoveragePoint
from gallery.evaluation.metrics import IntVector, balanced_accuracy_interval, wilson_interval
from gallery.evaluation.ranking import (
    ClassCurves,
    area_intervals,
    class_curves,
    past_threshold,
    ranks_of_truth,
)
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.suspects import Suspect, contradicted_labels
from gallery.settings import FEW_PHOTOS
from gallery.types import PhotoId, display_path

WANTED_ACCURACY = 0.95
"""What "be right 95 % of the time" asks for."""


class ThresholdRows(NamedTuple):
    """The photos behind a threshold on a class's probability.

    Attributes:
        past: at or above it, the highest probability first.
        false: those of them that are of another class.
        missed: of the class and below it, the lowest probability first.
    """

    past: IntVector
    false: IntVector
    missed: IntVector


@dataclass(frozen=True)
class Diagnosis:
    """Where a report's numbers come from, each computed when it is first asked for; rows are the report's.

    Attributes:
        report: the labels and probabilities of n photos.
        photo_ids: n of them.
        features: gives (n, channels) from the same model; called for the suspects only.
    """

    report: EvaluationReport
    photo_ids: Sequence[PhotoId] = field(repr=False)
    features: Callable[[], NDArray[np.floating]] = field(repr=False)

    @cached_property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that have photos."""
        scores = self.report.scores
        return float(scores.recall[scores.support > 0].mean())

    @cached_property
    def balanced_accuracy_interval(self) -> tuple[float, float]:
        """95 % interval of the balanced accuracy, from those of the classes' recalls."""
        return balanced_accuracy_interval(self.report.confusion_matrix)

    @cached_property
    def top_2(self) -> float:
        """Share of photos whose class is among the two most probable; of equal ones the earlier is first."""
        return float((ranks_of_truth(self.report.y_true, self.report.probabilities) < 2).mean())

    def second_choices(self) -> IntVector:
        """Return the rows whose class is the second most probable, the model's surest errors first."""
        rows = self.report.incorrect()
        second = ranks_of_truth(self.report.y_true[rows], self.report.probabilities[rows]) == 1
        return np.asarray(rows[second], np.int64)

    @property
    def top_2_interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of that share."""
        return wilson_interval(round(self.top_2 * self.report.n), self.report.n)

    @cached_property
    def curves(self) -> tuple[ClassCurves, ...]:
        """Precision-recall and ROC, one a class."""
        return class_curves(self.report.y_true, self.report.probabilities, self.report.class_names)

    @cached_property
    def curves_worst_first(self) -> list[int]:
        """The classes that have curves: those with few photos last, by average precision within each."""
        there = [k for k, one in enumerate(self.curves) if one.positives and one.negatives]
        return sorted(
            there,
            key=lambda k: (self.curves[k].positives < FEW_PHOTOS, self.curves[k].average_precision or 0.0),
        )

    def area_intervals(self, class_index: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return the 95 % intervals of a class's average precision and AUC; None where it has neither."""
        known = self._area_intervals
        if class_index not in known:
            known[class_index] = area_intervals(self.report.y_true, self.report.probabilities, class_index)
        return known[class_index]

    @cached_property
    def _area_intervals(self) -> dict[int, tuple[tuple[float, float], tuple[float, float]] | None]:
        return {}

    def rows_at(self, class_index: int, threshold: float) -> ThresholdRows:
        """Return the photos behind a point of a class's curves."""
        report = self.report
        past = past_threshold(report.probabilities, class_index, threshold)
        missed = np.setdiff1d(np.flatnonzero(report.y_true == class_index), past)
        order = np.argsort(report.probabilities[missed, class_index], kind="stable")
        return ThresholdRows(past, past[report.y_true[past] != class_index], missed[order].astype(np.int64))

    @cached_property
    def bins(self) -> tuple[ReliabilityBin, ...]:
        """The reliability diagram of the probabilities as they came."""
        return reliability_bins(self.report.y_true, self.report.probabilities)

    @cached_property
    def calibration(self) -> CrossFit | None:
        """Temperature scaling, tried on photos it was not fitted on; None for a single photo.

        Raises:
            DatasetError: there is not one photo id for each photo.
        """
        return cross_fit(self.report.y_true, self.report.probabilities, self.photo_ids)

    @cached_property
    def bins_after(self) -> tuple[ReliabilityBin, ...] | None:
        """The reliability diagram of the scaled probabilities; None for a single photo."""
        scaled = self.calibration
        return None if scaled is None else reliability_bins(self.report.y_true, scaled.probabilities)

    @cached_property
    def coverage(self) -> AccuracyCoverage:
        """Accuracy against the share of photos that is kept."""
        return AccuracyCoverage.of(self.report.y_true, self.report.probabilities)

    @cached_property
    def contradicted(self) -> tuple[Suspect, ...]:
        """Every label that the model contradicts, with the evidence, the strongest against it first.

        Raises:
            DatasetError: there are not as many features or photo ids as photos.
        """
        report = self.report
        return contradicted_labels(report.y_true, report.probabilities, self.features(), self.photo_ids)

    @cached_property
    def suspects(self) -> tuple[Suspect, ...]:
        """Labels that are probably wrong, the strongest evidence first; see `contradicted_labels`."""
        return tuple(suspect for suspect in self.contradicted if suspect.probably_wrong)

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
