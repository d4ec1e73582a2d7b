"""Labels from folders: the names people give them, and what is said of names nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.datasets.labels import UNLABELLED, class_of_name, labels_of, nearest_class_name
from gallery.errors import DatasetError
from gallery.settings import CLASS_NAMES

ROOT = Path("/no/such/folder").absolute()


def below(*names: str) -> list[Path]:
    return [ROOT / name for name in names]


@pytest.mark.parametrize(
    ("italian", "english"),
    [
        ("cane", "dog"), ("cavallo", "horse"), ("elefante", "elephant"), ("farfalla", "butterfly"),
        ("gallina", "chicken"), ("gatto", "cat"), ("mucca", "cow"), ("pecora", "sheep"),
        ("ragno", "spider"), ("scoiattolo", "squirrel"),
    ],
)  # fmt: skip
def test_italian_and_english_names_mean_the_same_class(italian: str, english: str) -> None:
    assert class_of_name(italian, CLASS_NAMES) == class_of_name(english, CLASS_NAMES)
    assert class_of_name(english, CLASS_NAMES) == CLASS_NAMES.index(english)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Cane", "dog"), ("CANI", "dog"), ("ragno_", "spider"), ("SPIDERS", "spider"),
        (" butterflies ", "butterfly"), ("Mucche", "cow"),
        ("01_dog", "dog"), ("3-Gatti", "cat"), ("galline.", "chicken"), ("pecore", "sheep"),
        ("__squirrel__", "squirrel"), ("e\u0301le\u0301phant", "elephant"),
    ],
)  # fmt: skip
def test_case_plural_separators_and_numbers_do_not_matter(name: str, meant: str) -> None:
    assert class_of_name(name, CLASS_NAMES) == CLASS_NAMES.index(meant)


@pytest.mark.parametrize("name", ["zebra", "", "_", "42", "hotdog", "dog food", "1dog", "n02085620"])
def test_other_names_mean_no_class(name: str) -> None:
    assert class_of_name(name, CLASS_NAMES) is None


def test_a_models_own_class_names_win_over_the_synonyms_of_another_class() -> None:
    assert class_of_name("hen", ("chicken", "hen")) == 1
    assert class_of_name("gallina", ("chicken", "hen")) == 0


def test_a_model_with_italian_or_other_classes_is_understood() -> None:
    assert class_of_name("dogs", ("gatto", "cane")) == 1
    assert class_of_name("Gnus", ("gnu", "cane")) == 0


def test_labels_come_from_the_class_folder_however_deep_the_photo_lies() -> None:
    labels = labels_of(ROOT, below("cane/a.jpg", "Cats/site 3/2024/b.jpg", "cane/c.jpg"), CLASS_NAMES)
    assert labels.y_true.tolist() == [0, 1, 0]
    assert labels.labelled.tolist() == [0, 1, 2]


def test_an_unknown_folder_is_named_with_the_nearest_name_and_the_list() -> None:
    with pytest.raises(DatasetError) as failure:
        labels_of(ROOT, below("dog/a.jpg", "hors/b.jpg", "zebra/c.jpg"), CLASS_NAMES)
    sentence = str(failure.value)
    assert '"hors" (did you mean horse?), "zebra" are not names of a class' in sentence
    assert "spider (ragno)" in sentence


def test_many_unknown_folders_are_not_all_listed() -> None:
    with pytest.raises(DatasetError, match="and 3 more are not names"):
        labels_of(ROOT, below("dog/a.jpg", *(f"q{n}/a.jpg" for n in range(8))), CLASS_NAMES)


def test_a_folder_name_that_is_not_text_can_still_be_named() -> None:
    with pytest.raises(DatasetError, match="\ufffd"):
        labels_of(ROOT, below("dog/a.jpg", "caf\udce9/b.jpg"), CLASS_NAMES)


def test_photos_directly_in_the_root_are_a_named_problem_and_have_no_label() -> None:
    labels = labels_of(ROOT, below("a.jpg", "dog/b.jpg"), CLASS_NAMES)
    assert labels.y_true.tolist() == [UNLABELLED, 0]
    assert labels.problems[0].startswith("1 photo lies outside the class folders")


def test_photos_only_in_the_root_say_what_is_missing() -> None:
    with pytest.raises(DatasetError, match="lie directly in it"):
        labels_of(ROOT, below("a.jpg", "b.jpg"), CLASS_NAMES)


def test_no_photos_at_all_say_so() -> None:
    with pytest.raises(DatasetError, match="There are no photos"):
        labels_of(ROOT, [], CLASS_NAMES)


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    for name in ("dog", "gatti", "zebra", ".cache", "__MACOSX"):
        (tmp_path / name).mkdir()
    labels = labels_of(tmp_path, [tmp_path / "dog" / "a.jpg"], ("dog", "cat", "horse"))
    assert labels.problems == (
        'The folder "gatti" holds no photos: nothing can be said of the class cat.',
        "There is no folder of horse: nothing can be said of how well they are found.",
        'Not a class, and without photos: "zebra". It was passed over.',
    )


def test_a_folder_for_every_class_has_no_problem() -> None:
    assert labels_of(ROOT, below("dog/a.jpg", "cat/a.jpg"), ("dog", "cat")).problems == ()


def test_the_parts_of_a_data_set_are_looked_through_for_their_classes() -> None:
    paths = below("train/cane/a.jpg", "val/gatto/b.jpg", "Test/dogs/more/c.jpg")
    labels = labels_of(ROOT, paths, ("dog", "cat"))
    assert labels.y_true.tolist() == [0, 1, 0]
    assert '"Test", "train", "val"' in labels.problems[0]


def test_an_unknown_class_in_a_part_of_a_data_set_is_named() -> None:
    with pytest.raises(DatasetError, match='sub-folder "gnu" is not the name'):
        labels_of(ROOT, below("train/gnu/a.jpg", "test/dog/b.jpg"), CLASS_NAMES)


def test_a_single_folder_around_the_classes_is_passed_through() -> None:
    labels = labels_of(ROOT, below("raw-img/cane/a.jpg", "raw-img/gatto/b.jpg", "raw-img/c.jpg"), CLASS_NAMES)
    assert labels.y_true.tolist() == [0, 1, UNLABELLED]


def test_a_single_unknown_folder_is_not_taken_for_one_around_classes() -> None:
    with pytest.raises(DatasetError, match='"zebra"'):
        labels_of(ROOT, below("zebra/a.jpg", "zebra/young/b.jpg"), CLASS_NAMES)


def test_a_photo_elsewhere_is_refused() -> None:
    with pytest.raises(DatasetError, match="does not lie in"):
        labels_of(ROOT, [Path("/elsewhere/a.jpg")], CLASS_NAMES)


def test_the_nearest_name_is_found_in_both_languages() -> None:
    assert nearest_class_name("Scoiatolo", CLASS_NAMES) == "scoiattolo"
    assert nearest_class_name("xyz", CLASS_NAMES) is None
