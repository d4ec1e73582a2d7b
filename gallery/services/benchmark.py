"""The benchmark: the gallery's tagging against the plain Keras loop, same photos, same process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.services import wiring
from gallery.settings import TAG_BATCH, Settings
from gallery.tagging.parts import TaggingProgress
from gallery.types import CollectionKind, DecodedPhoto, FileEntry, ModelCard, SkippedFile, display_path

if TYPE_CHECKING:
    from gallery.photos.pool import DecodePool


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one of the two took."""

    photos: int
    seconds: float
    photos_per_second: float
    loading_s: float  # the model, with its first batch, which is not counted in seconds
    precision: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both timings on the same photos.

    Attributes:
        same_label: share of photos to which both give the same class.
        skipped: files left out of both, since they cannot be read.
    """

    model_id: str
    photos: int
    plain: Timing
    gallery: Timing
    same_label: float
    skipped: list[SkippedFile]

    @property
    def ratio(self) -> float:
        """How many times as fast the gallery is."""
        return self.gallery.photos_per_second / self.plain.photos_per_second


def compare(
    folder: Path,
    settings: Settings,
    model_id: str | None,
    photos: int | None,
    *,
    note: Callable[[str], None],
    on_progress: Callable[[TaggingProgress], None],
) -> Comparison:
    """Time both on the first photos of a folder.

    Reading all files once beforehand fills the system's file cache for both and
    finds the files that the plain loop would stumble over. The gallery's time
    holds all that it does: scan, decoding in other processes, fingerprints,
    thumbnails, maps, catalog; the plain loop's holds decoding and `predict`.

    Args:
        folder: of photos.
        settings: where the models are.
        model_id: of the model; the active one if None.
        photos: how many; all if None.
        note: is told what begins.
        on_progress: is told how far the gallery is.

    Raises:
        GalleryError: the folder has no readable photos, or the model fails.
    """
    card = wiring.chosen_card(wiring.model_store(settings), model_id)
    found = (entry for entry in wiring.scan(folder) if isinstance(entry, FileEntry))
    entries = list(islice(found, photos))
    with wiring.new_decode_pool(card.input_px) as pool:
        note(f"Reading {len(entries):,} files once ...")
        entries, warm_up, skipped = _readable(pool, entries)
        if not entries:
            raise DatasetError(
                f"There are no readable photos in {display_path(folder)}. Choose another folder."
            )
        note(f"The plain loop: load_img at {card.input_px}, float32, predict in batches of {TAG_BATCH} ...")
        plain, plain_labels = time_plain_loop(settings, card, [entry.path for entry in entries])
        note("The gallery ...")
        own, own_labels = _time_gallery(settings, card, folder, entries, pool, warm_up, on_progress)
    same = float((plain_labels == own_labels).mean())
    return Comparison(card.model_id, len(entries), plain, own, same, skipped)


def time_plain_loop(
    settings: Settings, card: ModelCard, paths: Sequence[Path]
) -> tuple[Timing, NDArray[np.int64]]:
    """Return the timing of the plain loop, and the class index that it gave each photo."""
    started = time.perf_counter()
    from gallery.network.plain import build_plain_model, classify_plainly

    weights = wiring.model_store(settings).weights(card.model_id)
    model = build_plain_model(card, weights)
    classify_plainly(model, paths[:TAG_BATCH], card.preprocessing, batch=TAG_BATCH)
    loading_s = time.perf_counter() - started
    started = time.perf_counter()
    probabilities = classify_plainly(model, paths, card.preprocessing, batch=TAG_BATCH)
    seconds = time.perf_counter() - started
    timing = Timing(len(paths), seconds, len(paths) / seconds, loading_s, "float32")
    return timing, np.asarray(probabilities.argmax(axis=1), np.int64)


def _time_gallery(
    settings: Settings,
    card: ModelCard,
    folder: Path,
    entries: Sequence[FileEntry],
    pool: DecodePool,
    warm_up: Sequence[DecodedPhoto],
    on_progress: Callable[[TaggingProgress], None],
) -> tuple[Timing, NDArray[np.int64]]:
    """Return the timing of tagging into an empty home, and the class index of each photo."""
    from gallery.tagging import tag_collection

    started = time.perf_counter()
    classifier = wiring.load_classifier(wiring.model_store(settings), card.model_id)
    classifier.classify(np.stack([photo.model_input for photo in warm_up]))
    loading_s = time.perf_counter() - started
    with tempfile.TemporaryDirectory(prefix="gallery-benchmark-") as home:
        fresh = Settings(Path(home).resolve(), settings.shipped_models)
        with wiring.composed(fresh) as parts:
            collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
            result = tag_collection(
                catalog=parts.catalog,
                collection=collection,
                decode=pool.decode,
                scan=lambda root: _among(root, entries),
                load_classifier=lambda: classifier,
                model_id=card.model_id,
                store_thumbnail=parts.thumbnails.put,
                on_progress=on_progress,
            )
            table = parts.catalog.prediction_table(collection.collection_id, card.model_id)
    label_of = dict(zip(table.paths, table.probabilities.argmax(axis=1).tolist(), strict=True))
    # Photos a second counts those classified: copies of a photo are recognised, and gain nothing here.
    timing = Timing(result.photos, result.seconds, result.photos_per_second, loading_s, classifier.precision)
    return timing, np.array([label_of.get(entry.path, -1) for entry in entries], np.int64)


def _among(root: Path, entries: Sequence[FileEntry]) -> list[FileEntry]:
    """Return the chosen files of a folder, after looking through all of it."""
    chosen = {entry.path for entry in entries}
    return [e for e in wiring.scan(root) if isinstance(e, FileEntry) and e.path in chosen]


def _readable(
    pool: DecodePool, entries: Sequence[FileEntry]
) -> tuple[list[FileEntry], list[DecodedPhoto], list[SkippedFile]]:
    """Return the files that can be read, the first batch of them decoded, and the others."""
    warm_up: list[DecodedPhoto] = []
    skipped: list[SkippedFile] = []
    for result in pool.decode(entry.path for entry in entries):
        if isinstance(result, SkippedFile):
            skipped.append(result)
        elif len(warm_up) < TAG_BATCH:
            warm_up.append(result)
    unreadable = {file.path for file in skipped}
    return [entry for entry in entries if entry.path not in unreadable], warm_up, skipped
