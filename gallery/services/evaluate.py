"""Evaluate a labelled folder: open it, tag it, and give its `Evaluation` to page, command and report.

What pages ask for is computed once and kept as long as the catalog stays as it is.
"""

from __future__ import annotations

import functools
import importlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery import types
from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation.evaluation import Evaluation, LabelSource
from gallery.evaluation.overlap import SeenPhotos
from gallery.jobs.task import Report
from gallery.services import collections, imported_labels, tagging, wiring
from gallery.tagging.parts import TaggingProgress
from gallery.types import CollectionKind, ModelCard, RgbImage, display_path
from gallery.words import counted

MANY = 1000
"""From so many photos on, opening a tab for the first time would take over a third of a second."""

FIRST_S = 1.0
"""The page itself is drawn first."""

LIBRARIES_AFTER_S = 10.0
"""From the start of the server to when they load: the first page is drawn by then."""

AHEAD = "evaluation ahead"
"""Lane, and first field of the key, of the one task that computes ahead."""


@wiring.until_changed(6)
def find(collection_id: int, model_id: str, source: LabelSource) -> Evaluation:
    """Return the evaluation of what a model has tagged so far of a collection.

    It is the same object until the catalog changes.

    Args:
        collection_id: whose photos.
        model_id: whose predictions.
        source: where the true classes come from: the folders or people.

    Raises:
        DatasetError: nothing is tagged yet, the folder's layout cannot be evaluated, or nobody named a photo.
        GalleryError: there is no such collection or model, or the catalog cannot be read.
    """
    from gallery.datasets.people import labels_of_people
    from gallery.evaluation.evaluation import evaluate_collection

    catalog, names = wiring.catalog(), wiring.models().card(model_id).class_names
    collection, seen = catalog.collection(collection_id), seen_photos(wiring.parts(), model_id)
    labels = None
    if source is LabelSource.PEOPLE:
        table = catalog.prediction_table(collection_id, model_id)
        labels = labels_of_people(table, catalog.labels(table.photo_ids), names)
    return evaluate_collection(catalog, collection, model_id, names, labels=labels, source=source, seen=seen)


def seen_photos(parts: wiring.Parts, model_id: str) -> SeenPhotos:
    """Return the photos that a model was trained and validated on, as its folder lists them.

    A list may name a photo by its picture, or (an older model's) by the bytes of its file.

    Raises:
        ModelError: there is no such model.
    """
    listed = parts.models.training_photos(model_id), parts.models.validation_photos(model_id)
    trained, validated = (digests | parts.catalog.photos_named(digests) for digests in listed)
    return SeenPhotos(trained, validated)


def load_libraries_soon() -> None:
    """Have what Evaluate and Review compute with loaded in the background, two seconds' work."""

    def load() -> None:
        for name in ("pandas", "scipy.optimize", "sklearn.metrics"):
            importlib.import_module(name)

    timer = threading.Timer(LIBRARIES_AFTER_S, load)
    timer.daemon = True
    timer.start()


def compute_ahead(shown: Evaluation) -> None:
    """Have what the tabs show first and slowly computed, so that no click waits for it; returns at once.

    What fails here fails again, with its sentence, when somebody opens the tab.

    Args:
        shown: what the page shows now; the parts of an earlier one are not computed any further.
    """
    if shown.report.n < MANY or wiring.catalog().live_job() is not None:
        return  # a tagging changes the catalog again at once
    tasks, key = wiring.tasks(), (AHEAD, shown)
    if tasks.known(key) is None:
        tasks.forget(AHEAD)
        tasks.ask(key, lambda tell: _compute_parts(shown, tell), lane=AHEAD)


def _compute_parts(shown: Evaluation, tell: Report) -> None:
    time.sleep(FIRST_S)
    tell(0, 0)  # ends it, once another evaluation is shown
    for done, _ in enumerate(_parts_in_order(shown), start=1):
        tell(done, 0)


def _parts_in_order(shown: Evaluation) -> Iterator[object]:
    """Compute one part after the other, what people open first at the beginning."""
    diagnosis = shown.diagnosis
    yield diagnosis.curves
    for k in diagnosis.curves_worst_first[:1]:
        yield diagnosis.area_intervals(k)
    yield diagnosis.bins_after
    yield diagnosis.coverage
    yield shown.slices
    yield diagnosis.suspects
    for k in diagnosis.curves_worst_first:
        yield diagnosis.area_intervals(k)


def open_folder(folder: Path, card: ModelCard) -> types.Collection:
    """Return a labelled folder as a collection whose tagging is under way.

    Raises:
        DatasetError: its layout cannot be evaluated; nothing was opened.
        GalleryError: it cannot be opened, or no job can start.
    """
    root = wiring.settings().allow(folder)
    check_layout(root, card)
    return collections.take_in(root, CollectionKind.FOLDER)


def check_layout(root: Path, card: ModelCard) -> None:
    """Refuse a folder that cannot be evaluated, before any photo is read.

    Raises:
        DatasetError: a sub-folder is no class of the model, or nothing is labelled.
        PhotoError: the folder cannot be opened.
    """
    from gallery.datasets.folder import labels_of

    labels_of(root, photo_paths(root), card.class_names)


def photo_paths(root: Path) -> list[Path]:
    """Return the photos below a folder.

    Raises:
        PhotoError: the folder cannot be opened.
    """
    return [entry.path for entry in wiring.photos_in(root)]


def labelled_by_people(collection_id: int, model_id: str) -> int:
    """Return how many of the photos that a model has tagged people have labelled."""
    catalog = wiring.catalog()
    return len(catalog.labels(catalog.prediction_table(collection_id, model_id).photo_ids))


