"""An evaluation as one HTML file that opens anywhere."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.evaluation.comparison import EvaluationPair
from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.services import evaluate, wiring
from gallery.types import ModelCard, PhotoId, display_path

if TYPE_CHECKING:
    from gallery.exchange.report.file import ReportFile


_LABELS_FROM = {
    LabelSource.FOLDERS: "the names of the sub-folders",
    LabelSource.PEOPLE: "what people said of the photos in the gallery",
    LabelSource.TABLE: "a table",
}


def file_name(evaluation: Evaluation) -> str:
    """Return what a report is called when it is downloaded; every system takes the name."""
    from gallery.exchange.photo_zip import portable_name

    return f"{portable_name(evaluation.folder_name)}_report.html"


def of_collection(
    collection_id: int, model_id: str, labels: LabelSource, *, with_trained: bool
) -> tuple[ReportFile, str]:
    """Return the report of a collection, made now, and what it is called.

    Args:
        collection_id: whose photos.
        model_id: the model that is evaluated.
        labels: where the true classes come from: the folders or people.
        with_trained: whether photos count on which the model was trained.

    Raises:
        GalleryError: as `evaluate.find` and `html_report`.
    """
    card = wiring.models().card(model_id)
    evaluation = evaluate.find(collection_id, card.model_id, labels)
    shown = evaluation if with_trained else evaluation.unseen
    return html_report(wiring.parts(), shown, card), file_name(shown)


def check_place(out: Path) -> None:
    """Refuse a place that cannot be meant for a report; to be asked before the long work.

    Raises:
        ExchangeError: the name does not end with .html, or there is no such folder.
    """
    from gallery.exchange.report.file import check_report_place

    check_report_place(out)


def write(out: Path, report: ReportFile) -> None:
    """Write a report to a file, whole or not at all.

    Raises:
        ExchangeError: see `check_place`, or the place cannot be written.
    """
    from gallery.exchange.report.file import write_html_report

    write_html_report(out, report)


def html_report(
    parts: wiring.Parts,
    evaluation: Evaluation,
    card: ModelCard,
    *,
    other: tuple[ModelCard, Evaluation] | None = None,
    labels_from: str | None = None,
    label_table_sha256: str | None = None,
    show_path: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> ReportFile:
    """Return an evaluation as one HTML file; nothing is tagged here.

    Args:
        parts: real or fake ones.
        evaluation: of photos that the catalog has.
        card: the model's.
        other: a model to compare with, and its evaluation of the same folder.
        labels_from: where the labels come from, in words; as the evaluation says if left out.
        label_table_sha256: of the table they come from, if they do.
        show_path: whether the folder's path is in it, besides its name.
        on_progress: gets a sentence on what is being done.

    Raises:
        GalleryError: the evaluations do not fit, the catalog cannot be read, or the report is too large.
    """
    from importlib.metadata import version

    from gallery.exchange.report.contents import ReportContents
    from gallery.exchange.report.file import html_report as report_of
    from gallery.photos.report_pictures import ReportPictures
    from gallery.settings import THUMBNAIL_PX

    root, verdicts = evaluation.root, evaluation.verdicts()
    judged = evaluation.judged(verdicts) if verdicts else None
    contents = ReportContents(
        evaluation=evaluation,
        card=card,
        folder=display_path(Path(root.name or str(root))),
        names=[evaluation.relative(path) for path in evaluation.paths],
        made_at=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M (UTC%z)"),
        labels_from=labels_from or _LABELS_FROM[evaluation.labels],
        label_table_sha256=label_table_sha256,
        judged=judged if judged is not None and judged.judgements else None,
        pair=None if other is None else EvaluationPair.of(evaluation, other[1]),
        full_path=display_path(root) if show_path else None,
        other_card=None if other is None else other[0],
        library_versions=[("numpy", version("numpy")), ("Pillow", version("pillow"))],
    )

    def thumbnail_again(path: Path, photo_id: PhotoId) -> bytes:
        return wiring.decode_pool().large_jpeg(path, THUMBNAIL_PX, photo_id=photo_id)

    pictures = ReportPictures(
        evaluation.photo_ids,
        evaluation.paths,
        card.model_id,
        parts.catalog,
        parts.thumbnails,
        thumbnail_again,
    )
    return report_of(contents, pictures, on_progress=on_progress)
