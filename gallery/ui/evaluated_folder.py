"""A labelled folder with what the model said of it: the report, and which catalogued photo each row is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.catalog import Catalog
from gallery.evaluation.labelled_folder import evaluate_collection
from gallery.evaluation.labels import labels_of
from gallery.evaluation.report import EvaluationReport
from gallery.exchange.csv_text import csv_lines, safe_text
from gallery.model_files import TRAINING_PHOTOS_FILE, ModelStore
from gallery.photos.scan import scan_folder
from gallery.types import Collection, ModelCard, PhotoId, SkippedFile, display_path
from gallery.ui.charts import Cell

Rows = NDArray[np.int64]
"""(m,) rows of the report, in the order in which their photos are shown."""


@dataclass(frozen=True)
class EvaluatedFolder:
    """The labelled photos of a collection that the model has tagged.

    Attributes:
        root: the labelled folder.
        report: labels, probabilities and every score; its row r is ``file_ids[r]``.
        file_ids: (n,) places in the catalog.
        photo_ids: n of them.
        paths: n of them, absolute.
        problems: sentences on what is odd but did not stop the evaluation.
        skipped: files that could not be read.
        trained_on: rows whose photos the model was trained on; empty also when the model does not tell.
    """

    root: Path
    report: EvaluationReport
    file_ids: NDArray[np.int64]
    photo_ids: tuple[PhotoId, ...]
    paths: tuple[Path, ...]
    problems: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    trained_on: Rows

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


def training_photos(store: ModelStore, model_id: str) -> frozenset[PhotoId]:
    """Return the hashes of the photos a model was trained on; empty when it does not tell."""
    path = store.entry(model_id).folder / TRAINING_PHOTOS_FILE
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return frozenset()


def evaluate(
    catalog: Catalog, collection: Collection, card: ModelCard, *, trained: frozenset[PhotoId]
) -> EvaluatedFolder:
    """Return the evaluation of all photos of a collection that the model has tagged so far.

    Raises:
        DatasetError: nothing is tagged yet, or the folder's layout cannot be evaluated.
        CatalogError: the catalog cannot be read.
    """
    found = evaluate_collection(catalog, collection, card.model_id, card.class_names)
    seen = np.array([photo_id in trained for photo_id in found.photo_ids], np.bool_)
    return EvaluatedFolder(
        root=collection.root,
        report=found.report,
        file_ids=found.file_ids,
        photo_ids=found.photo_ids,
        paths=found.paths,
        problems=found.problems,
        skipped=found.skipped,
        trained_on=np.flatnonzero(seen).astype(np.int64),
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
