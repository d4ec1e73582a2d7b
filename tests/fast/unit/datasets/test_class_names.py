"""The names that people give to classes and to the parts of a data set."""

from __future__ import annotations

import pytest

from gallery.datasets.class_names import class_of_name, nearest_class_name, part_of_name
from gallery.datasets.labelled import Part
from gallery.settings import CLASS_NAMES


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


def test_the_nearest_name_is_found_in_both_languages() -> None:
    assert nearest_class_name("Scoiatolo", CLASS_NAMES) == "scoiattolo"
    assert nearest_class_name("xyz", CLASS_NAMES) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Train", Part.TRAIN), ("training_set", Part.TRAIN), ("VAL", Part.VALIDATION),
        ("dev", Part.VALIDATION),
        ("validation set", Part.VALIDATION), ("Test-Set", Part.TEST), ("2_test", Part.TEST),
        ("holdout", None), ("", None), ("trainer", None),
    ],
)  # fmt: skip
def test_the_parts_of_a_data_set_are_known_by_their_usual_names(name: str, part: Part | None) -> None:
    assert part_of_name(name) is part
