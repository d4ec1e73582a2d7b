"""The benchmark: tagging against the plain Keras loop and its two bounds, interleaved in one process."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery.errors import DatasetError
from gallery.services import wiring
from gallery.settings import TAG_BATCH, Settings
from gallery.tagging.parts import TaggingProgress, TaggingRun
from gallery.types import CollectionKind, DecodedPhoto, FileEntry, ModelCard, SkippedFile, display_path

if TYPE_CHECKING:
    from gallery.network.classifier import KerasClassifier
    from gallery.photos.pool import DecodePool

PLAIN = "plain loop"
TAGGER = "tagger"
STEADY = "tagger, steady"
FORWARD = "forward pass"
WITHOUT_MAPS = "forward pass, no maps"
DECODING = "decoding"
CONTENDERS = {
    PLAIN: "load_img, float32, predict in batches of 32: what people write",
    TAGGER: "scan, decoding, fingerprints, thumbnails, network, maps, catalog; from a loaded model",
    STEADY: "the same from its first batch to its last",
    FORWARD: "the network alone on decoded photos, with maps: the bound of the processor",
    WITHOUT_MAPS: "the network alone, probabilities only",
    DECODING: "reading the photos alone: the bound of disk and decoder",
}
"""What is timed, and what is in it."""

_SAMPLED_S = 0.02


@dataclass(slots=True)
class Timing:
    """How fast one contender is.

    Attributes:
        photos_per_second: of each run.
        loading_s: of the model, with its first batch, which is not counted; 0 where there is none.
        peak_mb: most memory of this process while it ran; None where the system does not tell.
    """

    photos: int
    photos_per_second: list[float] = field(default_factory=list)
    loading_s: float = 0.0
    precision: str = ""
    peak_mb: float | None = None

    @property
    def median(self) -> float:
        return median(self.photos_per_second)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All timings of a model on the same photos.

    Attributes:
        timings: by the names of CONTENDERS.
        same_label: share of photos to which loop and tagger give the same class.
        skipped: files left out of all, since they cannot be read.
    """

    folder: Path
    model_id: str
    photos: int
    timings: dict[str, Timing]
    same_label: float
    skipped: list[SkippedFile]

    def ratio(self, name: str, to: str) -> float:
        """Return how many times as fast one is as another, the medians of interleaved runs."""
        return self.timings[name].median / self.timings[to].median


def compare(
    folder: Path,
    settings: Settings,
    model_id: str | None,
    photos: int | None,
    *,
    runs: int,
    note: Callable[[str], None],
    on_progress: Callable[[TaggingProgress], None],
) -> Comparison:
    """Time all contenders on the first photos of a folder, one after the other, run by run.

    Reading all files once beforehand fills the system's file cache for all and
    finds the files that the plain loop would stumble over.

    Args:
        folder: of photos.
        settings: where the models are.
        model_id: of the model; the active one if None.
        photos: how many; all if None.
        runs: of each; their median counts.
        note: is told what begins.
        on_progress: is told how far the tagger is.

    Raises:
        GalleryError: the folder has no readable photos, or the model fails.
    """
    card = wiring.chosen_card(wiring.model_store(settings), model_id)
    entries = list(islice(wiring.photos_in(folder), photos))
    with wiring.new_decode_pool(card.input_px) as pool:
        note(f"Reading {len(entries):,} files once ...")
        entries, decoded, skipped = _readable(pool, entries)
        if not entries:
            raise DatasetError(
                f"There are no readable photos in {display_path(folder)}. Choose another folder."
            )
        paths = [entry.path for entry in entries]
        timings = {name: Timing(len(entries)) for name in CONTENDERS}
        same = 1.0
        note(f"Loading {card.model_id} twice ...")
        loop, timings[PLAIN] = plain_loop(settings, card, paths)
        started = time.perf_counter()
        classifier = wiring.load_classifier(wiring.model_store(settings), card.model_id)
        inputs = np.stack([photo.model_input for photo in decoded])
        classifier.classify(inputs)
        timings[TAGGER].loading_s = time.perf_counter() - started
        timings[TAGGER].precision = classifier.precision
        tagger = _Tagger(settings, folder, entries, pool, inputs, classifier, on_progress)
        for network in tagger.networks().values():
            network(inputs)
        for run in range(runs):
            note(f"Run {run + 1} of {runs} ...")
            with _timed(timings[PLAIN]):
                plain_labels = loop()
            own_labels = tagger.run(timings)
            with _timed(timings[DECODING]):
                for _ in pool.decode(paths):
                    pass
            for name, network in tagger.networks().items():
                with _timed(timings[name]):
                    for batch in tagger.batches():
                        network(batch)
            same = float((plain_labels == own_labels).mean())
    timings = {name: timing for name, timing in timings.items() if timing.photos_per_second}
    return Comparison(folder, card.model_id, len(entries), timings, same, skipped)


