"""Whatever stands in a file from outside, it is read or refused with a sentence, and nothing else."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gallery.datasets.table import read_label_table, read_table
from gallery.errors import GalleryError
from gallery.exchange.camtrap_dp import Site, camtrap_dp
from gallery.exchange.megadetector_json import classified, load_results, megadetector_json, read_boxes
from gallery.exchange.predictions_csv import predictions_csv
from gallery.exchange.timelapse_csv import timelapse_csv
from gallery.exchange.xmp_sidecars import write_sidecars
from gallery.models import ModelStore
from gallery.models.parts import read_weights
from gallery.photos.uploads import UploadArea
from gallery.services.formats import read_sites
from gallery.services.imported_labels import labels_in
from gallery.types import ModelCard
from gallery.words import shown_text
from tests.fast.unit.exchange.made_rows import NAMES, WHEN, made_row

ROWS = [
    made_row("a/one.jpg", person_label="cat", number=1),
    made_row("a/two.jpg", number=2),
    made_row("b/three.jpg", person_label="a fox", number=3),
]
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["1", "-1", "NaN", "1e999", "../../x.jpg", "\0", "a/one.jpg", 10**30]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
"""Any JSON value."""


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes that are nearly those of a whole file: some changed, some put in, the end cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        new = draw(st.binary(min_size=1, max_size=6) | st.sampled_from([b'"', b",", b"\n", b"<", b"\0"]))
        data[at : at + draw(st.sampled_from([0, len(new)]))] = new
    return bytes(data[: draw(st.just(len(data)) | st.integers(0, len(data)))])


@st.composite
def with_values_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """A JSON document in which values at some places are others."""
    document = json.loads(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = document
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
                place = place[key]
                continue
            place[key] = draw(anything)
            break
    return json.dumps(document).encode()


@pytest.fixture(scope="module", autouse=True)
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What examples write goes below pytest's folder, and with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("outside")))
        yield


def refused_or_done(read: Callable[[], object]) -> None:
    """Read, to the end; a refusal is one printable sentence or more."""
    try:
        read()
    except GalleryError as exc:
        said = str(exc)
    else:
        return
    assert len(said) > 20
    assert said == shown_text(said)


def in_folder(name: str, data: bytes) -> Path:
    file = Path(tempfile.mkdtemp()) / name
    for photo in ("a/one.jpg", "a/two.jpg", "b/three.jpg"):
        (file.parent / photo).parent.mkdir(exist_ok=True)
        (file.parent / photo).touch()
    file.write_bytes(data)
    return file


OWN_TABLE = "".join(predictions_csv(ROWS, NAMES, separator=",", below=True)).encode()
TIMELAPSE = "".join(timelapse_csv(ROWS)).encode()
TABLE = b"path,label,group,part\na/one.jpg,cat,s1,train\na/two.jpg,dog,s2,test\nb/three.jpg,dog,s3,\n"
SITES = b"folder,latitude,longitude,time_zone\na,45.5,7.25,+01:00\nb,-3.0,36.5,Africa/Nairobi\n"
RESULTS = "".join(megadetector_json(ROWS, NAMES, "m", made_at=WHEN)).encode()
PACKAGE = {
    name: text.encode()
    for name, text in camtrap_dp(
        ROWS, {"": Site(45.0, 7.0, "+01:00")}, title="t", person="Ada", made_at=WHEN
    ).files.items()
}


def _sidecar() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_sidecars(ROWS[:1], Path(folder))
        return next(Path(folder).rglob("*.xmp")).read_bytes()


SIDECAR = _sidecar()


@quick
@given(data=st.sampled_from([OWN_TABLE, TIMELAPSE, TABLE]).flatmap(damaged))
def test_any_table_is_read_or_refused(data: bytes) -> None:
    file = in_folder("labels.csv", data)
    refused_or_done(lambda: list(labels_in(file)))
    refused_or_done(lambda: read_table(file))
    refused_or_done(lambda: read_label_table(file, NAMES, split="test"))


@quick
@given(data=damaged(SITES))
def test_any_table_of_places_is_read_or_refused(data: bytes) -> None:
    refused_or_done(lambda: read_sites(in_folder("sites.csv", data)))


@quick
@given(data=damaged(RESULTS) | with_values_changed(RESULTS))
def test_any_results_of_a_detector_are_read_or_refused(data: bytes) -> None:
    file = in_folder("results.json", data)
    refused_or_done(lambda: list(labels_in(file)))
    refused_or_done(lambda: list(read_boxes(file, least=0.2)))
    refused_or_done(lambda: boxed(load_results(file)))


@quick
@given(name=st.sampled_from(sorted(PACKAGE)), draw=st.data())
def test_any_package_is_read_or_refused(name: str, draw: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    for each, data in PACKAGE.items():
        (folder / each).write_bytes(data)
    ways = damaged(PACKAGE[name])
    if name.endswith(".json"):
        ways |= with_values_changed(PACKAGE[name])
    (folder / name).write_bytes(draw.draw(ways))
    refused_or_done(lambda: list(labels_in(folder)))


@quick
@given(data=damaged(SIDECAR))
def test_any_sidecar_is_read_or_refused(data: bytes) -> None:
    refused_or_done(lambda: list(labels_in(in_folder("one.jpg.xmp", data).parent)))


def boxed(results: Mapping[str, Any]) -> None:
    for image in results["images"]:
        classified(
            image, results, lambda _, boxes: np.full((len(boxes), 3), 0.3, np.float32), NAMES, "m", least=0.2
        )


def zipped(files: dict[str, bytes], *, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


PHOTOS = zipped({"a/one.jpg": b"\xff\xd8\xff" + b"x" * 90, "../two.jpg": b"y" * 40, "notes.txt": b"hello"})


@quick
@given(data=damaged(PHOTOS))
def test_any_zip_is_unpacked_below_its_folder_or_refused(data: bytes) -> None:
    base = Path(tempfile.mkdtemp())
    area = UploadArea(base / "uploads")
    folder = area.begin("a walk")
    arrived = folder / "photos.zip"
    arrived.write_bytes(data)
    refused_or_done(lambda: area.unpack_zip(arrived, folder))
    assert {path.name for path in base.iterdir()} == {"uploads"}
    assert not arrived.exists()


def _weights() -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **{"dense/kernel": np.ones((3, 2), np.float16), "dense/bias": np.zeros(2, np.float16)})
    return packed.getvalue()


WEIGHTS = _weights()
OBJECTS = io.BytesIO()
np.savez(OBJECTS, **{"dense/kernel": np.array([{"run": "me"}], object)})
CARD = ModelCard("some-model", "A model", "vgg16-gap", ("dog", "cat"), 224, "caffe", "squash", "block5_conv3",
                 1.0, "weights.npz", "00", 8, "2026-11-21").to_json()  # fmt: skip
MODEL = zipped({"m/card.json": json.dumps(CARD).encode(), "m/weights.npz": WEIGHTS}, how=zipfile.ZIP_STORED)


@quick
@given(data=damaged(WEIGHTS) | st.just(OBJECTS.getvalue()))
def test_any_weights_are_read_or_refused(data: bytes) -> None:
    refused_or_done(lambda: read_weights(in_folder("weights.npz", data)))


LARGE = io.BytesIO()
np.save(LARGE, np.zeros(4000, np.float16))  # so large that its head is read before its checksum is known


@quick
@given(data=damaged(LARGE.getvalue()[:140]))
@example(data=LARGE.getvalue()[:140].replace(b"(4000,), } ", b"(4000L,), }"))  # as Python 2 wrote it
def test_an_array_with_any_head_is_read_or_refused(data: bytes) -> None:
    packed = zipped({"dense/kernel.npy": data + LARGE.getvalue()[140:]}, how=zipfile.ZIP_STORED)
    refused_or_done(lambda: read_weights(in_folder("weights.npz", packed)))


@quick
@given(data=damaged(MODEL))
def test_any_zip_of_a_model_is_taken_or_refused(data: bytes) -> None:
    base = Path(tempfile.mkdtemp())
    store = ModelStore(base / "shipped", base / "own")
    refused_or_done(lambda: store.import_zip(io.BytesIO(data)))
    assert [path.name for path in (base / "own").iterdir() if path.name.startswith(".")] == []


def test_what_the_damage_starts_from_is_read() -> None:
    assert len(list(labels_in(in_folder("labels.csv", OWN_TABLE)))) >= 2
    assert len(list(labels_in(in_folder("results.json", RESULTS)))) >= 1
    assert len(list(labels_in(in_folder("one.jpg.xmp", SIDECAR).parent))) == 1
    assert read_sites(in_folder("sites.csv", SITES))["b"].time_zone == "Africa/Nairobi"
    assert len(read_table(in_folder("labels.csv", TABLE)).photos) == 3
    with pytest.raises(GalleryError, match="damaged"):
        ModelStore(Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())).import_zip(io.BytesIO(MODEL))
