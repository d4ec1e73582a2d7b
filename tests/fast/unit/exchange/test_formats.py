"""Each format out and back: written is read, and nothing that exists is lost."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest

from gallery.datasets.table import read_label_rows
from gallery.errors import ExchangeError
from gallery.exchange.camtrap_dp import Site, camtrap_dp, read_camtrap_dp
from gallery.exchange.class_folders import sort_into_folders
from gallery.exchange.megadetector_json import megadetector_json, read_megadetector
from gallery.exchange.predictions_csv import predictions_csv
from gallery.exchange.timelapse_csv import timelapse_csv
from gallery.exchange.xmp_sidecars import Naming, read_sidecars, sidecar, write_sidecars
from tests.fast.unit.exchange.made_rows import NAMES, ROOT, WHEN, made_row

PLACES = {"": Site(45.07, 7.69, "+02:00")}


def test_a_table_with_semicolons_has_decimal_commas_and_paths_below_the_folder() -> None:
    rows = [made_row("SiteA/1.jpg", person_label="cat")]
    text = "".join(predictions_csv(rows, NAMES, separator=";", below=True)).removeprefix("\ufeff")
    (cells,) = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    assert (cells["path"], cells["label"], cells["confidence"]) == ("SiteA/1.jpg", "cat", "0,7")
    assert (cells["person"], cells["labelled_at"], cells["probability_cow"]) == ("Ada", WHEN, "0,1")


def test_timelapse_gets_file_and_relative_path_as_windows_writes_them() -> None:
    rows = [made_row("North/CamA/IMG_1.JPG"), made_row("top.jpg", person_label="fox", taken_at=None)]
    text = "".join(timelapse_csv(rows)).removeprefix("\ufeff")
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["File"], first["RelativePath"], first["DateTime"]) == (
        "IMG_1.JPG", "North\\CamA", "2024-05-01 06:12:09",
    )  # fmt: skip
    assert (first["Species"], first["SpeciesBy"], first["ModelConfidence"]) == ("dog", "model", "0.7")
    assert (second["RelativePath"], second["DateTime"], second["Species"], second["Person"]) == (
        "", "", "fox", "Ada",
    )  # fmt: skip


def test_megadetectors_file_has_what_people_and_model_say(tmp_path: Path) -> None:
    rows = [
        made_row("a/1.jpg"),
        made_row("a/2.jpg", person_label="fox"),
        made_row("a/3.jpg", person_label="blank"),
        made_row("a/4.jpg", person_label="human"),
        made_row("a/5.jpg", shares=None),
    ]
    data = json.loads("".join(megadetector_json(rows, NAMES, "m", made_at=WHEN)))
    assert data["info"]["format_version"] == "1.6"
    assert data["classification_categories"] == {"0": "dog", "1": "cat", "2": "cow", "3": "fox"}
    first, fox, blank, human = data["images"]
    (box,) = first["detections"]
    assert (box["category"], box["conf"], box["bbox"]) == ("1", 0.7, [0.0, 0.0, 1.0, 1.0])
    assert box["classifications"] == [["0", 0.7], ["1", 0.2], ["2", 0.1]]
    assert fox["detections"][0]["classifications"] == [["3", 1.0]]
    assert fox["smart_gallery"]["person"] == "Ada"
    assert blank["detections"] == []
    assert [box["category"] for box in human["detections"]] == ["2"]


def test_another_programs_results_give_the_best_boxs_class(tmp_path: Path) -> None:
    def box(category: str, confidence: float, *classes: object) -> dict[str, object]:
        return {"category": category, "conf": confidence, "bbox": [0, 0, 1, 1], "classifications": [*classes]}

    images = [
        {
            "file": "a\\1.jpg",
            "detections": [box("1", 0.4, ["7", 0.9]), box("1", 0.8, ["7", 0.3], ["8", 0.6])],
        },
        {"file": "a/2.jpg", "detections": [box("2", 0.9)]},
        {"file": "a/3.jpg", "detections": []},
        {"file": "a/4.jpg", "detections": None, "failure": "unreadable"},
        {"file": "a/5.jpg", "detections": [box("3", 0.9), box("1", 0.3)]},
    ]
    file = tmp_path / "md.json"
    file.write_text(
        json.dumps(
            {
                "info": {"format_version": 1.3},
                "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
                "classification_categories": {"7": "fox", "8": "badger"},
                "images": images,
            }
        )
    )
    assert [(one.place, one.label, one.source) for one in read_megadetector(file)] == [
        ("a/1.jpg", "badger", "model"),
        ("a/2.jpg", "human", "model"),
        ("a/3.jpg", "blank", "model"),
        ("a/5.jpg", "animal", "model"),
    ]
    file.write_text('{"info": {"format_version": "2.0"}, "images": []}')
    with pytest.raises(ExchangeError, match=r"format 2\.0; 1\.3 to 1\.6 are read"):
        list(read_megadetector(file))


def test_a_package_has_a_deployment_a_folder_and_an_event_a_sequence() -> None:
    times = ("06:00:00", "06:00:40", "06:05:00")
    rows = [
        made_row(f"{site}/{n}.jpg", taken_at=f"2024-05-01T{time}")
        for site in ("A", "B")
        for n, time in enumerate(times)
    ]
    rows.append(made_row("A/undated.jpg", taken_at=None))
    rows.append(made_row("A/two..points.jpg"))
    sites = {"A": Site(45.0, 7.0, "+01:00"), "B": Site(46.0, 8.0, "Europe/Rome")}
    package = camtrap_dp(rows, sites, title="Gran Paradiso", person="Ada", made_at=WHEN)
    assert package.files["media.csv"].count("\n") == 1 + 6
    assert [sentence.split(",")[0] for sentence in package.left_out] == [
        "1 photo without a date left out", "1 photo left out",
    ]  # fmt: skip
    tables = {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(text, newline="")))
        for name, text in package.files.items()
        if name.endswith(".csv")
    }
    first, second = tables["deployments"]
    assert (first["locationName"], first["latitude"], first["deploymentStart"], first["deploymentEnd"]) == (
        "A", "45.0", "2024-05-01T06:00:00+01:00", "2024-05-01T06:05:00+01:00",
    )  # fmt: skip
    assert second["deploymentStart"] == "2024-05-01T06:00:00+02:00"  # Rome's summer time
    events = [row["eventID"] for row in tables["observations"]]
    assert events[0] == events[1] != events[2]
    assert len(set(events)) == 4
    spans = {
        row["eventID"]: (row["eventStart"][11:19], row["eventEnd"][11:19]) for row in tables["observations"]
    }
    assert spans[events[0]] == ("06:00:00", "06:00:40")
    one = tables["observations"][0]
    assert (one["scientificName"], one["classificationMethod"], one["classificationProbability"]) == (
        "Canis lupus familiaris", "machine", "0.7",
    )  # fmt: skip
    with pytest.raises(ExchangeError, match="the place of each camera, and 1 folder has none, first B"):
        camtrap_dp(rows, {"A": sites["A"]}, title="x", person="Ada", made_at=WHEN)


def test_an_impossible_place_or_clock_is_refused() -> None:
    with pytest.raises(ExchangeError, match="95, 7 is no place"):
        Site(95.0, 7.0)
    with pytest.raises(ExchangeError, match="no time zone 'Mars'"):
        Site(45.0, 7.0, "Mars")


def test_the_example_package_of_the_standard_is_read(formats_of_the_field: Path) -> None:
    found = list(read_camtrap_dp(formats_of_the_field / "camtrap-dp-1.0.2" / "example"))
    labels = {one.label for one in found}
    assert len(found) > 400
    assert {"human", "blank"} <= labels
    assert not any("://" in one.place for one in found)  # of files on the web the name is left
    assert {one.source for one in found} == {"person", "model"}


def test_a_sidecar_has_the_label_as_keywords_and_stars_only_if_wished() -> None:
    text = sidecar(made_row("a.jpg", person_label="cat")).decode()
    assert ">cat<" in text
    assert ">Animals|cat<" in text
    assert "Rating" not in text
    assert 'xmp:Rating="4"' in sidecar(made_row("a.jpg"), rating=True).decode()


EXISTING = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmp:Rating="2" crs:Exposure2012="+0.35">
 <!-- kept --><dc:subject><rdf:Bag><rdf:li>winter</rdf:li><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Füchse</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def subjects(data: bytes) -> list[str | None]:
    bag = next(Tree.fromstring(data.strip()).iter("{http://purl.org/dc/elements/1.1/}subject"))
    return [item.text for item in bag[0]]


def test_a_strangers_sidecar_cannot_take_a_prefix_of_ours_for_a_namespace_of_its_own() -> None:
    usual = sidecar(made_row("a.jpg", person_label="cat"))
    taken = EXISTING.replace("http://purl.org/dc/elements/1.1/", "http://stranger.example/dc/")
    assert taken != EXISTING
    kept = sidecar(made_row("a.jpg", person_label="cat"), taken.encode())
    assert b"http://stranger.example/dc/" in kept
    assert sidecar(made_row("a.jpg", person_label="cat")) == usual
    assert b"<dc:subject>" in usual


def test_what_stands_in_a_sidecar_stays_and_an_earlier_label_of_ours_goes() -> None:
    once = sidecar(made_row("a.jpg", person_label="dog"), EXISTING.encode(), rating=True)
    assert subjects(once) == ["winter", "cat", "dog"]
    text = once.decode()
    for kept in ('crs:Exposure2012="+0.35"', 'xmp:Rating="2"', "Füchse", "<!-- kept -->"):
        assert kept in text
    again = sidecar(made_row("a.jpg", person_label="cow"), once)
    assert subjects(again) == ["winter", "cat", "cow"]
    assert sidecar(made_row("a.jpg", person_label="cow"), again) == again
    rated = sidecar(made_row("a.jpg"), rating=True)
    assert sidecar(made_row("a.jpg"), rated, rating=True) == rated


def test_a_keyword_that_the_user_had_stays_when_the_label_changes() -> None:
    once = sidecar(made_row("a.jpg", person_label="cat"), EXISTING.encode())
    assert subjects(once) == ["winter", "cat"]
    again = sidecar(
        made_row("a.jpg", person_label="cow"), sidecar(made_row("a.jpg", person_label="cat"), once)
    )
    assert subjects(again) == ["winter", "cat", "cow"]
    assert ">Animals|cat<" not in again.decode()  # this one was added with the label


@pytest.mark.parametrize("content", [b"", b"a note", b"<x/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"])
def test_a_file_that_is_no_sidecar_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg.xmp").write_bytes(content)
    made = write_sidecars([made_row("a.jpg"), made_row("b.jpg")], tmp_path)
    assert (made.written, made.left) == (1, [tmp_path / "a.jpg.xmp"])
    assert (tmp_path / "a.jpg.xmp").read_bytes() == content


def test_two_photos_of_one_stem_keep_their_labels_apart(tmp_path: Path) -> None:
    rows = [made_row("s/a.jpg", person_label="cat"), made_row("s/a.png", person_label="dog")]
    write_sidecars(rows, tmp_path, naming=Naming.STEM)
    assert sorted(file.name for file in (tmp_path / "s").iterdir()) == ["a.png.xmp", "a.xmp"]
    assert {one.place: one.label for one in read_sidecars(tmp_path)} == {"s/a": "cat", "s/a.png": "dog"}


def test_class_folders_keep_the_station_and_write_nothing_over(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    for station in ("SiteA", "SiteB"):
        (root / station / "dog").mkdir(parents=True)
        (root / station / "dog" / "RCNX0000.JPG").write_bytes(station.encode())
    rows = [made_row(f"{station}/dog/RCNX0000.JPG", root=root) for station in ("SiteA", "SiteB")]
    out = tmp_path / "out"
    (out / "dog" / "SiteA").mkdir(parents=True)
    (out / "dog" / "SiteA" / "RCNX0000.JPG").write_bytes(b"another photo")
    made = sort_into_folders(rows, out)
    assert (made.made, made.there) == (2, 0)
    assert {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.JPG")} == {
        "dog/SiteA/RCNX0000.JPG": b"another photo",
        "dog/SiteA/RCNX0000 (2).JPG": b"SiteA",
        "dog/SiteB/RCNX0000.JPG": b"SiteB",
    }
    again = sort_into_folders(rows, out)
    assert (again.made, again.there) == (0, 2)


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_class_folders_of_links_point_to_the_photos(tmp_path: Path) -> None:
    photo = tmp_path / "photos" / "SiteA" / "1.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"1")
    row = made_row("SiteA/1.jpg", root=tmp_path / "photos")
    assert sort_into_folders([row], tmp_path / "out", links=True).made == 1
    assert (tmp_path / "out" / "dog" / "SiteA" / "1.jpg").resolve() == photo.resolve()
    assert sort_into_folders([row], tmp_path / "out", links=True).there == 1
    link = tmp_path / "out" / "dog" / "SiteA" / "1.jpg"
    link.unlink()
    link.symlink_to(os.path.relpath(photo, link.parent))  # written otherwise, it leads there as well
    assert sort_into_folders([row], tmp_path / "out", links=True).there == 1


def test_a_photo_whose_coordinates_stay_is_not_copied(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    (root / "1.jpg").write_bytes(b"1")
    made = sort_into_folders([made_row("1.jpg", root=root)], tmp_path / "out", cleaned=lambda _: None)
    assert made.made == 0
    assert "coordinates could not be taken out" in made.missing[0]
    assert list((tmp_path / "out").rglob("*.jpg")) == []


def test_a_label_table_of_ours_tells_people_from_models(tmp_path: Path) -> None:
    rows = [made_row("A/1.jpg", person_label="cat"), made_row("A/2.jpg")]
    file = tmp_path / "labels.csv"
    file.write_text("".join(predictions_csv(rows, NAMES, below=True)), "utf-8")
    table = read_label_rows(file)
    assert [(row.named, row.label, row.by, row.person, row.group) for row in table.rows] == [
        ("A/1.jpg", "cat", "person", "Ada", ""),
        ("A/2.jpg", "dog", "model", "", ""),
    ]
    assert ROOT.name not in file.read_text("utf-8")
