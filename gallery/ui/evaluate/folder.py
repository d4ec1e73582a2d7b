"""Labelled photos with what the model said of them: the report, and which catalogued photo each row is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.catalog import Catalog
from gallery.datasets.folder import labels_of
from gallery.datasets.people import labels_of_people
from gallery.evaluation.diagnosis import Diagnosis
from gallery.evaluation.labelled_folder import FolderEvaluation, evaluate_collection
from gallery.evaluation.overlap import PhotoOverlap, photo_overlap
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.slices import Slice, all_slices, slice_names
from gallery.exchange.csv_text import csv_lines, safe_text
from gallery.photos.scan import scan_folder
from gallery.types import Collection, ModelCard, PhotoId, PhotoMetadata, SkippedFile, display_path
from gallery.ui.components.confusion_table import Cell

Rows = NDArray[np.int64]
"""(m,) rows of the report, in the order in which their photos are shown."""


class Labels(StrEnum):
    """Where the true classes come from; the value is what the address says."""

    FOLDERS = "folders"
    PEOPLE = "people"


@dataclass(frozen=True, eq=False)
class EvaluatedFolder:
    """The labelled photos of a collection that the model has tagged.

    Attributes:
        collection_id: the collection's.
        root: its folder.
        labels: where the true classes come from.
        evaluation: the report, and the photo of each of its rows.
        overlap: what the photos' hashes show; of the report's rows.
        features: gives the photos' feature vectors, (n, channels).
        facts: gives what the photos say of themselves, n of them.
        left_out: the photos that the model was trained on, where they are not in the report.
    """

    collection_id: int
    root: Path
    labels: Labels
    evaluation: FolderEvaluation
    overlap: PhotoOverlap
    features: Callable[[Sequence[PhotoId]], NDArray[np.floating]] = field(repr=False)
    facts: Callable[[Sequence[PhotoId]], list[PhotoMetadata]] = field(repr=False)
    left_out: EvaluatedFolder | None = field(default=None, repr=False)

    @property
    def identity(self) -> tuple[int, str, Labels]:
        """What a choice made here belongs to: collection, model and kind of labels."""
        return self.collection_id, self.report.model_id, self.labels

    @property
    def report(self) -> EvaluationReport:
        """Labels, probabilities and every score; its row r is ``file_ids[r]``."""
        return self.evaluation.report

    @property
    def file_ids(self) -> NDArray[np.int64]:
        """(n,) places in the catalog."""
        return self.evaluation.file_ids

    @property
    def photo_ids(self) -> tuple[PhotoId, ...]:
        return self.evaluation.photo_ids

    @property
    def paths(self) -> tuple[Path, ...]:
        """n of them, absolute."""
        return self.evaluation.paths

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences on what is odd but did not stop the evaluation."""
        return self.evaluation.problems

    @property
    def skipped(self) -> tuple[SkippedFile, ...]:
        """Files that could not be read."""
        return self.evaluation.skipped

    @property
    def trained_on(self) -> Rows:
        """Rows whose photos the model was trained on; empty also when the model does not tell."""
        return self.overlap.trained_on

    @property
    def copies(self) -> Rows:
        """Rows of the photos that are there more than once, those with different labels first."""
        clash = {int(rows[0]) for rows in self.overlap.contradicting}
        groups = sorted(self.overlap.repeated, key=lambda rows: int(rows[0]) not in clash)
        return np.concatenate(groups) if groups else np.zeros(0, np.int64)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Where the numbers come from; each part is computed when it is first shown."""
        return Diagnosis(self.report, self.photo_ids, lambda: self.features(self.photo_ids))

    @cached_property
    def about(self) -> list[PhotoMetadata]:
        """What each photo of the report says of itself."""
        return self.facts(self.photo_ids)

    @cached_property
    def slices(self) -> dict[str, tuple[Slice, ...]]:
        """How good the model is on parts of the photos, by dimension, the worst part first."""
        right = self.report.y_true == self.report.y_pred
        return all_slices(slice_names(self.paths, self.root, self.about), right)

    def only(self, rows: Rows) -> EvaluatedFolder:
        """Return the evaluation of some of the photos, at least one."""
        evaluation = self.evaluation.only(rows)
        known = frozenset(self.photo_ids[row] for row in self.trained_on.tolist())
        chosen = frozenset(self.photo_ids[row] for row in self.overlap.chosen_by.tolist())
        overlap = photo_overlap(evaluation.photo_ids, evaluation.report.y_true, known, chosen)
        return replace(
            self,
            evaluation=evaluation,
            overlap=replace(overlap, training_known=self.overlap.training_known),
        )

    @cached_property
    def unseen(self) -> EvaluatedFolder:
        """Return the evaluation without the photos that the model was trained on; itself if none is left."""
        kept = self.overlap.unseen
        if not len(self.trained_on) or not len(kept):
            return self
        return replace(self.only(kept), left_out=self.only(self.trained_on))

    def worst_cell(self) -> Cell:
        """Return the error with most photos; all photos when there is no error."""
        errors = self.report.confusion_matrix.copy()
        np.fill_diagonal(errors, 0)
        if not errors.any():
            return Cell(None, None)
        true, said = np.unravel_index(int(errors.argmax()), errors.shape)
        return Cell(int(true), int(said))

    def relative_path(self, row: int) -> str:
        """Return a photo's place below the folder as text, with forward slashes."""
        return self.shown(self.paths[row])

    def shown(self, path: Path) -> str:
        """Return a file's place below the folder as text, with forward slashes."""
        try:
            return display_path(path.relative_to(self.root)).replace("\\", "/")
        except ValueError:
            return display_path(path)


