"""A collection evaluated on what people said of its photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.datasets.people import labels_of_people
from gallery.errors import DatasetError
from gallery.types import PredictionTable

NAMES = ("dog", "cat")
A, B, C = (letter * 64 for letter in "abc")
PATHS = tuple(Path(f"/photos/{name}.jpg") for name in ("a", "a2", "b", "c"))


@pytest.fixture
def table() -> PredictionTable:
    return PredictionTable(
        np.arange(4), (A, A, B, C), PATHS, np.full((4, 2), 0.5, np.float32), class_names=NAMES
    )


def test_labels_of_people_reach_every_place_of_their_photo(table: PredictionTable) -> None:
    found = labels_of_people(table, {A: "dog", C: "cat"}, NAMES)
    assert found.by_path == {PATHS[0]: 0, PATHS[1]: 0, PATHS[3]: 1}
    (sentence,) = found.problems
    assert sentence.startswith("People have named 3 of 4 photos.")


def test_labels_that_are_no_class_are_left_out_and_counted(table: PredictionTable) -> None:
    found = labels_of_people(table, {A: "dog", B: "zebra", C: "cat"}, NAMES)
    assert PATHS[2] not in found.by_path
    assert found.problems[1].endswith("no class of this model: 1.")


def test_all_photos_named_needs_no_caveat(table: PredictionTable) -> None:
    assert labels_of_people(table, {A: "dog", B: "cat", C: "cat"}, NAMES).problems == ()


def test_nobody_has_named_any_is_a_sentence_with_the_remedy(table: PredictionTable) -> None:
    for standing in ({}, {A: "zebra"}):
        with pytest.raises(DatasetError, match="set their class"):
            labels_of_people(table, standing, NAMES)
