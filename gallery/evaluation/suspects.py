"""Labels that are probably wrong: the model and the nearest photos both say another class.

Neither alone is enough. A model that is sure of another class may just be wrong;
a photo among neighbours of another class may just look unusual. Both together
are worth a person's look, and only a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.evaluation.metrics import FloatVector, IntVector
from gallery.types import PhotoId

NEIGHBOURS = 10
"""Nearest photos that are asked for their labels."""

ROUNDING = 1e-9
"""A mean of equal probabilities may miss them by this much."""

CHUNK = 256
"""Suspects compared with all photos at a time: 256 x 100,000 similarities are 100 MB."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """The evidence for and against one photo's label.

    Attributes:
        row: the photo.
        label: index of the class that it is labelled.
        suggested: index of the class that the model says.
        label_probability: the model's, for the label.
        suggested_probability: the model's, for the suggested class.
        usual_probability: what photos labelled as the suggested class get for it on average.
        neighbours: (k,) rows of the nearest other photos, the nearest first.
        similarities: (k,) their cosine similarity to the photo, falling.
        neighbours_of_label: how many of them bear the photo's own label.
        neighbours_of_suggested: how many of them bear the suggested one.
        probably_wrong: whether model and neighbours both speak against the label; see `contradicted_labels`.
    """

    row: int
    label: int
    suggested: int
    label_probability: float
    suggested_probability: float
    usual_probability: float
    neighbours: IntVector = field(repr=False)
    similarities: FloatVector = field(repr=False)
    neighbours_of_label: int
    neighbours_of_suggested: int
    probably_wrong: bool = True

    @property
    def score(self) -> float:
        """How strongly the evidence speaks against the label, -1 to 1; above 0 where it is suspicious.

        The mean of two margins of the suggested class over the label: in
        probability, and in the share of the neighbours (0 without any).
        """
        of_model = self.suggested_probability - self.label_probability
        of_neighbours = self.neighbours_of_suggested - self.neighbours_of_label
        return (of_model + of_neighbours / max(len(self.neighbours), 1)) / 2

    def to_json(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Return plain values, classes by their names."""
        return {
            "label": class_names[self.label],
            "suggested": class_names[self.suggested],
            "score": self.score,
            "label_probability": self.label_probability,
            "suggested_probability": self.suggested_probability,
            "usual_probability": self.usual_probability,
            "neighbours": len(self.neighbours),
            "neighbours_of_label": self.neighbours_of_label,
            "neighbours_of_suggested": self.neighbours_of_suggested,
        }


def contradicted_labels(
    y_true: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    features: NDArray[np.floating],
    photo_ids: Sequence[PhotoId],
    *,
    neighbours: int = NEIGHBOURS,
) -> tuple[Suspect, ...]:
    """Return the evidence on every label that the model contradicts, the strongest against the label first.

    A label is probably wrong when both hold:

    - the most probable class is another, and is at least as probable as it is
      on average for photos that are labelled so (confident learning: Northcutt,
      Jiang and Chuang 2021, eq. 1-2);
    - among the nearest photos by features more bear that class than any other.

    Args:
        y_true: (n,) class indices.
        probabilities: (n, K), of a model that was not trained on these photos:
            one that has learnt a wrong label will not disagree with it.
        features: (n, channels), of the same photos.
        photo_ids: n of them. A copy of a photo is no witness about it.
        neighbours: how many nearest photos to ask; fewer where there are fewer.

    Raises:
        DatasetError: the lengths do not fit, or `neighbours` is below 1.
    """
    y_true = np.asarray(y_true)
    if not len(y_true) == len(probabilities) == len(features) == len(photo_ids) or neighbours < 1:
        raise DatasetError(
            f"Each photo needs a label, probabilities, features and an id, got {len(y_true)}, "
            f"{len(probabilities)}, {len(features)} and {len(photo_ids)}, and one neighbour or more, got "
            f"{neighbours}. Tag the photos again."
        )
    if not len(y_true):
        return ()
    usual = _usual_probabilities(y_true, probabilities)
    said = probabilities.argmax(axis=1)
    certain = probabilities.max(axis=1) >= usual[said] - ROUNDING
    units = _unit_rows(features)
    seen = np.asarray(units.any(axis=1))
    errors = np.flatnonzero(said != y_true)
    _, photo_of = np.unique(np.asarray(photo_ids, np.str_), return_inverse=True)
    photo_of = photo_of.reshape(-1)
    found = []
    for start in range(0, len(errors), CHUNK):
        chunk = errors[start : start + CHUNK]
        for row, similarity in zip(chunk.tolist(), units[chunk] @ units.T, strict=True):
            similarity[photo_of == photo_of[row]] = -np.inf
            near = _nearest(similarity, neighbours) if seen[row] else np.zeros(0, np.int64)
            votes = np.bincount(y_true[near], minlength=probabilities.shape[1])
            suggested, label = int(said[row]), int(y_true[row])
            found.append(
                Suspect(
                    row=row,
                    label=label,
                    suggested=suggested,
                    label_probability=float(probabilities[row, label]),
                    suggested_probability=float(probabilities[row, suggested]),
                    usual_probability=float(usual[suggested]),
                    neighbours=near,
                    similarities=np.asarray(similarity[near], np.float64),
                    neighbours_of_label=int(votes[label]),
                    neighbours_of_suggested=int(votes[suggested]),
                    probably_wrong=bool(
                        certain[row] and votes[suggested] > np.delete(votes, suggested).max(initial=0)
                    ),
                )
            )
    return tuple(sorted(found, key=lambda suspect: (-suspect.score, suspect.row)))


def _usual_probabilities(
    y_true: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return each class's mean probability over the photos labelled so, (K,); 1 where there are none."""
    usual = np.ones(probabilities.shape[1])
    for k in range(len(usual)):
        of_class = y_true == k
        if of_class.any():
            usual[k] = probabilities[of_class, k].mean(dtype=np.float64)
    return usual


def _unit_rows(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows of length 1, (n, channels); a row of zeros stays, and has no neighbours."""
    units = np.array(features, np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", units, units, dtype=np.float64))
    units /= np.where(lengths > 0, lengths, 1.0).astype(np.float32)[:, np.newaxis]
    return units


def _nearest(similarity: NDArray[np.float32], count: int) -> IntVector:
    """Return the rows of highest similarity, the nearest first; those at -inf never."""
    rows = (
        np.argpartition(similarity, -count)[-count:]
        if count < len(similarity)
        else np.arange(len(similarity))
    )
    rows = rows[np.isfinite(similarity[rows])]
    return rows[np.lexsort((rows, -similarity[rows]))].astype(np.int64)