def check_layout(root: Path, class_names: Sequence[str]) -> tuple[str, ...]:
    """Return what is odd about a folder's layout, before any photo is read.

    Raises:
        DatasetError: it cannot be evaluated: a sub-folder is no class, or nothing is labelled.
    """
    paths = [entry.path for entry in scan_folder(root)]
    return labels_of(root, paths, class_names).problems


def evaluate(
    catalog: Catalog,
    collection: Collection,
    card: ModelCard,
    *,
    trained: frozenset[PhotoId],
    validated: frozenset[PhotoId] = frozenset(),
    labels: Labels = Labels.FOLDERS,
) -> EvaluatedFolder:
    """Return the evaluation of all photos of a collection that the model has tagged so far.

    Args:
        catalog: what is known of the photos.
        collection: whose photos.
        card: the model's.
        trained: hashes of the photos it was trained on.
        validated: of those that its best epoch and temperature were chosen by.
        labels: where the true classes come from.

    Raises:
        DatasetError: nothing is tagged yet, the folder's layout cannot be evaluated, or nobody named a photo.
        CatalogError: the catalog cannot be read.
    """
    model_id, names = card.model_id, card.class_names
    if labels is Labels.PEOPLE:
        table = catalog.prediction_table(collection.collection_id, model_id)
        of_people = labels_of_people(table, catalog.labels(table.photo_ids), names)
        found = evaluate_collection(catalog, collection, model_id, names, labels=of_people.labels)
        found = replace(found, problems=(*of_people.problems, *found.problems))
    else:
        found = evaluate_collection(catalog, collection, model_id, names)
    return EvaluatedFolder(
        collection_id=collection.collection_id,
        root=collection.root,
        labels=labels,
        evaluation=found,
        overlap=photo_overlap(found.photo_ids, found.report.y_true, trained, validated),
        features=lambda photo_ids: catalog.features(model_id, photo_ids),
        facts=catalog.metadata,
    )


def report_csv(report: EvaluationReport) -> str:
    """Return the classification report as CSV: a row a class, then the averages."""
    return report.to_frame().rename(index=safe_text).to_csv(index_label="class", lineterminator="\n")


def matrix_csv(report: EvaluationReport) -> str:
    """Return the confusion matrix as CSV: rows are true classes, columns what the model says."""
    rows = zip(report.class_names, report.confusion_matrix.tolist(), strict=True)
    header = ["true \\ predicted", *report.class_names]
    return "".join(csv_lines(header, ([name, *counts] for name, counts in rows)))


def predictions_csv(folder: EvaluatedFolder) -> str:
    """Return one line a photo as CSV: file, true and predicted class, confidence, all probabilities."""
    report = folder.report
    names = report.class_names
    header = [
        "file",
        "true",
        "predicted",
        "correct",
        "confidence",
        *(f"probability_{name}" for name in names),
    ]

    def rows() -> Iterator[list[str | int]]:
        for row in range(report.n):
            true, said = int(report.y_true[row]), int(report.y_pred[row])
            shares = [f"{value:.6f}" for value in report.probabilities[row].tolist()]
            file = folder.relative_path(row)
            yield [file, names[true], names[said], int(true == said), shares[said], *shares]

    return "".join(csv_lines(header, rows()))