def measure_again(collection_id: int) -> None:
    """Have the photos that lack brightness and sharpness read again; tags and labels stay.

    Raises:
        GalleryError: the catalog cannot be written, or no job can start.
    """
    wiring.catalog().read_again(collection_id)
    tagging.start_job(collection_id)


def average_picture(heat: NDArray[np.floating], size_px: int) -> RgbImage:
    """Return an average map, (h, w) >= 0, as a square picture in colours, hottest where it is strongest.

    Returns:
        (size_px, size_px, 3) uint8; dashes mark off the border (`evidence.BORDER`).
    """
    from gallery.evaluation.evidence import BORDER
    from gallery.photos import heatmap

    drawn = heatmap.cells(heat, size_px=(size_px, size_px)).copy()
    edge = round(size_px * BORDER)
    last = size_px - edge - 1
    dashes = np.arange(edge, last + 1)
    dashes = dashes[dashes // 4 % 2 == 0]
    for side in (edge, last):
        drawn[side, dashes] = drawn[dashes, side] = (200, 200, 200)
    return drawn


def labels_of_file(file: Path, folder: Path, card: ModelCard, *, split: str | None = None) -> ModelLabels:
    """Return the class index of each photo of a folder that a file of labels names.

    Args:
        file: a table, Timelapse's too; MegaDetector's results; a Camtrap DP package; a folder of sidecars.
        folder: whose photos.
        card: the model's.
        split: of a table, only rows with this value in the column split.

    Raises:
        GalleryError: it cannot be read, does not fit the model's classes or the folder, points to no photo,
            or has labels of models alone.
    """
    if file.is_dir() or file.suffix.lower() == ".json":
        return _labels_of_another_program(file, folder, card, split)
    return _labels_of_table(file, folder, card, split)


def _labels_of_another_program(file: Path, folder: Path, card: ModelCard, split: str | None) -> ModelLabels:
    from gallery.datasets.table import TableRow, labels_as_classes, only_of_models
    from gallery.exchange.rows import MODEL

    if split is not None:
        raise DatasetError("--split chooses rows of a table; this file is none.")
    every = list(imported_labels.labels_in(file, folder))
    given = [one for one in every if one.source != MODEL]
    if every and not given:
        raise only_of_models(file, len(every))
    places = imported_labels.Places(photo_paths(folder), folder)
    rows, unknown = [], []
    for one in given:
        path = places.of(one)
        if path is None:
            unknown.append(one.place)
        else:
            rows.append(TableRow(one.place, path, one.label, "", "", one.source, one.person))
    if not rows:
        raise DatasetError(
            f"None of the {counted(len(given), 'label')} in {display_path(file)} is of a photo in "
            f"{display_path(folder)}." + (f" The first is of {unknown[0]}." if unknown else "")
        )
    listed = labels_as_classes(file, rows, card.class_names)
    sentences = []
    if unknown:
        sentences.append(
            f"{len(unknown):,} of {counted(len(given), 'label')} are of no photo in {display_path(folder)}; "
            f"the first is of {unknown[0]}."
        )
    if len(given) < len(every):
        sentences.append(f"{counted(len(every) - len(given), 'label')} left out: a model gave them.")
    return replace(listed, problems=(*sentences, *listed.problems))


def _labels_of_table(table: Path, folder: Path, card: ModelCard, split: str | None) -> ModelLabels:
    from gallery.datasets.table import read_label_table

    listed = read_label_table(table, card.class_names, split=split)
    by_path = {path: index for path, index in listed.by_path.items() if folder in path.parents}
    if not by_path:
        raise DatasetError(
            f"None of the {len(listed.by_path):,} photos listed in {display_path(table)} lies in "
            f"{display_path(folder)}. Paths in a table are relative to the table's own folder. The first is "
            f"{display_path(next(iter(listed.by_path)))}."
        )
    missing = [path for path in by_path if not path.is_file()]
    if missing:
        sentence = (
            f"{len(missing):,} of the {len(by_path):,} photos listed in {display_path(table)} do not exist; "
            f"the first is {display_path(missing[0])}."
        )
        if len(missing) == len(by_path):
            raise DatasetError(f"{sentence} Paths in a table are relative to the table's own folder.")
        return replace(listed, by_path=by_path, problems=(sentence, *listed.problems))
    return replace(listed, by_path=by_path)


def tag_and_evaluate(
    parts: wiring.Parts,
    folder: Path,
    card: ModelCard,
    labels: ModelLabels | None,
    *,
    on_progress: Callable[[TaggingProgress], None],
    cancelled: Callable[[], bool],
) -> Evaluation | None:
    """Tag now what a model has not seen of a folder, and return its evaluation; None if it was cancelled.

    Args:
        parts: real or fake ones.
        folder: the labelled folder.
        card: the model's.
        labels: to whose photos reading is limited; None where the folders' names are the labels.
        on_progress: gets the progress of the tagging.
        cancelled: asked whether to stop.

    Raises:
        GalleryError: the folder vanished, the model failed, or nothing is labelled.
    """
    from gallery.evaluation.evaluation import evaluate_collection

    collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
    only = None if labels is None else labels.by_path
    how = functools.partial(tagging.tag_here, parts, card, only=only)
    tagged = tagging.tag(parts, collection, card, on_progress=on_progress, cancelled=cancelled, how=how)
    if tagged.cancelled:
        return None
    return evaluate_collection(
        parts.catalog, collection, card.model_id, card.class_names,
        labels=labels,
        source=LabelSource.FOLDERS if labels is None else LabelSource.TABLE,
        seen=seen_photos(parts, card.model_id),
    )  # fmt: skip
