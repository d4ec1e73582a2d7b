"""Labels of files come to the photos that are meant; exports lie where no photos are."""

from __future__ import annotations

import copy
import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.errors import DatasetError, ExchangeError
from gallery.exchange.megadetector_json import read_boxes
from gallery.photos.scan import scan_folder
from gallery.services import evaluate, export, formats, imported_labels, wiring
from gallery.types import PhotoQuery
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery


@pytest.fixture
def nested(gallery: SmallGallery) -> SmallGallery:
    """Photos that share a name at two depths, and one whose name is another's without its suffix."""
    for shade, path in enumerate(["a.png", "trip/a.png.png"]):
        gallery.draw(path, (90, 200, 40 * shade))
    gallery.tag({"a.png": {"dog": 1.0}, "trip/a.png.png": {"dog": 1.0}})
    return gallery


def take(gallery: SmallGallery, text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Take a table over, and return the labels by path below the folder and the rows of no photo."""
    table = gallery.folder / "elsewhere" / "labels.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text(text, "utf-8")
    taken = imported_labels.take_labels(wiring.parts(), table, gallery.photos)
    catalog = wiring.catalog()
    photos = catalog.photos(catalog.find_files(PhotoQuery(1, "")))
    labels = catalog.labels([photo.photo_id for photo in photos])
    return {
        photo.path.relative_to(gallery.photos).as_posix(): labels[photo.photo_id]
        for photo in photos
        if photo.photo_id in labels
    }, taken.unknown


@pytest.mark.parametrize(
    ("place", "photo"),
    [
        ("../photos/trip/a.png", "trip/a.png"),  # as the table's own folder sees it
        ("{photos}/./trip/../a.png", "a.png"),
        ("trip\\b.png", "trip/b.png"),
        ("TRIP/B.PNG", "trip/b.png"),
        ("b.png", "trip/b.png"),  # the only one of this name
        ("a.png", "a.png"),  # the name of one and the end of another's
        ("trip/a.png", "trip/a.png"),  # also trip/a.png.png without its suffix
    ],
)
def test_a_row_names_the_photo_that_its_path_leads_to(nested: SmallGallery, place: str, photo: str) -> None:
    rows = f"path,class\n{place.format(photos=nested.photos)},fox\n"
    assert take(nested, rows) == ({photo: "fox"}, ())


def test_a_table_of_sha256_finds_photos_of_another_folder(gallery: SmallGallery) -> None:
    digest = hashlib.sha256((gallery.photos / "trip/b.png").read_bytes()).hexdigest()
    assert take(gallery, f"sha256,class\n{digest},fox\n{'0' * 64},fox\n") == (
        {"trip/b.png": "fox"}, ("0" * 64,),
    )  # fmt: skip


def test_a_models_guess_is_nobodys_label_whatever_its_source_looks_like(gallery: SmallGallery) -> None:
    rows = ["a.png,cat,Model ,,cat", "b.png,dog,,,dog"]
    assert take(gallery, "path,label,source,person,model_label\n" + "\n".join(rows)) == ({}, ())
    rows = ["a.png,fox,Person,Ada,cat", "b.png,dog, MODEL,,dog"]
    assert take(gallery, "path,label,source,person,model_label\n" + "\n".join(rows)) == (
        {"trip/a.png": "fox"}, (),
    )  # fmt: skip


def test_nothing_is_sorted_into_a_folder_that_holds_or_lies_in_an_opened_one(gallery: SmallGallery) -> None:
    other = gallery.folder / "other" / "photos"
    other.mkdir(parents=True)
    catalog = wiring.catalog()
    catalog.add_collection(other, catalog.collection(1).kind)
    for out, word in ((other / "sorted", "lies in"), (gallery.folder, "holds"), (other.parent, "holds")):
        for name in ("folders", "xmp"):
            with pytest.raises(ExchangeError, match=f"{word} the opened folder"):
                formats.write(wiring.parts(), name, out, folder=gallery.photos)
    assert [*other.iterdir(), *other.parent.glob("cat")] == []


def test_a_package_of_another_program_is_not_written_over(gallery: SmallGallery, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 06:12:09"
    Image.new("RGB", (60, 40), (1, 2, 3)).save(gallery.photos / "dated.jpg", exif=exif)
    gallery.tag({"dated.jpg": {"dog": 1.0}})
    options = formats.options_of({"latitude": "45", "longitude": "7"})

    def write() -> None:
        formats.write(wiring.parts(), "camtrap-dp", tmp_path / "out", folder=gallery.photos, options=options)

    write()
    write()  # its own it may write anew
    media = tmp_path / "out" / "media.csv"
    media.write_text("mediaID,filePath\n7,dated.jpg\n")
    with pytest.raises(ExchangeError, match="did not write"):
        write()
    assert media.read_text() == "mediaID,filePath\n7,dated.jpg\n"


def test_a_download_has_every_sidecar_and_passes_over_a_file_that_waits(gallery: SmallGallery) -> None:
    Image.new("RGB", (60, 40), (9, 8, 7)).save(gallery.photos / "trip" / "a.bmp")
    gallery.tag({"trip/a.bmp": {"dog": 1.0}})
    gallery.draw("new.png", (250, 250, 0))
    catalog = wiring.catalog()
    catalog.record_scan(1, list(scan_folder(gallery.photos)))
    chosen = catalog.find_files(PhotoQuery(1, MODEL_ID))
    waiting = ~np.isin(chosen, catalog.prediction_table(1, MODEL_ID).file_ids)
    assert (len(chosen), waiting.sum()) == (4, 1)
    chosen = np.concatenate([chosen[waiting], chosen[~waiting]])
    assert export.download_name(chosen).startswith("photos ")
    made = export.download("xmp", chosen, MODEL_ID, CLASS_NAMES, formats.options_of({"naming": "stem"}))
    with zipfile.ZipFile(io.BytesIO(b"".join(made.content))) as archive:
        assert sorted(archive.namelist()) == ["trip/a.png.xmp", "trip/a.xmp", "trip/b.xmp"]


DETECTED = {
    "info": {"format_version": "1.4", "detector": "md_v5a"},
    "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
    "classification_categories": {"7": "cat"},
    "images": [
        {
            "file": "trip\\a.png",
            "detections": [
                {
                    "category": "1",
                    "conf": 0.9,
                    "bbox": [0.1, 0.2, 0.3, 0.4],
                    "classifications": [["7", 0.95]],
                },
                {"category": "1", "conf": 0.8, "bbox": [0.5, 0.2, 0.3, 0.4]},
                {"category": "2", "conf": 0.1, "bbox": [0, 0, 1, 1]},
            ],
        },
        {"file": "trip/b.png", "detections": []},
        {"file": "gone.png", "detections": [{"category": "3", "conf": 0.9, "bbox": [0, 0, 1, 1]}]},
        {"file": "unread.png", "detections": None, "failure": "image access"},
    ],
}


def test_boxes_of_megadetector_are_kept_give_shelves_and_go_out_again(gallery: SmallGallery) -> None:
    results = gallery.folder / "detected.json"
    results.write_text(json.dumps(DETECTED), "utf-8")
    taken = imported_labels.take_labels(wiring.parts(), results, gallery.photos)
    assert (taken.labelled, taken.by_model, taken.boxes, taken.unknown) == (0, 2, 2, ("gone.png",))
    catalog, cats = wiring.catalog(), ("trip/a.png", "trip/b.png")
    kept = catalog.detections([gallery.photo_id(name) for name in cats])
    assert [(one.label, one.confidence, one.animals) for one in kept.values()] == [
        ("cat", 0.95, 2), ("blank", None, 0),
    ]  # fmt: skip
    shelves = {one.name: one.count for one in catalog.shelves(1, MODEL_ID, CLASS_NAMES, 0.6) if one.count}
    assert shelves == {"cat": 1, "blank": 1}
    written = gallery.folder / "out.json"
    formats.write(wiring.parts(), "megadetector", written, folder=gallery.photos)
    again = {one.place: (one.label, one.boxes) for one in read_boxes(written, least=0.2)}
    by_place = {"trip/a.png": ("cat", kept[gallery.photo_id(cats[0])].boxes), "trip/b.png": ("blank", ())}
    assert again == by_place
    table = gallery.folder / "out.csv"
    formats.write(wiring.parts(), "csv", table, folder=gallery.photos)
    rows = sorted(csv.DictReader(table.read_text("utf-8-sig").splitlines()), key=lambda row: row["path"])
    assert [(row["label"], row["source"], row["animals"]) for row in rows] == [
        ("cat", "model", "2"), ("blank", "model", "0"),
    ]  # fmt: skip


def test_a_class_of_which_the_classifier_is_unsure_names_no_photo(gallery: SmallGallery) -> None:
    unsure = copy.deepcopy(DETECTED)
    unsure["images"][0]["detections"][0]["classifications"] = [["7", 0.3]]  # type: ignore[index]
    results = gallery.folder / "detected.json"
    results.write_text(json.dumps(unsure), "utf-8")
    imported_labels.take_labels(wiring.parts(), results, gallery.photos)
    photo_id = gallery.photo_id("trip/a.png")
    assert wiring.catalog().detections([photo_id])[photo_id].label is None


@pytest.mark.parametrize("name", ["csv", "megadetector", "timelapse", "xmp"])
def test_an_evaluation_goes_by_the_labels_of_people_in_any_file_that_is_read_back(
    gallery: SmallGallery, name: str
) -> None:
    catalog, card = wiring.catalog(), wiring.models().card(MODEL_ID)
    out = gallery.photos / "out.csv" if name in ("csv", "timelapse") else gallery.folder / "out"
    if name == "megadetector":
        out = out.with_suffix(".json")
    formats.write(wiring.parts(), name, out, folder=gallery.photos)
    with pytest.raises(DatasetError, match="all by a model"):
        evaluate.labels_of_file(out, gallery.photos, card)
    catalog.correct([gallery.photo_id("trip/a.png")], "dog", person="Ada", model_id=MODEL_ID)
    formats.write(wiring.parts(), name, out, folder=gallery.photos)
    found = evaluate.labels_of_file(out, gallery.photos, card)
    assert found.by_path == {(gallery.photos / "trip/a.png").resolve(): CLASS_NAMES.index("dog")}
    assert any("a model gave" in sentence for sentence in found.problems)


def test_copies_lose_coordinates_where_the_app_is_shared_and_links_say_that_they_keep_them(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (45.0, 4.0, 0.0), 3: "E", 4: (7.0, 41.0, 0.0)})
    with Image.open(gallery.photos / "trip/a.png") as picture:
        picture.convert("RGB").save(gallery.photos / "placed.jpg", exif=exif)
    gallery.tag({"placed.jpg": {"dog": 1.0}})

    def copied(out: str, **options: str) -> tuple[bool, tuple[str, ...]]:
        chosen = formats.options_of(options, links=out == "links")
        made = formats.write(
            wiring.parts(), "folders", gallery.folder / out, folder=gallery.photos, options=chosen
        )
        (copy,) = (gallery.folder / out).rglob("placed.jpg")
        with Image.open(copy) as picture:
            return bool(picture.getexif().get_ifd(0x8825)), made.notes

    assert copied("own") == (True, ())
    monkeypatch.setenv("GALLERY_ROOTS", str(gallery.folder))
    assert copied("shared") == (False, ("The copies have no coordinates.",))
    assert copied("asked", location="keep") == (True, ())
    assert copied("links") == (
        True, ("Links show the photos themselves, with the coordinates that they hold.",),
    )  # fmt: skip
