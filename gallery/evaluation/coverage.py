"""Accuracy against coverage: how right the model is on the photos that it is surest of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.metrics import FloatVector, IntVector, wilson_interval

ROUND_THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """A threshold of the Unsure shelf, and what it does.

    Attributes:
        threshold: photos of lower confidence are left out, those of just this one are kept.
        kept: photos that are kept.
        n: photos in all.
        right: of those kept, the right ones.
    """

    threshold: float
    kept: int
    n: int
    right: int

    @property
    def coverage(self) -> float:
        """The share of the photos that is kept."""
        return self.kept / self.n

    @property
    def left_out(self) -> int:
        """How many photos go to the Unsure shelf."""
        return self.n - self.kept

    @property
    def share_left_out(self) -> float:
        """The share of the photos that goes to the Unsure shelf."""
        return self.left_out / self.n

    @property
    def accuracy(self) -> float:
        """Of the photos that are kept, the share that is right."""
        return self.right / self.kept

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return wilson_interval(self.right, self.kept)


@dataclass(frozen=True, slots=True)
class AccuracyCoverage:
    """The curve: a point for each different confidence, the fewest photos first.

    Attributes:
        confidence: (n,) of the predicted class, in the order of the photos.
        thresholds: (m,) falling.
        kept: (m,) photos with at least that confidence, rising to n.
        right: (m,) of those, the right ones.
    """

    confidence: FloatVector = field(repr=False)
    thresholds: FloatVector = field(repr=False)
    kept: IntVector = field(repr=False)
    right: IntVector = field(repr=False)

    @classmethod
    def of(cls, y_true: NDArray[np.integer], probabilities: NDArray[np.floating]) -> AccuracyCoverage:
        """Return the curve of some photos' labels, (n,), and probabilities, (n, K)."""
        confidence = probabilities.max(axis=1).astype(np.float64)
        hits = probabilities.argmax(axis=1) == np.asarray(y_true)
        order = np.argsort(-confidence, kind="stable")
        falling = confidence[order]
        last = np.flatnonzero(np.append(np.diff(falling) != 0, True)) if len(falling) else order
        return cls(
            confidence,
            falling[last],
            (last + 1).astype(np.int64),
            np.cumsum(hits[order], dtype=np.int64)[last],
        )

    def __len__(self) -> int:
        return len(self.thresholds)

    @property
    def coverage(self) -> FloatVector:
        """(m,) the share of the photos that is kept."""
        return self.kept / max(len(self.confidence), 1)

    @property
    def accuracy(self) -> FloatVector:
        """(m,) of the photos that are kept, the share that is right."""
        return self.right / self.kept

    def point(self, index: int) -> CoveragePoint:
        """Return one point of the curve."""
        return CoveragePoint(
            float(self.thresholds[index]), int(self.kept[index]), len(self.confidence), int(self.right[index])
        )

    def coverage_at(self, accuracy: float) -> CoveragePoint | None:
        """Return the point that keeps most photos and is right at least so often; None if none is.

        The threshold is chosen on the photos it is shown on, so it is a little
        too kind where they are few; the point's interval says by how much.

        Args:
            accuracy: asked for, 0 to 1.
        """
        wanted = np.flatnonzero(self.accuracy >= accuracy)
        return self.point(int(wanted[-1])) if len(wanted) else None

    def at_threshold(self, threshold: float) -> CoveragePoint | None:
        """Return what any threshold of the Unsure shelf does; None where it leaves out all photos."""
        passed = int(np.count_nonzero(self.thresholds >= threshold))
        if not passed:
            return None
        last = self.point(passed - 1)
        return CoveragePoint(threshold, last.kept, last.n, last.right)

    def at_round_thresholds(self) -> tuple[CoveragePoint, ...]:
        """Return what some round thresholds do, for a table; none that leaves out all photos."""
        found = (self.at_threshold(threshold) for threshold in ROUND_THRESHOLDS)
        return tuple(point for point in found if point is not None)

    def kept_rows(self, threshold: float) -> IntVector:
        """Return the rows of the photos that are kept, the least confident first."""
        return self._least_confident_first(self.confidence >= threshold)

    def left_out_rows(self, threshold: float) -> IntVector:
        """Return the rows of the photos that are left out, the least confident first."""
        return self._least_confident_first(self.confidence < threshold)

    def _least_confident_first(self, chosen: NDArray[np.bool_]) -> IntVector:
        rows = np.flatnonzero(chosen)
        return rows[np.argsort(self.confidence[rows], kind="stable")].astype(np.int64)
