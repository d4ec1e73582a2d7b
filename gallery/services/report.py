"""An evaluation as one HTML file."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gallery import types
from gallery.services import wiring
from gallery.types import ModelCard, PhotoId

if TYPE_CHECKING:
    from gallery.evaluation import FolderEvaluation
    from gallery.evaluation.dossier import Dossier
    from gallery.evaluation.overlap import PhotoOverlap
    from gallery.exchange.report import ReportFile
    from gallery.models import ModelStore
    from gallery.photos.pool import DecodePool


def html_report(
    parts: wiring.Parts,
    evaluation: FolderEvaluation,
    card: ModelCard,
    *,
    root: Path,
    other: tuple[ModelCard, FolderEvaluation] | None = None,
    labels_from: str = "the names of the sub-folders",
    label_table_sha256: str | None = None,
    left_out: int = 0,
    show_path: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> ReportFile:
    """Return an evaluation as one HTML file; nothing is tagged here.

    Args:
        parts: real or fake ones.
        evaluation: of photos that the catalog has.
        card: the model's.
        root: the evaluated folder.
        other: a model to compare with, and its evaluation of the same folder.
        labels_from: where the labels come from, in words.
        label_table_sha256: of the table they come from, if they do.
        left_out: photos that are not in the evaluation, since the model was trained on them.
        show_path: whether the folder's path is told, besides its name.
        on_progress: told in a sentence what is being done.

    Raises:
        GalleryError: the parts do not fit, the catalog cannot be read, or the report is too large.
    """
    from importlib.metadata import version

    from gallery.evaluation.dossier import Dossier
    from gallery.exchange.report import ReportContents
    from gallery.exchange.report import html_report as report_of
    from gallery.photos.report_pictures import ReportPictures
    from gallery.settings import THUMBNAIL_PX

    catalog, photo_ids, report = parts.catalog, evaluation.photo_ids, evaluation.report
    maps = catalog.class_cams(card.model_id, photo_ids, np.stack([report.y_true, report.y_pred], axis=1))
    dossier = Dossier.of(
        evaluation,
        catalog.features(card.model_id, photo_ids),
        root=root,
        photos=catalog.photos(evaluation.file_ids),
        trained=parts.models.training_photos(card.model_id),
        validated=parts.models.validation_photos(card.model_id),
        maps=None if maps is None else maps[0],
        verdicts=catalog.standing_verdicts(photo_ids),
        other=None if other is None else other[1],
    )
    contents = ReportContents(
        dossier=dossier,
        card=card,
        folder=types.display_path(Path(root.name or str(root))),
        names=[_below(path, root) for path in evaluation.paths],
        made_at=datetime.datetime.now().astimezone().strftime("%d %B %Y, %H:%M (UTC%z)"),
        labels_from=labels_from,
        label_table_sha256=label_table_sha256,
        left_out=left_out,
        full_path=types.display_path(root) if show_path else None,
        other_card=None if other is None else other[0],
        other_overlap=None if other is None else _overlap(dossier, parts.models, other[0].model_id),
        library_versions=[("numpy", version("numpy")), ("Pillow", version("pillow"))],
    )
    with ExitStack() as stack:
        pools: list[DecodePool] = []

        def thumbnail_again(path: Path, photo_id: PhotoId) -> bytes:
            if not pools:
                pools.append(stack.enter_context(wiring.new_decode_pool(card.input_px)))
            return pools[0].large_jpeg(path, THUMBNAIL_PX, photo_id=photo_id)

        pictures = ReportPictures(
            photo_ids, evaluation.paths, card.model_id, catalog, parts.thumbnails, thumbnail_again
        )
        return report_of(contents, pictures, on_progress=on_progress)


def _overlap(dossier: Dossier, models: ModelStore, other_id: str) -> PhotoOverlap:
    """Return what the second model of a comparison has seen of the compared photos before."""
    from gallery.evaluation.overlap import photo_overlap

    rows = dossier.compared
    return photo_overlap(
        [dossier.evaluation.photo_ids[row] for row in rows.tolist()],
        dossier.report.y_true[rows],
        models.training_photos(other_id),
        models.validation_photos(other_id),
    )


def _below(path: Path, root: Path) -> str:
    """Return a photo's place below a folder as text, with forward slashes."""
    shown = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    return types.display_path(shown).replace("\\", "/")
