"""``evaluate`` on folders and tables of labels, by hand."""

from __future__ import annotations

import pytest

from tests.fast.unit.cli.colour_place import BLUE, GREEN, RED, Place, Run, text


def test_evaluate_gives_the_promised_keys_and_the_matrix_by_hand(place: Place, run: Run) -> None:
    place.labelled()
    code, said, _ = run("evaluate", place.photos)
    assert code == 0
    assert list(said) == [
        "model_id", "n", "accuracy", "accuracy_interval", "loss", "macro_f1", "class_names",
        "confusion_matrix", "per_class", "skipped",
        "balanced_accuracy", "top_2", "ece_before", "ece_after", "coverage_at_95",
        "threshold_at_95", "suspects",
    ]  # fmt: skip
    assert said["confusion_matrix"] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert (said["n"], said["accuracy"], said["skipped"]) == (4, 0.75, [])
    # cat and dog: precision 1/2, 1; recall 1, 1/2; so F1 2/3 both
    assert said["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_evaluate_without_json_prints_the_report_and_says_what_is_odd(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.photo("dog/1.png", RED)
    place.photo("cat/1.png", GREEN)
    place.photo("loose.png", BLUE)
    code, out, err = text(place, capsys, "evaluate", place.photos)
    assert code == 0
    assert "colours on 2 photos: accuracy 100.0 %" in out
    assert "1 photo lies outside the class folders" in err
    assert "no folder of horse" in err


def test_evaluate_refuses_a_misspelt_folder_before_any_work(place: Place, run: Run) -> None:
    place.labelled()
    place.photo("hors/1.png", RED)
    code, said, err = run("evaluate", place.photos)
    assert code == 2
    assert '"hors" (did you mean horse?) is not the name of a class' in said["error"]
    assert said["error"] in err
    with place.catalog() as catalog:
        assert catalog.collections() == []


def test_evaluate_takes_labels_from_a_table_and_reads_only_those_photos(place: Place, run: Run) -> None:
    place.labelled()
    table = place.photos / "labels.csv"
    table.write_text("path,class,split\nCane/1.png,dog,test\nCane/2.png,gatto,test\ncats/1.png,cat,train\n")
    code, said, _ = run("evaluate", place.photos, "--labels", table, "--split", "test")
    assert code == 0
    assert (said["n"], said["accuracy"]) == (2, 1.0)
    with place.catalog() as catalog:
        (collection,) = catalog.collections()
        assert len(catalog.prediction_table(collection.collection_id, "colours")) == 2
        assert len(catalog.pending_files(collection.collection_id, "colours")) == 2


def test_a_split_without_a_table_and_a_table_of_other_photos_are_refused(place: Place, run: Run) -> None:
    place.labelled()
    assert "--labels" in run("evaluate", place.photos, "--split", "test")[1]["error"]
    table = place.home / "labels.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("path,class\n1.png,dog\n")
    code, said, _ = run("evaluate", place.photos, "--labels", table)
    assert code == 2
    assert "None of the 1 photos listed" in said["error"]
