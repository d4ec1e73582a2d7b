"""Whatever is written to the catalog is read back."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gallery.catalog import Catalog
from gallery.catalog.paths import decode_below, encode_below, shown_of
from gallery.catalog.prediction_records import quantise
from gallery.types import BatchPrediction, CollectionKind, FileEntry, PhotoMetadata, PhotoQuery
from tests.counts import examples

if os.name == "posix":  # any bytes but "/" and NUL
    part = st.binary(min_size=1, max_size=20).filter(lambda b: not {0, 47} & set(b)).map(os.fsdecode)
else:
    part = st.text(st.characters(exclude_characters='<>:"/\\|?*', min_codepoint=32), min_size=1, max_size=20)
part = part.filter(lambda name: name not in {".", ".."} and not name.endswith((" ", ".")))
below = st.lists(part, min_size=1, max_size=4)
text = st.text(st.characters(), max_size=30)  # lone surrogates among them
metadata = st.builds(
    PhotoMetadata,
    width_px=st.integers(1, 100_000),
    height_px=st.integers(1, 100_000),
    size_bytes=st.integers(0, 2**40),
    image_format=st.sampled_from(["JPEG", "PNG"]),
    taken_at=st.none() | st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds")),
    camera=st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    notes=st.lists(text, max_size=3).map(tuple),
)

ROOT = Path("/photos").absolute()


@given(below)
def test_any_path_comes_back_byte_by_byte(parts: list[str]) -> None:
    path = ROOT.joinpath(*parts)
    stored = encode_below(ROOT, path)
    assert decode_below(ROOT, stored) == path
    folder, name, key = shown_of(stored)
    for shown in (folder, name, key):
        shown.encode("utf-8")


@given(st.lists(below, min_size=2, max_size=8))
def test_stored_paths_sort_as_their_parts_do(paths: list[list[str]]) -> None:
    by_storage = sorted(encode_below(ROOT, ROOT.joinpath(*parts)) for parts in paths)
    by_parts = sorted([os.fsencode(part) for part in parts] for parts in paths)
    assert [stored.split(b"\0") for stored in by_storage] == by_parts


@settings(deadline=None, max_examples=examples(40))
@given(
    st.lists(st.tuples(below.map(tuple), metadata), min_size=1, max_size=6, unique_by=lambda row: row[0]),
    text,
)
def test_what_was_recorded_of_files_is_found(
    rows: list[tuple[tuple[str, ...], PhotoMetadata]], name: str
) -> None:
    with tempfile.TemporaryDirectory() as folder, Catalog.open(Path(folder)) as catalog:
        collection = catalog.add_collection(ROOT, CollectionKind.FOLDER, name).collection_id
        paths = [ROOT.joinpath(*parts) for parts, _ in rows]
        entries = [FileEntry(path, n, n) for n, path in enumerate(paths)]
        assert catalog.record_scan(collection, entries) == 0
        assert set(catalog.pending_files(collection, "m")) == set(paths)
        ids = [hashlib.sha256(os.fsencode(path)).hexdigest() for path in paths]
        catalog.record_photos(
            collection,
            [(path, photo_id, about) for path, photo_id, (_, about) in zip(paths, ids, rows, strict=True)],
        )
        photos = [catalog.photo(int(n)) for n in catalog.find_files(PhotoQuery(collection, "m"))]
        assert [photo.path for photo in photos] == sorted(paths, key=lambda p: encode_below(ROOT, p))
        found = {photo.path: (photo.photo_id, photo.metadata) for photo in photos}
        assert found == {
            path: (photo_id, about) for path, photo_id, (_, about) in zip(paths, ids, rows, strict=True)
        }
        assert catalog.record_scan(collection, entries) == 0
        assert not catalog.unread_files(collection, len(rows)), "nothing has changed"


@settings(deadline=None, max_examples=examples(25))
@given(st.data())
def test_what_a_model_said_is_read(data: st.DataObject) -> None:
    n, classes, size = (data.draw(st.integers(1, top)) for top in (5, 4, 6))
    probabilities = data.draw(arrays.arrays(np.float32, (n, classes), elements=st.floats(0, 1, width=32)))
    features = data.draw(arrays.arrays(np.float32, (n, size), elements=st.floats(-60000, 60000, width=32)))
    cams = data.draw(arrays.arrays(np.float32, (n, classes, 2, 3), elements=st.floats(0, 2.0**100, width=32)))
    ids = [f"{k:064x}" for k in range(n)]
    with tempfile.TemporaryDirectory() as folder, Catalog.open(Path(folder)) as catalog:
        collection = catalog.add_collection(ROOT, CollectionKind.FOLDER).collection_id
        catalog.record_photos(
            collection, [(ROOT / photo_id, photo_id, PhotoMetadata(1, 1, 1, "JPEG")) for photo_id in ids]
        )
        names = tuple(f"class {k}" for k in range(classes))
        catalog.record_predictions("m", names, ids, BatchPrediction(probabilities, features, cams))
        table = catalog.prediction_table(collection, "m")
        assert np.array_equal(table.probabilities, probabilities)
        assert np.array_equal(catalog.features("m", ids), features.astype(np.float16).astype(np.float32))
        for k, photo_id in enumerate(ids):
            stored = catalog.cams(photo_id, "m")
            assert stored is not None
            peak = cams[k].max(axis=(1, 2), keepdims=True)
            assert (np.abs(stored.astype(np.float64) - cams[k]) <= peak / 255).all()


@given(arrays.arrays(np.float32, (3, 4, 4), elements=st.floats(0, 2.0**127, width=32)))
def test_quantised_maps_are_within_a_255th_of_their_peak(cams: np.ndarray) -> None:
    levels, peaks = quantise(cams)
    restored = levels.astype(np.float64) * peaks.astype(np.float64)[:, None, None] / 255
    assert (np.abs(restored - cams) <= peaks[:, None, None].astype(np.float64) / 255).all()
