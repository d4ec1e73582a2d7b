"""``export``: predictions, labels and verdicts as tables."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

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
    assert run("export", "--out", tmp_path / "x.csv", "--collection", place.photos / "a")[1]["photos"] == 1
    code, said, _ = run("export", "--out", tmp_path / "x.csv", "--collection", tmp_path)
    assert code == 2
    assert "has not been opened yet" in said["error"]
