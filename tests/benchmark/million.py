"""A home with a million photos in its catalog, and how long everything takes that pages and scans ask of it.

    python -m tests.benchmark.million make HOME 1000000
    python -m tests.benchmark.million measure HOME [PART OF A QUESTION'S NAME]
    python -m tests.benchmark.million files HOME
    python -m tests.benchmark.million scan HOME
    python -m tests.benchmark.million tag HOME 200000

`make` writes the rows that scan, readers and model would have written, with features that lie in clusters, in
about two minutes. `measure` asks what the pages ask, each question twice: as the first one of a process, and
again; it tells processor seconds and those of the clock. `files` makes those of the catalog, of their size
and date but empty; `scan` tags them a second time, with a new photo, and tells when that one has its tag.
`tag` makes small photos and tags them from end to end, with a network that costs nothing, into an empty home,
and tells the rate and the memory as it goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

from gallery.catalog import Catalog
from gallery.catalog.paths import name_key
from gallery.services import similar, tagging, wiring
from gallery.settings import CLASS_NAMES, DEFAULT_MODEL_ID, Settings
from gallery.tagging import tag_collection
from gallery.tagging.parts import TaggingProgress, TaggingRun
from gallery.types import (
    ALL,
    UNSURE,
    WAITING,
    BatchPrediction,
    CollectionKind,
    ImageBatch,
    PhotoQuery,
    Review,
    SortOrder,
)

PART = 50_000
FEATURES = 512  # VGG16's channels
MAP = (14, 14)
STATIONS = 200
CLUSTERS = 200
LABELLED_EVERY = 50
"""One photo in fifty has a person's label."""


def make(home: Path, photos: int, features: int = FEATURES) -> None:
    """Fill the catalog of an empty home with photos of one collection, all tagged."""
    started = time.monotonic()
    folder = home / "catalog"
    with Catalog.open(folder) as catalog:
        collection = catalog.add_collection(home / "photos", CollectionKind.FOLDER).collection_id
    random = np.random.default_rng(0)
    centres = random.normal(0, 1, (CLUSTERS, features)).astype(np.float32)
    (folder / "vectors").mkdir(exist_ok=True)
    (folder / "cams").mkdir(exist_ok=True)
    map_bytes = len(CLASS_NAMES) * MAP[0] * MAP[1]
    cams_crc = zlib.crc32(bytes(map_bytes))
    with (
        closing(sqlite3.connect(folder / "catalog.sqlite3", isolation_level=None)) as connection,
        (folder / "vectors" / f"{DEFAULT_MODEL_ID}.f16").open("wb") as vectors,
        (folder / "cams" / f"{DEFAULT_MODEL_ID}.u8").open("wb") as cams,
    ):
        cams.truncate(photos * map_bytes)  # zeros; their length is what a disk with real ones would hold
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO models (model_key, model_id, class_names, feature_size, cam_height, cam_width,"
            " next_slot) VALUES (1, ?, ?, ?, ?, ?, ?)",
            (DEFAULT_MODEL_ID, json.dumps(CLASS_NAMES), features, *MAP, photos),
        )
        for first in range(0, photos, PART):
            numbers = range(first, min(first + PART, photos))
            cluster = random.integers(0, CLUSTERS, len(numbers))
            held = np.maximum(centres[cluster] + random.normal(0, 0.6, (len(numbers), features)), 0)
            kept = held.astype("<f2")
            vectors.write(kept.tobytes())
            _insert(connection, collection, numbers, cluster, kept, cams_crc, random)
            print(f"{numbers[-1] + 1:,} photos, {time.monotonic() - started:.0f} s", flush=True)
        connection.execute("UPDATE revision SET value = value + 1")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(
    connection: sqlite3.Connection,
    collection: int,
    numbers: range,
    cluster: np.ndarray,
    features: np.ndarray,
    cams_crc: int,
    random: np.random.Generator,
) -> None:
    class_of = cluster % len(CLASS_NAMES)
    confidence = np.round(1 - 0.9 * random.random(len(numbers)) ** 3, 6).astype("<f4")
    rest = (1 - confidence) / (len(CLASS_NAMES) - 1)
    probabilities = np.repeat(rest[:, None], len(CLASS_NAMES), axis=1).astype("<f4")
    probabilities[np.arange(len(numbers)), class_of] = np.maximum(confidence, rest + 1e-3)
    winner = probabilities.argmax(axis=1)
    peaks = random.random((len(numbers), len(CLASS_NAMES))).astype("<f4")
    began = datetime(2021, 1, 1)
    files, photos, predictions, corrections = [], [], [], []
    for at, number in enumerate(numbers):
        station = f"station {number % STATIONS:03d}"
        season = f"{2021 + number // STATIONS % 5}"
        name = f"IMG_{number:07d}.JPG"
        path = b"\0".join((station.encode(), season.encode(), name.encode()))
        digest = hashlib.sha256(number.to_bytes(8, "big")).hexdigest()
        size = 1_500_000 + int.from_bytes(bytes.fromhex(digest[:6]), "big") % 5_000_000
        taken = (began + timedelta(seconds=37 * number)).isoformat() if number % 97 else None
        key = number + 1
        whole = hashlib.sha256(digest.encode()).hexdigest()
        files.append(
            (collection, path, name, name_key(name), f"{station}/{season}", size, 10**18 + number, key, whole)
        )
        photos.append(
            (key, digest, 4608, 3456, size, "JPEG", taken, "Reconyx HC600", "[]", 90.0 + number % 80,
             20.0 + number % 60)
        )  # fmt: skip
        predictions.append(
            (1, key, int(winner[at]), float(probabilities[at, winner[at]]), number,
             zlib.crc32(features[at].tobytes()), cams_crc, peaks[at].tobytes(), probabilities[at].tobytes())
        )  # fmt: skip
        if number % LABELLED_EVERY == 0:
            label = CLASS_NAMES[(int(winner[at]) + (number % 500 == 0)) % len(CLASS_NAMES)]
            corrections.append((key, label, collection))
    connection.executemany(
        "INSERT INTO photos (photo_key, photo_id, width_px, height_px, size_bytes, image_format, taken_at,"
        " camera, notes, brightness, sharpness, by_picture) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        photos,
    )
    connection.executemany(
        "INSERT INTO files (collection_id, path, name, name_key, folder, size_bytes, modified_ns, photo_key,"
        " sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sorted(files, key=lambda row: row[1]),
    )
    connection.executemany(
        "INSERT INTO predictions (model_key, photo_key, class_index, confidence, slot, features_crc,"
        " cams_crc, cam_peaks, probabilities) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        predictions,
    )
    for key, label, place in corrections:
        said = connection.execute(
            "INSERT INTO corrections (action, photo_key, label, person, made_at, collection_id)"
            " VALUES ((SELECT coalesce(max(correction_id), 0) + 1 FROM corrections), ?, ?, 'ann',"
            " '2026-01-01T00:00:00.000000+00:00', ?) RETURNING correction_id",
            (key, label, place),
        ).fetchone()[0]
        connection.execute("INSERT INTO labels VALUES (?, ?, ?)", (key, label, said))


