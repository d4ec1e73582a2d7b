"""The composition root: real parts for the use cases; the app adds what it keeps between requests.

Heavy libraries load inside the functions that need them: importing this file
costs neither TensorFlow nor Pillow.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gallery import types
from gallery.errors import ModelError
from gallery.settings import Settings
from gallery.tagging.parts import TaggingCatalog, TaggingProgress, TaggingResult
from gallery.types import FileEntry, ModelCard, PhotoId, SkippedFile

if TYPE_CHECKING:
    from gallery.catalog import Catalog
    from gallery.evaluation import FolderEvaluation
    from gallery.evaluation.dossier import Dossier
    from gallery.evaluation.overlap import PhotoOverlap
    from gallery.exchange.html_report import ReportFile
    from gallery.model_files import ModelStore
    from gallery.network.attribution import Explainer
    from gallery.network.classifier import KerasClassifier
    from gallery.photos.pool import DecodePool
    from gallery.photos.thumbnails import ThumbnailStore
    from gallery.training.pixel_store import Decode
    from gallery.training.request import TrainingParts


@dataclass(frozen=True)
class Parts:
    """What the commands, pages and routes of one process work with."""

    settings: Settings
    catalog: Catalog
    models: ModelStore
    thumbnails: ThumbnailStore


@contextmanager
def composed(settings: Settings) -> Iterator[Parts]:
    """Give the real parts for a home, and close the catalog at the end.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.catalog import Catalog
    from gallery.photos.thumbnails import ThumbnailStore

    with Catalog.open(settings.catalog_dir) as catalog:
        yield Parts(settings, catalog, model_store(settings), ThumbnailStore(settings.thumbnails))


def model_store(settings: Settings) -> ModelStore:
    """Return the models of the repository and of the home, as one store."""
    from gallery.model_files import ModelStore

    return ModelStore(settings.shipped_models, settings.own_models)


def candidates(folder: Path) -> ModelStore:
    """Return the store of a model that was trained and that nobody has kept yet."""
    from gallery.model_files import ModelStore

    return ModelStore(folder / "none", folder)


def chosen_card(models: ModelStore, model_id: str | None) -> ModelCard:
    """Return the card of the model of that id, or of the active one for None.

    Raises:
        ModelError: there is no such model, or none at all that can be used.
    """
    chosen = model_id or models.active_id()
    if chosen is None:
        problems = [entry.problem for entry in models.entries() if entry.problem]
        raise ModelError(
            f"There is no usable model in {models.shipped}, so nothing can be tagged. "
            + (problems[0] if problems else "Put a model folder there, or set GALLERY_MODEL_STORE.")
        )
    return models.card(chosen)


