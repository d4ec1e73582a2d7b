"""``benchmark DIR``: the gallery's tagging against the plain Keras loop, same photos, same process."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery.cli.output import ProgressBar, answer, note, note_skipped, say
from gallery.errors import DatasetError
from gallery.services import wiring
from gallery.settings import TAG_BATCH, Settings
from gallery.types import CollectionKind, DecodedPhoto, FileEntry, ModelCard, SkippedFile, display_path
from gallery.words import percent

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


def benchmark(arguments: argparse.Namespace, settings: Settings) -> int:
    """Time both, and print their photos a second and the ratio.

    Reading all files once beforehand fills the system's file cache for both and
    finds the files that the plain loop would stumble over. The gallery's time
    holds all that it does: scan, decoding in other processes, fingerprints,
    thumbnails, maps, catalog; the plain loop's holds decoding and `predict`.

    Raises:
        GalleryError: the folder has no readable photos, or the model fails.
    """
    folder = settings.allow(arguments.folder)
    models = wiring.model_store(settings)
    card = wiring.chosen_card(models, arguments.model)
    found = (entry for entry in wiring.scan(folder) if isinstance(entry, FileEntry))
    entries = list(islice(found, arguments.photos))
    with wiring.new_decode_pool(card.input_px) as pool:
        note(f"Reading {len(entries):,} files once ...")
        entries, warm_up, skipped = _readable(pool, entries)
        if not entries:
            raise DatasetError(
                f"There are no readable photos in {display_path(folder)}. Choose another folder."
            )
        paths = [entry.path for entry in entries]
        note(f"The plain loop: load_img at {card.input_px}, float32, predict in batches of {TAG_BATCH} ...")
        plain, plain_labels = time_plain_loop(settings, card, paths)
        note("The gallery ...")
        own, own_labels = _time_gallery(settings, card, folder, entries, pool, warm_up)
    same = float((plain_labels == own_labels).mean())
    ratio = own.photos_per_second / plain.photos_per_second
    if arguments.json:
        answer(
            {
                "model_id": card.model_id,
                "photos": len(entries),
                "skipped": len(skipped),
                "plain": asdict(plain),
                "gallery": asdict(own),
                "ratio": ratio,
                "same_label": same,
            }
        )
        return 0
    say(f"{len(entries):,} photos of {display_path(folder)}, model {card.model_id}")
    for name, timing in (("plain loop", plain), ("gallery", own)):
        say(
            f"  {name:10}  {timing.photos_per_second:7.1f} photos/s  ({timing.seconds:.1f} s in "
            f"{timing.precision}; loading and first batch {timing.loading_s:.1f} s more)"
        )
    say(
        f"The gallery tags {ratio:.1f} times as fast. Both give {percent(same)} of the photos the same "
        "label; most of the difference is that load_img shrinks without smoothing."
    )
    if skipped:
        say(f"Left out of both, since they cannot be read: {len(skipped)}")
        note_skipped(skipped)
    return 0


def time_plain_loop(
    settings: Settings, card: ModelCard, paths: Sequence[Path]
) -> tuple[Timing, NDArray[np.int64]]:
    """Return the timing of the plain loop, and the class index that it gave each photo."""
    started = time.perf_counter()
    from gallery.network.plain import build_plain_model, classify_plainly

    weights = wiring.model_store(settings).weights(card.model_id)
    model = build_plain_model(card, weights)
    classify_plainly(model, paths[:TAG_BATCH], batch=TAG_BATCH)
    loading_s = time.perf_counter() - started
    started = time.perf_counter()
    probabilities = classify_plainly(model, paths, batch=TAG_BATCH)
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
) -> tuple[Timing, NDArray[np.int64]]:
    """Return the timing of tagging into an empty home, and the class index of each photo."""
    from gallery.tagging import tag_collection

    started = time.perf_counter()
    classifier = wiring.load_classifier(wiring.model_store(settings), card.model_id)
    classifier.classify(np.stack([photo.model_input for photo in warm_up]))
    loading_s = time.perf_counter() - started
    with tempfile.TemporaryDirectory(prefix="gallery-benchmark-") as home:
        fresh = Settings(Path(home).resolve(), settings.shipped_models)
        with wiring.composed(fresh) as parts, ProgressBar() as show:
            collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
            result = tag_collection(
                catalog=parts.catalog,
                collection=collection,
                decode=pool.decode,
                scan=lambda root: _among(root, entries),
                load_classifier=lambda: classifier,
                model_id=card.model_id,
                store_thumbnail=parts.thumbnails.put,
                on_progress=show,
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