class Clock:
    """Times questions and prints each as it is answered."""

    def __init__(self, only: str) -> None:
        self._only = only

    def ask(self, name: str, bar_s: float | None, question: Callable[[], object]) -> None:
        """Print how long a question took at first and when asked again, with its bar."""
        if self._only not in name:
            return
        seconds = []
        for _ in range(2):
            started = time.process_time(), time.perf_counter()
            question()
            seconds += [time.process_time() - started[0], time.perf_counter() - started[1]]
        bar = "" if bar_s is None else f"{bar_s:6.2f} {'' if seconds[3] <= bar_s else 'OVER'}"
        print(f"{name:52}" + "".join(f"{one:9.3f}" for one in seconds) + bar, flush=True)


def queries(photos: int) -> Iterator[tuple[str, PhotoQuery]]:
    """Yield every sort, shelf and filter of Browse, by name."""
    usual = PhotoQuery(1, DEFAULT_MODEL_ID)
    for sort in SortOrder:
        yield f"sort: {sort.value}", replace(usual, sort=sort)
    for shelf in ("dog", UNSURE, WAITING):
        for sort in (SortOrder.PATH, SortOrder.LEAST_CERTAIN):
            yield f"shelf {shelf}, {sort.value}", replace(usual, shelf=shelf, sort=sort)
    for review in Review:
        yield f"filter: {review.value}", replace(usual, review=review)
    yield "filter: confidence 0.2 to 0.9", replace(usual, min_confidence=0.2, max_confidence=0.9)
    yield "filter: date, a month", replace(usual, taken_from="2021-03-01", taken_to="2021-03-31")
    yield "filter: date, all years", replace(usual, taken_from="2021-01-01")
    yield "filter: folder", replace(usual, folder="station 007")
    yield "filter: name", replace(usual, name_contains=f"{photos // 2:07d}")
    yield "filter: name of half", replace(usual, name_contains="5", sort=SortOrder.NAME)
    yield (
        "filter: folder and date",
        replace(usual, folder="station 007", taken_from="2021-03-01", sort=SortOrder.NEWEST),
    )
    yield (
        "shelf dog, date, newest",
        replace(usual, shelf="dog", taken_from="2021-03-01", sort=SortOrder.NEWEST),
    )


