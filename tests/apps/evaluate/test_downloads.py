"""What is in the files that Evaluate offers for download."""

from __future__ import annotations

import csv
import dataclasses
import io

import pytest
from gallery.ui.evaluate.folder import EvaluatedFolder, matrix_csv, predictions_csv, report_csv

from gallery.services import wiring
from gallery.ui.evaluate import choice as evaluate_choice
from tests.apps.evaluate.five_photos import SAID
from tests.apps.small_gallery import SmallGallery


def evaluated_folder(gallery: SmallGallery) -> EvaluatedFolder:
    collection = gallery.tag(SAID)
    folder = evaluate_choice.evaluated(collection, wiring.models().card("drawn-vgg16"))
    assert folder is not None
    return folder


def test_the_predictions_file_has_a_line_a_photo(gallery: SmallGallery) -> None:
    text = predictions_csv(evaluated_folder(gallery)).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == [
        "Cats/1.png",
        "Cats/2.png",
        "cane/1.png",
        "cane/2.png",
        "cane/3.png",
    ]
    wrong = rows[3]
    assert (wrong["true"], wrong["predicted"], wrong["correct"]) == ("dog", "cat", "0")
    assert float(wrong["confidence"]) == pytest.approx(0.8)
    assert float(wrong["probability_dog"]) == pytest.approx(0.2)


def test_a_file_that_is_named_like_a_formula_cannot_compute_in_a_spreadsheet(gallery: SmallGallery) -> None:
    folder = evaluated_folder(gallery)
    paths = (folder.root / "=1+1.png", *folder.paths[1:])
    evil = dataclasses.replace(folder, evaluation=dataclasses.replace(folder.evaluation, paths=paths))
    assert predictions_csv(evil).splitlines()[1].startswith("'=1+1.png,")


def test_the_matrix_and_report_files_say_the_same_as_the_page(gallery: SmallGallery) -> None:
    report = evaluated_folder(gallery).report
    matrix = list(csv.reader(io.StringIO(matrix_csv(report).removeprefix("\ufeff"))))
    assert matrix[0][:3] == ["true \\ predicted", "dog", "cat"]
    assert matrix[1][:3] == ["dog", "1", "2"]
    rows = {row["class"]: row for row in csv.DictReader(io.StringIO(report_csv(report)))}
    assert float(rows["cat"]["precision"]) == pytest.approx(0.5)
    assert rows["weighted avg"]["support"] == "5"
