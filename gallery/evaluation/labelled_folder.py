"""A labelled folder evaluated: what the catalog holds of it, against what its folders say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.folder import UNLABELLED, FolderLabels, labels_of
from gallery.errors import DatasetError
from gallery.evaluation.report import EvaluationReport
from gallery.types import Collection, PhotoId, PredictionTable, SkippedFile, display_path
from gallery.words import photo_count


class EvaluationCatalog(Protocol):
    """What an evaluation needs of the catalog; `gallery.catalog` has the real one."""

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable: ...
    def pending_files(self, collection_id: int, model_id: str) -> list[Path]: ...
    def skipped_files(self, collection_id: int) -> list[SkippedFile]: ...


@dataclass(frozen=True, slots=True)
class FolderEvaluation:
    """A report on a labelled folder; row r of the report is file_ids[r], photo_ids[r], paths[r].

    Attributes:
        report: every score, over the n photos that have a label and a prediction.
        file_ids: (n,) the files in the catalog.
        photo_ids: n of them.
        paths: n of them, absolute.
        skipped: labelled files that could not be read.
        problems: sentences on what is odd but did not stop the evaluation.
    """

    report: EvaluationReport
    file_ids: NDArray[np.int64]
    photo_ids: tuple[PhotoId, ...]
    paths: tuple[Path, ...]
    skipped: tuple[SkippedFile, ...]
    problems: tuple[str, ...]

    def only(self, rows: NDArray[np.integer]) -> FolderEvaluation:
        """Return the evaluation of some of the photos, in the order given; what was skipped stays.

        Raises:
            DatasetError: there are no rows.
        """
        report = self.report
        return FolderEvaluation(
            report=EvaluationReport.from_predictions(
                report.y_true[rows], report.probabilities[rows], report.class_names, report.model_id
            ),
            file_ids=self.file_ids[rows],
            photo_ids=tuple(self.photo_ids[row] for row in rows),
            paths=tuple(self.paths[row] for row in rows),
            skipped=self.skipped,
            problems=self.problems,
        )


def evaluate_collection(
    catalog: EvaluationCatalog,
    collection: Collection,
    model_id: str,
    class_names: Sequence[str],
    *,
    labels: Mapping[Path, int] | None = None,
) -> FolderEvaluation:
    """Return the report on a collection whose photos a model has tagged.

    Args:
        catalog: holds the collection and the predictions; nothing is tagged here.
        collection: a folder with a sub-folder a class.
        model_id: whose predictions are evaluated.
        class_names: the model's classes, in the order of its outputs.
        labels: class indices by absolute path, in place of the folders' names.

    Raises:
        DatasetError: a sub-folder's name is no class, nothing is labelled, or
            nothing is tagged yet.
    """
    table = catalog.prediction_table(collection.collection_id, model_id)
    skipped = [
        file
        for file in catalog.skipped_files(collection.collection_id)
        if labels is None or file.path in labels
    ]
    unreadable = {file.path for file in skipped}  # some are pending too: they are tried again each time
    pending = [
        path
        for path in catalog.pending_files(collection.collection_id, model_id)
        if path not in unreadable and (labels is None or path in labels)
    ]
    if not len(table):
        raise DatasetError(_nothing_tagged(display_path(collection.root), model_id, len(pending), skipped))
    if table.class_names != tuple(class_names):
        raise DatasetError(
            f"The photos were tagged with the classes {', '.join(table.class_names)}, but {model_id} now has "
            f"{', '.join(class_names)}. Tag the folder again with a model of another id."
        )
    known = labels_of(collection.root, table.paths, class_names) if labels is None else _listed(table, labels)
    rows = known.labelled
    if not len(rows):
        raise DatasetError(
            f"No tagged photo of {display_path(collection.root)} has a label. Check that the labels are of "
            "this folder, and tag it again."
        )
    problems = list(known.problems)
    if pending:
        problems.append(
            f"Not tagged yet and left out: {photo_count(len(pending))}. Tag the folder to the end."
        )
    if skipped:
        problems.append(f"Could not be read and left out: {photo_count(len(skipped))}.")
    return FolderEvaluation(
        report=EvaluationReport.from_predictions(
            known.y_true[rows], table.probabilities[rows], tuple(class_names), model_id
        ),
        file_ids=table.file_ids[rows],
        photo_ids=tuple(table.photo_ids[row] for row in rows),
        paths=tuple(table.paths[row] for row in rows),
        skipped=tuple(skipped),
        problems=tuple(problems),
    )


def _nothing_tagged(root: str, model_id: str, pending: int, skipped: Sequence[SkippedFile]) -> str:
    if pending:
        return f"No photo of {root} has been tagged by {model_id} yet. Tag it first."
    if skipped:
        return (
            f"None of the photos of {root} could be read, {photo_count(len(skipped))} in all. The first: "
            f"{skipped[0].detail}"
        )
    return f"There are no readable photos in {root}. Open another folder."


def _listed(table: PredictionTable, labels: Mapping[Path, int]) -> FolderLabels:
    y_true = np.array([labels.get(path, UNLABELLED) for path in table.paths], np.int64)
    found = set(table.paths)
    absent = sum(path not in found for path in labels)
    problems = [f"Listed, but not evaluated: {photo_count(absent)}. They are not in the folder, or not read."]
    return FolderLabels(y_true, tuple(problems if absent else []))