def load_classifier(models: ModelStore, model_id: str) -> KerasClassifier:
    """Return a loaded model; TensorFlow loads with the first one (3-4 s).

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    from gallery.network.classifier import load_classifier as load

    return load(models.card(model_id), models.weights(model_id))


def load_explainer(models: ModelStore, model_id: str) -> Explainer:
    """Return a model with all explanation methods; TensorFlow loads with the first one (3-4 s).

    Raises:
        ModelError: the model is missing, damaged, or does not fit the code.
    """
    from gallery.network.attribution import load_explainer as load

    return load(models.card(model_id), models.weights(model_id))


def decode_pool(input_px: int) -> DecodePool:
    """Return reading processes, half as many as there are cores: the network has the others."""
    from gallery.photos.pool import DecodePool

    return DecodePool(workers=max(2, min(8, (os.cpu_count() or 2) // 2)), input_px=input_px)


def scan(root: Path) -> Iterator[FileEntry | SkippedFile]:
    """Yield the photos below a folder, and what looks like one but cannot be looked at.

    Raises:
        PhotoError: the folder itself cannot be opened.
    """
    from gallery.photos.scan import scan_folder

    skipped: list[SkippedFile] = []
    yield from scan_folder(root, on_skip=skipped.append)
    yield from skipped


def tag(
    parts: Parts,
    collection: types.Collection,
    card: ModelCard,
    *,
    on_progress: Callable[[TaggingProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    only: Collection[Path] | None = None,
) -> TaggingResult:
    """Tag what a model has not seen of a collection.

    Args:
        parts: real or fake ones.
        collection: whose folder is looked through.
        card: the model's.
        on_progress: told how far it is.
        cancelled: asked whether to stop.
        only: paths to which reading is limited; the whole folder is still looked through.

    Raises:
        GalleryError: the folder vanished, the model failed, the catalog cannot be written.
    """
    from gallery.tagging import tag_collection

    catalog = parts.catalog if only is None else cast(TaggingCatalog, _Limited(parts.catalog, set(only)))
    with decode_pool(card.input_px) as pool:
        return tag_collection(
            catalog=catalog,
            collection=collection,
            decode=pool.decode,
            scan=scan,
            load_classifier=lambda: load_classifier(parts.models, card.model_id),
            model_id=card.model_id,
            store_thumbnail=parts.thumbnails.put,
            on_progress=on_progress,
            cancelled=cancelled,
        )


def html_report(
    parts: Parts,
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
    from gallery.exchange.html_report import ReportContents
    from gallery.exchange.html_report import html_report as report_of
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
                pools.append(stack.enter_context(decode_pool(card.input_px)))
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


def training_parts(settings: Settings, *, candidate_in: Path | None = None) -> TrainingParts:
    """Return what a training uses of the other rooms.

    Args:
        settings: where things are.
        candidate_in: where the new model waits to be kept; None saves it among the home's models.
    """
    from gallery.evaluation.labels import class_of_name
    from gallery.evaluation.report import EvaluationReport
    from gallery.settings import CLASS_NAMES
    from gallery.training.request import TrainingParts

    models = model_store(settings)

    def save(card: ModelCard, *given: Any, **extras: Any) -> Path:
        if candidate_in is None:
            return models.save(card, *given, **extras)
        shutil.rmtree(candidate_in, ignore_errors=True)  # of a training that was killed while saving
        return candidates(candidate_in).save(card, *given, **extras)

    @contextmanager
    def decoder(input_px: int) -> Iterator[Decode]:
        with decode_pool(input_px) as pool:
            yield pool.decode

    def translate(name: str) -> str | None:
        index = class_of_name(name, CLASS_NAMES)
        return None if index is None else CLASS_NAMES[index]

    return TrainingParts(
        scan=lambda root: (entry for entry in scan(root) if isinstance(entry, FileEntry)),
        unzip=lambda file: unzip_once(file, settings.training_cache / "unzipped"),
        translate=translate,
        decode=decoder,
        taken=models.taken,
        save=save,
        evaluate=lambda *given: EvaluationReport.from_predictions(*given).to_json(),
    )


def unzip_once(file: Path, area: Path) -> Path:
    """Return the folder with a zip's photos, unpacked now unless that was done before.

    Raises:
        PhotoError: it is no zip, or too large.
    """
    from gallery.photos.uploads import UploadArea

    facts = file.stat()
    key = hashlib.sha256(f"{file}\0{facts.st_size}\0{facts.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    folder = area / key.hexdigest()[:16]
    done = folder.with_suffix(".done")
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)  # of an unpacking that was cut off
        folder.mkdir(parents=True)
        UploadArea(area).unpack_zip(file, folder)
        done.touch()
    return folder


def run_waiting_jobs(settings: Settings) -> int:
    """Run the tagging jobs that wait in the catalog, and return how many ran.

    One model stays loaded for the jobs that follow with it.

    Raises:
        CatalogError: the catalog cannot be opened.
    """
    from gallery.tagging import run_queued_jobs, run_tagging_job

    loaded: dict[str, KerasClassifier] = {}

    with composed(settings) as parts:

        def load(model_id: str) -> KerasClassifier:
            if model_id not in loaded:
                loaded.clear()
                loaded[model_id] = load_classifier(parts.models, model_id)
            return loaded[model_id]

        def run_one(job: types.Job) -> None:
            with decode_pool(parts.models.card(job.model_id).input_px) as pool:
                run_tagging_job(
                    job,
                    catalog=parts.catalog,
                    decode=pool.decode,
                    scan=scan,
                    load_classifier=load,
                    store_thumbnail=parts.thumbnails.put,
                )

        return run_queued_jobs(parts.catalog, run_one, os.getpid())


class _Limited:
    """A catalog in which only some files wait to be tagged."""

    def __init__(self, catalog: TaggingCatalog, only: set[Path]) -> None:
        self._catalog = catalog
        self._only = only

    def pending_files(self, collection_id: int, model_id: str) -> list[Path]:
        return [path for path in self._catalog.pending_files(collection_id, model_id) if path in self._only]

    def __getattr__(self, name: str) -> object:
        return getattr(self._catalog, name)