def measure(home: Path, only: str = "") -> None:
    """Print how long each question takes that the pages ask."""
    clock = Clock(only)
    print(f"{'question':52} {'first: CPU':>9} {'s':>7} {'again: CPU':>9} {'s':>7} {'bar':>6}")
    with Catalog.open(home / "catalog") as catalog:
        photos = catalog.collection(1).photo_count
        clock.ask("collections", 0.2, catalog.collections)
        clock.ask(
            "counts of the shelves", 0.2, lambda: catalog.shelves(1, DEFAULT_MODEL_ID, CLASS_NAMES, 0.6)
        )
        for name, query in queries(photos):
            clock.ask(f"{name}: ids", 0.5, lambda query=query: catalog.find_files(query))
            if name.startswith(("filter", "shelf dog, date")):
                counted = replace(query, shelf=ALL, sort=SortOrder.PATH)
                clock.ask(
                    f"{name}: counts",
                    0.5,
                    lambda counted=counted: catalog.shelves(1, DEFAULT_MODEL_ID, CLASS_NAMES, 0.6, counted),
                )
        ids = catalog.find_files(PhotoQuery(1, DEFAULT_MODEL_ID))
        middle = ids[len(ids) // 2 : len(ids) // 2 + 200]
        clock.ask("200 items, first page", 0.2, lambda: catalog.grid_items(ids[:200], DEFAULT_MODEL_ID))
        clock.ask("200 items, the middle", 0.2, lambda: catalog.grid_items(middle, DEFAULT_MODEL_ID))
        clock.ask("sub-folders", 0.2, lambda: catalog.folders(1))
        clock.ask("skipped files", 0.2, lambda: catalog.skipped_files(1))
        clock.ask("labelled photos", 0.2, lambda: catalog.label_count(1))
        clock.ask("reviewed photos", 0.2, lambda: catalog.reviewed(1, DEFAULT_MODEL_ID))
        clock.ask("label counts of all", 0.2, catalog.label_counts)
        clock.ask("newest job", 0.2, lambda: (catalog.live_job(), catalog.latest_job(1)))
        clock.ask("a photo", 0.2, lambda: catalog.photo(int(middle[0])))
        photo_id = catalog.photo(int(middle[0])).photo_id
        clock.ask("a photo's maps", 0.2, lambda: catalog.cams(photo_id, DEFAULT_MODEL_ID))
        clock.ask(
            "places of a photo", 0.2, lambda: (catalog.photo_at(photo_id), catalog.files_of([photo_id], 1))
        )
        clock.ask("awaits the model", 0.2, lambda: catalog.awaits_model(1, DEFAULT_MODEL_ID))
        clock.ask("files pending", None, lambda: catalog.pending_files(1, DEFAULT_MODEL_ID))
        clock.ask("files like read ones", None, lambda: catalog.files_like_read_ones(1))
        print(f"memory {_memory_mb():.0f} MB")
    with wiring.composed(Settings.from_environment(home)) as parts:
        kept = similar.Indices()

        def most_like(kept: similar.Indices | None) -> object:
            return similar.similar_photos(
                parts, photo_id, count=120, model_id=DEFAULT_MODEL_ID,
                collection=parts.catalog.collection(1), kept=kept,
            )  # fmt: skip

        clock.ask("more like this, all features read", None, lambda: most_like(None))
        started = time.perf_counter()
        most_like(kept)
        kept.wait()
        print(f"index made in {time.perf_counter() - started:.1f} s, memory {_memory_mb():.0f} MB")
        clock.ask("more like this, from the index", 0.5, lambda: most_like(kept))
    with Catalog.open(home / "catalog") as catalog:
        clock.ask("table of all predictions", None, lambda: catalog.prediction_table(1, DEFAULT_MODEL_ID))
        print(f"memory {_memory_mb():.0f} MB")


def make_files(home: Path) -> None:
    """Make the files that the catalog knows: of their size and date, without content."""
    with Catalog.open(home / "catalog") as catalog:
        root = catalog.collection(1).root
        for number, file in enumerate(catalog.read_files()):
            try:
                descriptor = os.open(file.path, os.O_CREAT | os.O_WRONLY)
            except FileNotFoundError:
                file.path.parent.mkdir(parents=True)
                descriptor = os.open(file.path, os.O_CREAT | os.O_WRONLY)
            os.ftruncate(descriptor, file.size_bytes)
            os.utime(descriptor, ns=(file.modified_ns, file.modified_ns))
            os.close(descriptor)
            if number % 100_000 == 0:
                print(f"{number:,} files in {root}", flush=True)


def scan(home: Path) -> None:
    """Print when a new photo among all is tagged, how long looking through them takes, and its memory."""
    with wiring.composed(Settings.from_environment(home)) as parts:
        collection = parts.catalog.collection(1)
        shown = PhotoQuery(1, DEFAULT_MODEL_ID)
        before = len(parts.catalog.find_files(shown))
        noise = np.random.default_rng().integers(0, 256, (300, 400, 3), np.uint8)
        Image.fromarray(noise).save(collection.root / "station 000" / f"new {time.time_ns()}.jpg")
        started = time.perf_counter()
        first: list[float] = []

        def report(progress: TaggingProgress) -> None:
            if progress.tagged and not first:
                first.append(time.perf_counter() - started)
                asked = time.perf_counter()
                new = len(parts.catalog.find_files(shown)) - before
                later = f"{new} more in Browse {time.perf_counter() - asked:.2f} s later"
                print(f"{progress.tagged} tagged after {first[0]:.1f} s; {later}", flush=True)

        done = tagging.tag(
            parts,
            collection,
            parts.models.card(DEFAULT_MODEL_ID),
            on_progress=report,
            cancelled=lambda: False,
        )
        print(f"looked through {done.photos:,} files, {done.tagged} tagged, in {done.seconds:.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"memory {_memory_mb():.0f} MB, at most {peak:.0f} MB")


class StandIn:
    """A network that knows nothing, for what all the rest takes."""

    model_id = "stand-in"
    class_names = CLASS_NAMES

    def classify(self, images: ImageBatch) -> BatchPrediction:
        chance = np.random.default_rng(int(images[0, 0, 0, 0]))
        probabilities = chance.dirichlet(np.ones(len(CLASS_NAMES)), len(images)).astype(np.float32)
        features = np.zeros((len(images), FEATURES), np.float32)
        return BatchPrediction(
            probabilities, features, np.zeros((len(images), len(CLASS_NAMES), *MAP), np.float32)
        )


def tag(home: Path, photos: int) -> None:
    """Print the rate and the memory of tagging so many small photos from end to end."""
    folder, made = home / "photos", time.monotonic()
    chance = np.random.default_rng(0)
    for number in range(photos):
        file = folder / f"{number // 1000:04d}" / f"{number:07d}.jpg"
        if number % 1000 == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (24, 32, 3), np.uint8)).save(file)
    print(f"{photos:,} photos made in {time.monotonic() - made:.0f} s", flush=True)
    with wiring.composed(Settings.from_environment(home)) as parts, wiring.new_decode_pool(224) as pool:
        collection = parts.catalog.add_collection(folder, CollectionKind.FOLDER)
        told = [0]

        def report(progress: TaggingProgress) -> None:
            if progress.tagged >= told[0]:
                rate = f"{progress.rate or 0:.0f} photos/s"
                print(f"{progress.tagged:9,} {rate:>14} {_memory_mb():6.0f} MB", flush=True)
                told[0] += photos // 20

        run = TaggingRun(
            catalog=parts.catalog,
            collection=collection,
            model_id=StandIn.model_id,
            scan=wiring.scan,
            store_thumbnail=parts.thumbnails.put,
            on_progress=report,
        )
        done = tag_collection(run, decode=pool.decode, load_classifier=StandIn)
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak, reader = (resource.getrusage(one).ru_maxrss / 1024 for one in whose)
    print(f"{done.tagged:,} tagged in {done.seconds:.0f} s, {done.photos_per_second:.0f}/s")
    print(f"memory at most {peak:.0f} MB, of a reader {reader:.0f} MB")


def _memory_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "files":
        make_files(Path(sys.argv[2]))
    elif sys.argv[1] == "scan":
        scan(Path(sys.argv[2]))
    elif sys.argv[1] == "tag":
        tag(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        measure(Path(sys.argv[2]), *sys.argv[3:])
