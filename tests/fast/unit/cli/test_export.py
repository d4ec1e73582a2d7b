"""``export``: predictions, labels and verdicts as tables."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from gallery.types import Verdict
from tests.fast.unit.cli.colour_place import GREEN, RED, Place, Run


def test_export_writes_labels_of_people_and_of_the_model(place: Place, run: Run, tmp_path: Path) -> None:
    place.labelled()
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(catalog.collections()[0].collection_id, "colours")
        wrong = table.paths.index(place.photos / "Cane" / "2.png")
        catalog.correct([table.photo_ids[wrong]], "dog", person="Ada", model_id="colours")
    out = tmp_path / "tags.csv"
    code, said, _ = run("export", "--out", out)
    assert (code, said["photos"], said["collections"]) == (0, 4, 1)
    with out.open(encoding="utf-8-sig", newline="") as lines:
        rows = {Path(row["path"]).relative_to(place.photos).as_posix(): row for row in csv.DictReader(lines)}
    assert [rows["Cane/2.png"][k] for k in ("label", "source", "model_label")] == ["dog", "person", "cat"]
    assert [rows["Cane/1.png"][k] for k in ("label", "source", "model_label")] == ["dog", "model", "dog"]


def test_export_of_verdicts_is_a_line_each_with_the_label_that_it_leaves(
    place: Place, run: Run, tmp_path: Path
) -> None:
    place.labelled()
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(1, "colours")
        photo_of = {path.relative_to(place.photos).as_posix(): n for n, path in enumerate(table.paths)}
        photo_id = table.photo_ids[photo_of["Cane/2.png"]]
        catalog.give_verdict(photo_id, "dog", Verdict.LABEL_WRONG, other="cat", person="Ada")
    out = tmp_path / "verdicts.csv"
    code, said, _ = run("export", "--verdicts", "--out", out)
    assert (code, said) == (0, {"out": str(out), "verdicts": 1, "collections": 1})
    (line,) = csv.DictReader(out.read_text("utf-8-sig").splitlines())
    assert (line["label"], line["verdict"], line["label_after"]) == ("dog", "label wrong", "cat")
    assert line["path"] == str(place.photos / "Cane" / "2.png")
    shutil.copy(place.photos / "Cane" / "2.png", place.photos / "cats" / "copy.png")
    run("tag", place.photos)
    with place.catalog() as catalog:
        catalog.give_verdict(photo_id, "cat", Verdict.MODEL_WRONG, person="Ada")
    run("export", "--verdicts", "--out", out)
    lines = csv.DictReader(out.read_text("utf-8-sig").splitlines())
    of_label = {line["label"]: Path(line["path"]).parent.name for line in lines}
    assert of_label == {"dog": "Cane", "cat": "cats"}  # of two copies the one that bears the judged label
    (place.photos / "cats" / "copy.png").unlink()
    run("tag", place.photos / "cats")
    assert (
        run("export", "--verdicts", "--out", out, "--collection", place.photos / "cats")[1]["verdicts"] == 0
    )


def test_export_of_one_folder_leaves_out_the_others_and_an_unopened_one_is_named(
    place: Place, run: Run, tmp_path: Path
) -> None:
    place.photo("a/1.png", RED)
    place.photo("b/1.png", GREEN)
    run("tag", place.photos / "a")
    run("tag", place.photos / "b")
    run("tag", place.photos)
    assert run("export", "--out", tmp_path / "x.csv")[1]["photos"] == 2
    code, said, _ = run("export", "--out", tmp_path / "x.json", "--format", "megadetector")
    assert (code, said["error"]) == (
        2, "MegaDetector results (JSON) has paths below one folder, and 3 are open. Choose one.",
    )  # fmt: skip
    assert run("export", "--out", tmp_path / "x.csv", "--collection", place.photos / "a")[1]["photos"] == 1
    code, said, _ = run("export", "--out", tmp_path / "x.csv", "--collection", tmp_path)
    assert code == 2
    assert "has not been opened yet" in said["error"]


def labelled_by_ada(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    with place.catalog() as catalog:
        table = catalog.prediction_table(1, "colours")
        of = {path.relative_to(place.photos).as_posix(): n for n, path in enumerate(table.paths)}
        catalog.correct([table.photo_ids[of["Cane/2.png"]]], "fox", person="Ada", model_id="colours")


@pytest.mark.parametrize(
    ("name", "out"),
    [("csv", "t.csv"), ("timelapse", "t.csv"), ("megadetector", "t.json"), ("xmp", "sidecars")],
)
def test_labels_go_out_and_come_back_as_labels_of_who_gave_them(
    place: Place, run: Run, tmp_path: Path, name: str, out: str
) -> None:
    labelled_by_ada(place, run)
    before = {path: path.read_bytes() for path in place.photos.rglob("*") if path.is_file()}
    code, said, err = run("export", "--format", name, "--out", tmp_path / out)
    assert (code, said["photos"], said["format"]) == (0, 4, name), err
    with place.catalog() as catalog:
        (photo_id,) = {one.photo_id for one in catalog.all_corrections()}
        catalog.correct([photo_id], None, person="Ada", model_id="colours")
        assert catalog.standing_labels([photo_id]) == {}
    code, said, err = run("take", tmp_path / out, "--collection", place.photos)
    assert (code, said["labelled"], said["by_model"], said["unknown"]) == (0, 1, 3, []), err
    with place.catalog() as catalog:
        standing = catalog.standing_labels([photo_id])[photo_id]
        assert (standing.label, standing.person) == ("fox", "Ada")
        catalog.correct([photo_id], "dog", person="Bea", model_id="colours")
    code, said, _ = run("take", tmp_path / out, "--collection", place.photos)
    assert (said["labelled"], said["kept"]) == (0, 1)  # what a person says here is not written over
    assert {path: path.read_bytes() for path in place.photos.rglob("*") if path.is_file()} == before


def test_a_camtrap_package_needs_places_and_dates_and_says_so(place: Place, run: Run, tmp_path: Path) -> None:
    place.labelled()
    run("tag", place.photos)
    args = ("export", "--format", "camtrap-dp", "--out", tmp_path / "package")
    assert "needs a date for each. 4 photos without a date left out" in run(*args)[1]["error"]
    assert "is a latitude and a longitude in degrees" in run(*args, "--latitude", "north")[1]["error"]
    places = tmp_path / "places.csv"
    places.write_text("folder;latitude;longitude\nCane;45,07;x\n")
    assert "Cane has no numbers as its place" in run(*args, "--places", places)[1]["error"]
    assert run("export", "--format", "xml", "--out", tmp_path / "x")[1]["error"] == (
        "There is no format 'xml'. Formats: csv, megadetector, timelapse, camtrap-dp, xmp, folders."
    )


def test_class_folders_are_copies_outside_the_photos(place: Place, run: Run, tmp_path: Path) -> None:
    labelled_by_ada(place, run)
    out = tmp_path / "sorted"
    assert run("export", "--format", "folders", "--out", out)[1]["notes"] == []
    assert (out / "fox" / "Cane" / "2.png").is_file()
    code, said, _ = run("export", "--format", "folders", "--out", out, "--without-location")
    assert said["notes"] == ["4 photos lay there already.", "The copies have no coordinates."]
    code, said, _ = run("export", "--format", "folders", "--out", place.photos / "sorted")
    assert (code, (place.photos / "sorted").exists()) == (2, False)
    assert "nothing is written among your photos" in said["error"]


def test_sidecars_lie_beside_the_photos_only_when_asked(place: Place, run: Run) -> None:
    labelled_by_ada(place, run)
    assert "lies in the opened folder" in run("export", "--format", "xmp", "--out", place.photos)[1]["error"]
    assert list(place.photos.rglob("*.xmp")) == []
    code, said, _ = run("export", "--format", "xmp", "--beside", "--naming", "stem")
    assert (code, said["out"]) == (0, "beside the photos")
    assert (place.photos / "Cane" / "2.xmp").is_file()
    assert "--out PLACE" in run("export", "--format", "csv", "--beside")[1]["error"]
