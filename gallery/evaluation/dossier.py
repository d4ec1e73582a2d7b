"""All that is known of an evaluated folder in one object: what the report is written from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.evaluation.comparison import ModelComparison
from gallery.evaluation.diagnosis import Diagnosis
from gallery.evaluation.evidence import AverageMap, Group, average_map, border_shares, compare_borders
from gallery.evaluation.labelled_folder import FolderEvaluation
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.overlap import PhotoOverlap, photo_overlap
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.slices import (
    Slice,
    all_slices,
    slice_names,
    worst_first,
)
from gallery.evaluation.verdicts import JudgedReport, judged, judgements_of
from gallery.types import GivenVerdict, Photo, PhotoId


@dataclass(frozen=True, slots=True)
class CellLook:
    """Where the model looks on average in the photos of a cell."""

    for_label: AverageMap
    for_answer: AverageMap


@dataclass(frozen=True)
class Dossier:
    """An evaluation with everything behind it; rows are those of the report.

    Attributes:
        evaluation: the report and its photos.
        diagnosis: where its numbers come from.
        overlap: photos that the model was trained on, and copies.
        unseen: the report on the photos the model was not trained on, where there are both kinds.
        slices: of every dimension, worst first.
        looks: where the model looks on average in each cell; empty without maps.
        at_border: cells and classes whose evidence lies at the border of the photo far more than others'.
        judged: people's verdicts and what they change; None without any.
        comparison: with another model on the photos that both have tagged; None unless asked for.
        compared: (m,) the rows that the comparison's rows are.
    """

    evaluation: FolderEvaluation
    diagnosis: Diagnosis
    overlap: PhotoOverlap
    unseen: EvaluationReport | None
    slices: tuple[Slice, ...]
    looks: Mapping[tuple[int, int], CellLook] = field(default_factory=dict, repr=False)
    at_border: tuple[Group, ...] = ()
    judged: JudgedReport | None = None
    comparison: ModelComparison | None = None
    compared: IntVector = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)

    @classmethod
    def of(
        cls,
        evaluation: FolderEvaluation,
        features: NDArray[np.floating],
        *,
        root: Path,
        photos: Sequence[Photo],
        trained: Collection[PhotoId],
        validated: Collection[PhotoId] = (),
        maps: NDArray[np.floating] | None = None,
        verdicts: Mapping[tuple[PhotoId, str], GivenVerdict] | None = None,
        other: FolderEvaluation | None = None,
    ) -> Dossier:
        """Return the dossier of an evaluation.

        Args:
            evaluation: of n photos.
            features: (n, channels), from the same model.
            root: the folder that the photos lie in.
            photos: what the catalog knows of them, in any order.
            trained: hashes of the photos the model was trained on; empty where it does not tell.
            validated: of those that its best epoch and temperature were chosen by.
            maps: (n, 2, h, w) of each photo's label and of the model's answer, zeros where there are none.
            verdicts: of people, by photo and judged label; see `judgements_of`.
            other: another model's evaluation of the same folder.

        Raises:
            DatasetError: the parts do not fit together.
        """
        report = evaluation.report
        overlap = photo_overlap(evaluation.photo_ids, report.y_true, trained, validated)
        unseen = overlap.unseen
        comparison = None
        compared = np.zeros(0, np.int64)
        if other is not None:
            comparison, _ = ModelComparison.of_folder(evaluation, other)
            compared = np.flatnonzero(np.isin(evaluation.file_ids, other.file_ids)).astype(np.int64)
        judgements = judgements_of(report, evaluation.photo_ids, verdicts or {})
        return cls(
            evaluation=evaluation,
            diagnosis=Diagnosis.of(report, evaluation.photo_ids, features),
            overlap=overlap,
            unseen=evaluation.only(unseen).report if 0 < len(unseen) < report.n else None,
            slices=_slices(evaluation, root, photos),
            looks={} if maps is None else _looks(report, maps),
            at_border=() if maps is None else _at_border(report, maps),
            judged=judged(report, judgements) if judgements else None,
            comparison=comparison,
            compared=compared,
        )

    @property
    def report(self) -> EvaluationReport:
        return self.evaluation.report


def _looks(report: EvaluationReport, maps: NDArray[np.floating]) -> dict[tuple[int, int], CellLook]:
    cells = np.argwhere(report.confusion_matrix > 0).tolist()
    rows = {(true, said): report.cell(true, said) for true, said in cells}
    return {
        cell: CellLook(average_map(maps[photos, 0]), average_map(maps[photos, 1]))
        for cell, photos in rows.items()
    }


def _at_border(report: EvaluationReport, maps: NDArray[np.floating]) -> tuple[Group, ...]:
    groups = compare_borders(border_shares(maps[:, 1]), report.y_true, report.y_pred, len(report.class_names))
    return tuple(group for group in groups if group.stands_out)


def _slices(evaluation: FolderEvaluation, root: Path, photos: Sequence[Photo]) -> tuple[Slice, ...]:
    """Return the slices of every dimension that divides the photos at all."""
    about = {photo.file_id: photo.metadata for photo in photos}
    names = slice_names(evaluation.paths, root, [about.get(i) for i in evaluation.file_ids.tolist()])
    right = evaluation.report.y_true == evaluation.report.y_pred
    found = all_slices(names, right).values()
    return worst_first(one for slices in found if len(slices) > 1 for one in slices)
