"""A labelled folder with what a model predicted: every number of it, and the photos behind each.

The Evaluate page, ``evaluate`` and the report file show the same `Evaluation`. Its
parts are computed, or read from what is stored, when they are first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.datasets.folder import labels_of
from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation.diagnosis import Diagnosis
from gallery.evaluation.evidence import FolderEvidence
from gallery.evaluation.metrics import IntVector
from gallery.evaluation.overlap import PhotoOverlap, SeenPhotos, photo_overlap
from gallery.evaluation.report import EvaluationReport
from gallery.evaluation.sequences import SequenceEvaluation, by_sequence
from gallery.evaluation.slices import Slice, all_slices, folder_names, slice_names, worst_first
from gallery.evaluation.verdicts import JudgedReport, judged, judgements_of
from gallery.types import (
    Collection,
    FloatArray,
    GivenVerdict,
    PhotoId,
    PhotoMetadata,
    PredictionTable,
    SkippedFile,
    display_path,
)
from gallery.words import photo_count, without_surrogates


class LabelSource(StrEnum):
    """Where the true classes come from."""

    FOLDERS = "folders"
    PEOPLE = "people"
    TABLE = "table"


class StoredPhotos(Protocol):
    """What is stored of photos beside their predictions; `gallery.catalog` has the real one."""

    def features(self, model_id: str, photo_ids: Sequence[PhotoId], /) -> NDArray[np.floating]: ...
    def metadata(self, photo_ids: Sequence[PhotoId], /) -> Sequence[PhotoMetadata | None]: ...
    def class_cams(
        self, model_id: str, photo_ids: Sequence[PhotoId], class_indices: NDArray[np.integer], /
    ) -> tuple[FloatArray, NDArray[np.bool_]] | None: ...
    def standing_verdicts(
        self, photo_ids: Sequence[PhotoId], /
    ) -> Mapping[tuple[PhotoId, str], GivenVerdict]: ...


class EvaluationCatalog(StoredPhotos, Protocol):
    """What an evaluation needs of the catalog; `gallery.catalog` has the real one."""

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable: ...
    def pending_files(self, collection_id: int, model_id: str) -> Sequence[Path]: ...
    def skipped_files(self, collection_id: int) -> list[SkippedFile]: ...


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The labelled photos of a collection that a model has tagged; row r of every part is the same photo.

    Attributes:
        collection_id: the collection's.
        root: its folder.
        labels: where the true classes come from.
        report: true classes, probabilities and every score of the n photos.
        file_ids: (n,) the files in the catalog.
        photo_ids: n of them.
        paths: n of them, absolute.
        stored: what is stored of the photos.
        seen: the photos that the model was trained and validated on.
        skipped: labelled files that could not be read; they are in no number.
        problems: sentences on what is odd but did not stop the evaluation.
        left_out: the photos that the model was trained on, where they were left out of this evaluation.
    """

    collection_id: int
    root: Path
    labels: LabelSource
    report: EvaluationReport
    file_ids: NDArray[np.int64] = field(repr=False)
    photo_ids: tuple[PhotoId, ...] = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    stored: StoredPhotos = field(repr=False)
    seen: SeenPhotos = field(default_factory=SeenPhotos, repr=False)
    skipped: tuple[SkippedFile, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: Evaluation | None = field(default=None, repr=False)

    @property
    def identity(self) -> tuple[int, str, LabelSource]:
        """What a choice made here belongs to: collection, model and source of the labels."""
        return self.collection_id, self.report.model_id, self.labels

    @property
    def folder_name(self) -> str:
        """The folder's name as text, for the names of files about it."""
        return display_path(self.root).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "photos"

    def only(self, rows: NDArray[np.integer]) -> Evaluation:
        """Return the evaluation of some of the photos, in the order given; what was skipped stays.

        Raises:
            DatasetError: there are no rows.
        """
        report = self.report
        return replace(
            self,
            report=EvaluationReport.from_predictions(
                report.y_true[rows], report.probabilities[rows], report.class_names, report.model_id
            ),
            file_ids=self.file_ids[rows],
            photo_ids=tuple(self.photo_ids[row] for row in rows),
            paths=tuple(self.paths[row] for row in rows),
        )

    @cached_property
    def overlap(self) -> PhotoOverlap:
        """Photos that the model was trained or validated on, and copies."""
        return photo_overlap(self.photo_ids, self.report.y_true, self.seen)

    @cached_property
    def unseen(self) -> Evaluation:
        """The evaluation without the photos that the model was trained on; itself if all or none are."""
        kept = self.overlap.unseen
        if len(kept) in (0, self.report.n):
            return self
        return replace(self.only(kept), left_out=self.only(self.overlap.trained_on))

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Where the scores come from: curves, calibration, coverage, labels that may be wrong."""
        return Diagnosis(
            self.report, self.photo_ids, lambda: self.stored.features(self.report.model_id, self.photo_ids)
        )

    @cached_property
    def metadata(self) -> Sequence[PhotoMetadata | None]:
        """What each photo says of itself."""
        return self.stored.metadata(self.photo_ids)

    @cached_property
    def sequences(self) -> SequenceEvaluation:
        """The evaluation in which photos of one folder that were taken in one go count once."""
        taken = [None if one is None else one.taken_at for one in self.metadata]
        return by_sequence(self.report, folder_names(self.paths, self.root), taken)

    @property
    def unmeasured(self) -> int:
        """How many photos were read before brightness and sharpness were measured."""
        return sum(
            one is not None and (one.brightness is None or one.sharpness is None) for one in self.metadata
        )

    @cached_property
    def slices(self) -> dict[str, tuple[Slice, ...]]:
        """How good the model is on parts of the photos, by dimension, the worst part first."""
        correct = self.report.y_true == self.report.y_pred
        return all_slices(slice_names(self.paths, self.root, self.metadata), correct)

    def slices_by(self, dimension: str | None = None) -> tuple[Slice, ...]:
        """Return the slices of one dimension, or of all that divide the photos, worst first."""
        if dimension is not None:
            return self.slices[dimension]
        return worst_first(one for slices in self.slices.values() if len(slices) > 1 for one in slices)

    @cached_property
    def evidence(self) -> FolderEvidence | None:
        """Where the model finds its evidence in each photo; None for a model without stored maps."""
        report = self.report
        wanted = np.stack([report.y_true, report.y_pred], axis=1)
        found = self.stored.class_cams(report.model_id, self.photo_ids, wanted)
        if found is None:
            return None
        return FolderEvidence.of(found[0], report.y_true, report.y_pred, len(report.class_names))

    def verdicts(self) -> Mapping[tuple[PhotoId, str], GivenVerdict]:
        """Return people's verdicts on these photos as they stand now, by photo and judged label."""
        return self.stored.standing_verdicts(self.photo_ids)

    def judged(self, verdicts: Mapping[tuple[PhotoId, str], GivenVerdict]) -> JudgedReport:
        """Return the report before and after some verdicts.

        Raises:
            DatasetError: nothing is left to score.
        """
        return judged(self.report, judgements_of(self.report, self.photo_ids, verdicts))

    def copies(self) -> IntVector:
        """Return the rows of the photos that are there more than once, those with different labels first."""
        clash = {int(rows[0]) for rows in self.overlap.contradicting}
        groups = sorted(self.overlap.repeated, key=lambda rows: int(rows[0]) not in clash)
        return np.concatenate(groups) if groups else np.zeros(0, np.int64)

    def relative(self, path: Path) -> str:
        """Return a file's place below the folder as text, with forward slashes."""
        shown = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return display_path(shown).replace("\\", "/")


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
