"""A labelled folder evaluated: what the catalog holds of it, against what its folders say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from gallery.datasets.folder import labels_of
from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation.evaluation import Evaluation, LabelSource, StoredPhotos
from gallery.evaluation.overlap import SeenPhotos
from gallery.evaluation.report import EvaluationReport
from gallery.types import Collection, PredictionTable, SkippedFile, display_path
from gallery.words import photo_count, without_surrogates


class EvaluationCatalog(StoredPhotos, Protocol):
    """What an evaluation needs of the catalog; `gallery.catalog` has the real one."""

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable: ...
    def pending_files(self, collection_id: int, model_id: str) -> Sequence[Path]: ...
    def skipped_files(self, collection_id: int) -> list[SkippedFile]: ...


def evaluate_collection(
    catalog: EvaluationCatalog,
    collection: Collection,
    model_id: str,
    class_names: Sequence[str],
    *,
    labels: ModelLabels | None = None,
    source: LabelSource = LabelSource.FOLDERS,
    seen: SeenPhotos | None = None,
) -> Evaluation:
    """Return the evaluation of the photos of a collection that a model has tagged so far.

    Args:
        catalog: holds the collection and the predictions; nothing is tagged here.
        collection: a folder with a sub-folder a class.
        model_id: whose predictions are evaluated.
        class_names: the model's classes, in the order of its outputs.
        labels: in place of the folders' names.
        source: where the labels come from.
        seen: the photos that the model has seen before.

    Raises:
        DatasetError: no sub-folder's name is a class or one is nearly that, nothing is labelled, or
            nothing is tagged yet.
    """
    table = catalog.prediction_table(collection.collection_id, model_id)
    skipped = [
        file
        for file in catalog.skipped_files(collection.collection_id)
        if labels is None or file.path in labels.by_path
    ]
    unreadable = {file.path for file in skipped}  # some are pending too: they are tried again each time
    pending = [
        path
        for path in catalog.pending_files(collection.collection_id, model_id)
        if path not in unreadable and (labels is None or path in labels.by_path)
    ]
    if not len(table):
        raise DatasetError(_nothing_tagged(display_path(collection.root), model_id, len(pending), skipped))
    if table.class_names != tuple(class_names):
        raise DatasetError(
            f"The photos were tagged with the classes {', '.join(table.class_names)}, but {model_id} now has "
            f"{', '.join(class_names)}. Tag the folder again with a model of another id."
        )
    known = labels_of(collection.root, table.paths, class_names) if labels is None else labels
    rows = np.array([row for row, path in enumerate(table.paths) if path in known.by_path], np.int64)
    if not len(rows):
        raise DatasetError(
            f"No tagged photo of {display_path(collection.root)} has a label. Check that the labels are of "
            "this folder, and tag it again."
        )
    odd = [*_of_no_class(known, table), *known.problems]
    if absent := len(known.by_path.keys() - set(table.paths)):
        odd.append(
            f"Listed, but not evaluated: {photo_count(absent)}. They are not in the folder, or not read."
        )
    if pending:
        odd.append(f"Not tagged yet and left out: {photo_count(len(pending))}. Tag the folder to the end.")
    if skipped:
        odd.append(f"Could not be read and left out: {photo_count(len(skipped))}.")
    paths = tuple(table.paths[row] for row in rows)
    y_true = np.array([known.by_path[path] for path in paths], np.int64)
    return Evaluation(
        collection_id=collection.collection_id,
        root=collection.root,
        labels=source,
        report=EvaluationReport.from_predictions(
            y_true, table.probabilities[rows], tuple(class_names), model_id
        ),
        file_ids=table.file_ids[rows],
        photo_ids=tuple(table.photo_ids[row] for row in rows),
        paths=paths,
        stored=catalog,
        seen=seen or SeenPhotos(),
        skipped=tuple(skipped),
        problems=tuple(odd),
    )


def _of_no_class(known: ModelLabels, table: PredictionTable) -> list[str]:
    """Return what the model calls the photos of folders that are none of its classes."""
    said = []
    row_of = {path: row for row, path in enumerate(table.paths)}
    for name, paths in known.others.items():
        rows = [row_of[path] for path in paths]
        called = Counter(table.class_names[k] for k in table.probabilities[rows].argmax(axis=1).tolist())
        calls = ", ".join(f"{class_name} {count:,}" for class_name, count in called.most_common(3))
        more = ", ..." if len(called) > 3 else ""
        folder = without_surrogates(name)
        said.append(f'"{folder}" ({photo_count(len(rows))}, which the model calls {calls}{more})')
    return [f"Left out, because they are no class of the model: {'; '.join(said)}."] if said else []


def _nothing_tagged(root: str, model_id: str, pending: int, skipped: Sequence[SkippedFile]) -> str:
    if pending:
        return f"No photo of {root} has been tagged by {model_id} yet. Tag it first."
    if skipped:
        return (
            f"None of the photos of {root} could be read, {photo_count(len(skipped))} in all. The first: "
            f"{skipped[0].detail}"
        )
    return f"There are no readable photos in {root}. Open another folder."
