"""A labelled folder evaluated with a catalog that is a fake."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from gallery.datasets.labelled import ModelLabels
from gallery.errors import DatasetError
from gallery.evaluation import evaluate_collection
from gallery.types import Collection, CollectionKind, PredictionTable, SkippedFile, SkipReason
from tests.fast.unit.evaluation.fakes import FakeStored

NAMES = ("dog", "cat")
ROOT = Path("/photos").absolute()
FOLDER = Collection(7, CollectionKind.FOLDER, ROOT, "photos", "2024-01-01T00:00:00")


@dataclass
class FakeCatalog(FakeStored):
    said: dict[str, float] = field(default_factory=dict)  # path -> probability of dog
    pending: list[Path] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)
    class_names: tuple[str, ...] = NAMES

    def prediction_table(self, collection_id: int, model_id: str) -> PredictionTable:
        assert (collection_id, model_id) == (7, "m")
        dog = np.array(list(self.said.values()), np.float32)
        return PredictionTable(
            np.arange(len(dog)) + 100,
            tuple(f"{n:064x}" for n in range(len(dog))),
            tuple(ROOT / name for name in self.said),
            np.stack([dog, 1 - dog], axis=1),
            self.class_names if len(dog) else (),
        )

    def pending_files(self, collection_id: int, model_id: str) -> list[Path]:
        return self.pending

    def skipped_files(self, collection_id: int) -> list[SkippedFile]:
        return self.skipped


def test_rows_of_the_report_lead_to_their_files() -> None:
    catalog = FakeCatalog(said={"loose.jpg": 0.9, "cane/a.jpg": 0.8, "cats/b.jpg": 0.7, "cats/c.jpg": 0.1})
    result = evaluate_collection(catalog, FOLDER, "m", NAMES)
    assert result.report.confusion_matrix.tolist() == [[1, 0], [1, 1]]
    assert result.file_ids.tolist() == [101, 102, 103]
    assert [result.paths[row] for row in result.report.cell(1, 0)] == [ROOT / "cats" / "b.jpg"]
    assert result.photo_ids[0] == f"{1:064x}"
    assert len(result.problems) == 2
    assert result.problems[0] == 'Read as: "cane" as dog, "cats" as cat.'
    assert "outside the class folders" in result.problems[1]


def test_the_problems_say_what_the_model_calls_photos_of_no_class() -> None:
    said = {"dog/a.jpg": 0.8, "cat/b.jpg": 0.1, "blank/1.jpg": 0.9, "blank/2.jpg": 0.2, "blank/3.jpg": 0.7}
    result = evaluate_collection(FakeCatalog(said=said), FOLDER, "m", NAMES)
    assert result.report.n == 2
    assert result.problems == (
        'Left out, because they are no class of the model: "blank" (3 photos, which the model calls dog 2, '
        "cat 1).",
    )


def test_what_is_waiting_or_unreadable_is_said() -> None:
    broken = SkippedFile(ROOT / "dog" / "x.jpg", SkipReason.DAMAGED, "It ends too early.")
    catalog = FakeCatalog(
        said={"dog/a.jpg": 0.8, "cat/b.jpg": 0.1}, pending=[ROOT / "dog" / "z.jpg"], skipped=[broken]
    )
    result = evaluate_collection(catalog, FOLDER, "m", NAMES)
    assert result.skipped == (broken,)
    assert result.problems == (
        "Not tagged yet and left out: 1 photo. Tag the folder to the end.",
        "Could not be read and left out: 1 photo.",
    )


def test_what_is_tried_again_each_time_is_unreadable_and_not_waiting() -> None:
    heic = SkippedFile(ROOT / "dog" / "x.heic", SkipReason.HEIC_NOT_INSTALLED, "Install pillow-heif.")
    catalog = FakeCatalog(said={"dog/a.jpg": 0.8, "cat/b.jpg": 0.1}, pending=[heic.path], skipped=[heic])
    result = evaluate_collection(catalog, FOLDER, "m", NAMES)
    assert result.problems == ("Could not be read and left out: 1 photo.",)
    with pytest.raises(DatasetError, match=r"1 photo in all\. The first: Install pillow-heif"):
        evaluate_collection(FakeCatalog(said={}, pending=[heic.path], skipped=[heic]), FOLDER, "m", NAMES)


def test_a_folder_that_is_not_tagged_says_so() -> None:
    with pytest.raises(DatasetError, match="has been tagged by m yet"):
        evaluate_collection(FakeCatalog(said={}, pending=[ROOT / "dog" / "z.jpg"]), FOLDER, "m", NAMES)


def test_a_folder_without_photos_says_so() -> None:
    with pytest.raises(DatasetError, match="no readable photos"):
        evaluate_collection(FakeCatalog(said={}), FOLDER, "m", NAMES)


def test_predictions_of_other_classes_are_refused() -> None:
    with pytest.raises(DatasetError, match="another id"):
        evaluate_collection(
            FakeCatalog(said={"dog/a.jpg": 0.8}, class_names=("cat", "dog")), FOLDER, "m", NAMES
        )


def test_labels_of_a_table_replace_the_folders() -> None:
    skipped = [SkippedFile(ROOT / n, SkipReason.EMPTY, "It is empty.") for n in ("b/4.jpg", "b/5.jpg")]
    catalog = FakeCatalog(
        said={"b/1.jpg": 0.9, "b/2.jpg": 0.8, "b/3.jpg": 0.2}, pending=[ROOT / "b" / "9.jpg"], skipped=skipped
    )
    labels = {ROOT / "b" / "1.jpg": 0, ROOT / "b" / "2.jpg": 1, ROOT / "b" / "5.jpg": 1}
    result = evaluate_collection(catalog, FOLDER, "m", NAMES, labels=ModelLabels(labels))
    assert result.report.y_true.tolist() == [0, 1]
    assert result.skipped == (skipped[1],)
    assert result.problems == (
        "Listed, but not evaluated: 1 photo. They are not in the folder, or not read.",
        "Could not be read and left out: 1 photo.",
    )


def test_labels_of_other_photos_are_refused() -> None:
    with pytest.raises(DatasetError, match="has a label"):
        evaluate_collection(
            FakeCatalog(said={"a.jpg": 0.5}), FOLDER, "m", NAMES, labels=ModelLabels({Path("/x.jpg"): 0})
        )
