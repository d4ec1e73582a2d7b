"""Take results out: predictions, verdicts and evaluations as tables, photos as a zip, a submission file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from gallery import types
from gallery.errors import CatalogError
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.verdicts import JudgedReport
from gallery.services import wiring
from gallery.types import GivenVerdict, ModelCard, PhotoId, PhotoQuery, display_path

if TYPE_CHECKING:
    from gallery.exchange.submission_csv import IdKind, Submission
    from gallery.models import ModelStore


@dataclass(frozen=True, slots=True)
class Exported:
    """A table that was written.

    Attributes:
        rows: lines below the header.
        collections: whose photos are in it.
        model_id: whose predictions.
    """

    rows: int
    collections: int
    model_id: str


class EvaluationTable(StrEnum):
    """The tables of an evaluation; the value is the end of the file's name."""

    REPORT = "report"
    MATRIX = "matrix"
    PHOTOS = "predictions"


def verdicts(
    parts: wiring.Parts, out: Path, *, folder: Path | None = None, model_id: str | None = None
) -> Exported:
    """Write one line for each verdict that stands on photos of one collection, or on all.

    Args:
        parts: real or fake ones.
        out: the CSV to write, whole or not at all.
        folder: of the collection; None for all.
        model_id: as for `predictions`.

    Raises:
        GalleryError: the folder was never opened, there is no such model, or the file cannot be written.
    """
    from gallery.exchange.verdicts_csv import verdict_rows
    from gallery.exchange.verdicts_csv import verdicts_csv as table_of
    from gallery.exchange.whole_file import write_whole

    card, collections = wiring.chosen_card(parts.models, model_id), collections_of(parts, folder)
    copies: dict[PhotoId, list[Path]] = {}
    for collection in collections:
        files = parts.catalog.find_files(PhotoQuery(collection.collection_id, card.model_id))
        for photo in parts.catalog.photos(files):
            copies.setdefault(photo.photo_id, []).append(photo.path)
    given = parts.catalog.standing_verdicts(None if folder is None else list(copies))
    places = {
        (one.photo_id, one.label): _labelled_copy(copies[one.photo_id], one.label)
        for one in given.values()
        if one.photo_id in copies
    }
    rows = verdict_rows(given.values(), places)
    write_whole(out, table_of(rows))
    return Exported(len(rows), len(collections), card.model_id)


def _labelled_copy(paths: Sequence[Path], label: str) -> Path:
    """Return the copy that lies in a folder named by the label; the first where none does."""
    from gallery.datasets.class_names import class_of_name

    named = (path for path in paths if any(class_of_name(part, (label,)) == 0 for part in path.parent.parts))
    return next(named, paths[0])


def collections_of(parts: wiring.Parts, folder: Path | None) -> list[types.Collection]:
    """Return the collection of a folder, which may be gone by now, or all of them.

    Raises:
        CatalogError: the folder was never opened.
    """
    collections = parts.catalog.collections()
    if folder is None:
        return collections
    wanted = folder.expanduser().resolve()
    found = [one for one in collections if one.root == wanted]
    if not found:
        opened = ", ".join(display_path(one.root) for one in collections) or "none"
        raise CatalogError(
            f"{display_path(folder)} has not been opened yet. Tag it first, or choose one of these: {opened}."
        )
    return found


def submission(
    models: ModelStore,
    card: ModelCard,
    folder: Path,
    out: Path,
    *,
    columns: Sequence[str],
    ids: IdKind = "auto",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Submission:
    """Write a row a photo of a folder under the user's headings; the catalog is not touched.

    Args:
        models: the store that the model is in.
        card: the model's.
        folder: whose photos.
        out: the CSV to write, whole or not at all.
        columns: two headings or more; see `submission_csv.predict_to_csv`.
        ids: what the first column holds: a photo's stem, name or path.
        on_progress: gets how many photos of how many are done.

    Raises:
        GalleryError: headings that make no sense, no photos, or a place that cannot be written.
    """
    from gallery.exchange.submission_csv import predict_to_csv

    with wiring.new_decode_pool(card.input_px) as pool:
        return predict_to_csv(
            wiring.scan(folder),
            out,
            root=folder,
            classifier=wiring.load_classifier(models, card.model_id),
            decode=pool.decode,
            columns=columns,
            ids=ids,
            on_progress=on_progress,
        )


def evaluation_csv(evaluation: Evaluation, table: EvaluationTable) -> str:
    """Return one of the tables of an evaluation."""
    from gallery.exchange import evaluation_csv as tables

    if table is EvaluationTable.REPORT:
        return tables.report_csv(evaluation.report)
    return (
        tables.matrix_csv(evaluation.report)
        if table is EvaluationTable.MATRIX
        else tables.photos_csv(evaluation)
    )


def verdicts_csv(
    evaluation: Evaluation, judged: JudgedReport, given: Mapping[tuple[PhotoId, str], GivenVerdict]
) -> str:
    """Return the table of the verdicts on an evaluation's labels, a photo's copies once."""
    from gallery.exchange.verdicts_csv import verdict_rows, verdicts_csv

    names, report = evaluation.report.class_names, evaluation.report
    places = {
        (evaluation.photo_ids[row], names[int(report.y_true[row])]): evaluation.paths[row]
        for row in judged.judgements
    }
    return "".join(verdicts_csv(verdict_rows([given[pair] for pair in places], places)))