def plain_loop(
    settings: Settings, card: ModelCard, paths: Sequence[Path]
) -> tuple[Callable[[], NDArray[np.int64]], Timing]:
    """Return the plain loop, which gives the class index of each photo, and how long it took to load."""
    started = time.perf_counter()
    from gallery.network.plain import build_plain_model, classify_plainly

    model = build_plain_model(card, wiring.model_store(settings).weights(card.model_id))
    classify_plainly(model, paths[:TAG_BATCH], card.preprocessing, batch=TAG_BATCH)
    loading_s = time.perf_counter() - started

    def run() -> NDArray[np.int64]:
        said = classify_plainly(model, paths, card.preprocessing, batch=TAG_BATCH)
        return np.asarray(said.argmax(axis=1), np.int64)

    return run, Timing(len(paths), loading_s=loading_s, precision="float32")


@dataclass
class _Tagger:
    """The tagger with its model loaded, and the model alone.

    Attributes:
        inputs: decoded photos, as the model takes them.
    """

    settings: Settings
    folder: Path
    entries: Sequence[FileEntry]
    pool: DecodePool
    inputs: NDArray[np.uint8]
    classifier: KerasClassifier
    on_progress: Callable[[TaggingProgress], None]

    def networks(self) -> dict[str, Callable[[NDArray[np.uint8]], object]]:
        """Return what the model alone is timed by."""
        without_maps = getattr(self.classifier, "without_maps", None)
        only = {} if without_maps is None else {WITHOUT_MAPS: without_maps}
        return {FORWARD: self.classifier.classify, **only}

    def batches(self) -> Iterator[NDArray[np.uint8]]:
        """Yield decoded photos, as many as there are files, a batch at a time."""
        photos = len(self.entries)
        for first in range(0, photos, TAG_BATCH):
            places = np.arange(first, min(first + TAG_BATCH, photos)) % len(self.inputs)
            yield self.inputs[places]

    def run(self, timings: dict[str, Timing]) -> NDArray[np.int64]:
        """Tag all into an empty home, note how long it took, and return the class index of each photo."""
        from gallery.tagging import tag_collection

        reports: list[tuple[float, int]] = []

        def report(progress: TaggingProgress) -> None:
            if not reports or progress.tagged > reports[-1][1]:
                reports.append((time.perf_counter(), progress.tagged))
            self.on_progress(progress)

        with tempfile.TemporaryDirectory(prefix="gallery-benchmark-") as home:
            fresh = Settings(Path(home).resolve(), self.settings.shipped_models)
            with wiring.composed(fresh) as parts, _timed(timings[TAGGER]):
                collection = parts.catalog.add_collection(self.folder, CollectionKind.FOLDER)
                run = TaggingRun(
                    catalog=parts.catalog,
                    collection=collection,
                    model_id=self.classifier.model_id,
                    scan=self._chosen,
                    store_thumbnail=parts.thumbnails.put,
                    on_progress=report,
                )
                tag_collection(run, decode=self.pool.decode, load_classifier=lambda: self.classifier)
                table = parts.catalog.prediction_table(collection.collection_id, self.classifier.model_id)
        begun = [(when, tagged) for when, tagged in reports if tagged]
        if len(begun) > 1 and begun[-1][0] > begun[0][0]:
            rate = (begun[-1][1] - begun[0][1]) / (begun[-1][0] - begun[0][0])
            timings[STEADY].photos_per_second.append(rate)
        label_of = dict(zip(table.paths, table.probabilities.argmax(axis=1).tolist(), strict=True))
        return np.array([label_of.get(entry.path, -1) for entry in self.entries], np.int64)

    def _chosen(self, root: Path, _: object = None, /) -> list[FileEntry]:
        """Return the chosen files of a folder, after looking through all of it."""
        chosen = {entry.path for entry in self.entries}
        return [entry for entry in wiring.photos_in(root) if entry.path in chosen]


@contextmanager
def _timed(timing: Timing) -> Iterator[None]:
    """Add a run to a contender's timing."""
    peak = [_memory_mb()]
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLED_S):
            peak[0] = max(peak[0], _memory_mb())

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    ended.set()
    sampler.join()
    timing.photos_per_second.append(timing.photos / seconds)
    timing.peak_mb = max(peak[0], timing.peak_mb or 0.0) or None


def _memory_mb() -> float:
    """Return the memory that this process has now, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * 4096 / 1e6


def _readable(
    pool: DecodePool, entries: Sequence[FileEntry]
) -> tuple[list[FileEntry], list[DecodedPhoto], list[SkippedFile]]:
    """Return the files that can be read, the first batch of them decoded, and the others."""
    decoded: list[DecodedPhoto] = []
    skipped: list[SkippedFile] = []
    for result in pool.decode(entry.path for entry in entries):
        if isinstance(result, SkippedFile):
            skipped.append(result)
        elif len(decoded) < TAG_BATCH:
            decoded.append(result)
    unreadable = {file.path for file in skipped}
    return [entry for entry in entries if entry.path not in unreadable], decoded, skipped
