"""The names that people give to classes and to the parts of a data set."""

from __future__ import annotations

import pytest

from gallery.datasets.class_names import (
    class_of_name,
    classes_of_names,
    kept_apart_sentences,
    naming_sentences,
    nearest_class_name,
    part_of_name,
)
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
    assert class_of_name("gallina", ("chicken", "hen")) is None  # may be either


def test_forgiving_rules_hold_only_where_exactly_one_class_is_meant() -> None:
    ladybirds = ("2_spot_ladybird", "7_spot_ladybird", "14_spot_ladybird")
    assert [class_of_name(name, ladybirds) for name in ladybirds] == [0, 1, 2]
    assert class_of_name("7-Spot Ladybird", ladybirds) == 1
    assert class_of_name("spot_ladybird", ladybirds) is None
    assert class_of_name("5_spot_ladybird", ladybirds) is None


def test_composed_and_decomposed_letters_are_one_name_and_an_exact_one_wins() -> None:
    composed, decomposed = "b\u00e9casse", "be\u0301casse"
    assert class_of_name(decomposed, ("owl", composed)) == 1
    assert class_of_name(decomposed, (composed, decomposed)) == 1
    assert class_of_name("becasse", (composed, "becasse")) == 1
    assert class_of_name("Becasse", ("owl", composed)) == 1


def test_a_training_merges_names_of_one_animal_and_keeps_grades_apart() -> None:
    assert classes_of_names(["hen", "chicken", "sheep"]) == {
        "hen": "chicken", "chicken": "chicken", "sheep": "sheep",
    }  # fmt: skip
    grades = classes_of_names(["1_dog", "2_dog", "cat"])
    assert grades == {"1_dog": "1_dog", "2_dog": "2_dog", "cat": "cat"}
    assert classes_of_names(["01_dog", "02_cat"]) == {"01_dog": "dog", "02_cat": "cat"}
    assert kept_apart_sentences(grades) == [
        'Classes of their own: "1_dog" and "2_dog", which without a number would be dog.'
    ]


def test_what_was_renamed_or_merged_is_said_and_exact_names_are_not() -> None:
    assert naming_sentences({"hen": "chicken", "chicken": "chicken", "Cane": "dog", "cat": "cat"}) == [
        'Counted together: "chicken" and "hen" as chicken. Read as: "Cane" as dog.'
    ]
    assert naming_sentences({"dog": "dog", "b\u00e9casse": "b\u00e9casse"}) == []


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
