"""Take results out: verdicts and evaluations as tables, a submission file, photos' labels as a download."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery import types
from gallery.errors import CatalogError
from gallery.evaluation.evaluation import Evaluation
from gallery.evaluation.verdicts import JudgedReport
from gallery.services import formats, photo_view, wiring
from gallery.types import GivenVerdict, ModelCard, PhotoId, PhotoQuery

if TYPE_CHECKING:
    from gallery.exchange.rows import PredictionRow
    from gallery.exchange.submission_csv import IdKind, Submission
    from gallery.models import ModelStore


class EvaluationTable(StrEnum):
    """The tables of an evaluation; the value is the end of the file's name."""

    REPORT = "report"
    MATRIX = "matrix"
    PHOTOS = "predictions"


def verdicts(
    parts: wiring.Parts, out: Path, *, folder: Path | None = None, model_id: str | None = None
) -> tuple[int, int]:
    """Write one line for each verdict that stands on photos of one collection, or on all.

    Args:
        parts: real or fake ones.
        out: the CSV to write, whole or not at all.
        folder: of the collection; None for all.
        model_id: as for `formats.write`.

    Returns:
        How many verdicts, and how many collections they are of.

    Raises:
        GalleryError: the folder was never opened, there is no such model, or the file cannot be written.
    """
    from gallery.exchange.verdicts_csv import verdict_rows
    from gallery.exchange.verdicts_csv import verdicts_csv as table_of
    from gallery.exchange.whole_file import write_whole

    card, collections = wiring.chosen_card(parts.models, model_id), wiring.collections_of(parts, folder)
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
    return len(rows), len(collections)


def _labelled_copy(paths: Sequence[Path], label: str) -> Path:
    """Return the copy that lies in a folder named by the label; the first where none does."""
    from gallery.datasets.class_names import class_of_name

    named = (path for path in paths if any(class_of_name(part, (label,)) == 0 for part in path.parent.parts))
    return next(named, paths[0])


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

    if table is EvaluationTable.PHOTOS:
        return tables.photos_csv(evaluation)
    written = tables.report_csv if table is EvaluationTable.REPORT else tables.matrix_csv
    return written(evaluation.report)


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


# ---- photos' labels as one file to download ---------------------------------


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is made while it is sent."""

    content: Iterator[bytes]
    suffix: str
    media_type: str


def download(
    name: str,
    file_ids: NDArray[np.int64],
    model_id: str,
    class_names: Sequence[str],
    options: formats.Options,
) -> Download:
    """Return some files' labels in a format, as one file to download: a zip where it is many files.

    Raises:
        GalleryError: none of the files has been read, or the format lacks something.
    """
    from gallery.exchange.rows import with_sequences

    chosen, parts = formats.format_named(name), wiring.parts()
    collection = _collection_of(file_ids)
    if collection is None:
        raise CatalogError("None of the selected files has been read yet, so there is nothing to write down.")
    rows = formats.rows_of(parts, collection, model_id, class_names, file_ids)
    if options.by_sequence:
        rows = with_sequences(rows)
    if chosen.name == "folders":
        from gallery.exchange.class_folders import class_place
        from gallery.exchange.photo_zip import stream_zip

        entries = ((row.photo.path, "/".join(class_place(row)[:-1])) for row in rows)
        copies = stream_zip(entries, cleaned=formats.cleaned_of(parts, options))
        return Download(copies, ".zip", "application/zip")
    if chosen.suffix:
        text = formats.text_of(chosen, rows, class_names, model_id, options)
        kind = "application/json" if chosen.suffix == ".json" else "text/csv; charset=utf-8"
        return Download((line.encode() for line in text), chosen.suffix, kind)
    files = (
        (
            (file, text.encode())
            for file, text in formats.package_of(rows, options, [collection.name]).files.items()
        )
        if chosen.name == "camtrap-dp"
        else _sidecars(rows, options)
    )
    return Download(iter([_zipped(files)]), ".zip", "application/zip")


def download_name(file_ids: NDArray[np.int64]) -> str:
    """Return what a file of some photos' labels is called: their collection, the day and their number."""
    collection = _collection_of(file_ids)
    name = "gallery" if collection is None else collection.name
    return f"{name} {datetime.date.today().isoformat()} {len(file_ids)} photo{'s' * (len(file_ids) != 1)}"


def _collection_of(file_ids: NDArray[np.int64]) -> types.Collection | None:
    """Return the collection of the first of some files that has been read, None where none has."""
    photo = photo_view.first_read(file_ids)
    return None if photo is None else wiring.catalog().collection(photo.collection_id)


def _sidecars(rows: Iterable[PredictionRow], options: formats.Options) -> Iterator[tuple[str, bytes]]:
    from gallery.exchange.xmp_sidecars import named_apart, sidecar, sidecar_of

    for row, naming in named_apart(rows, options.naming):
        yield sidecar_of(Path(row.relative), naming).as_posix(), sidecar(row, rating=options.rating)


def _zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    packed, taken = io.BytesIO(), set[str]()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            if name not in taken:
                archive.writestr(name, content)
            taken.add(name)
    return packed.getvalue()
