"""Photos that the model knows, and photos that are there twice."""

from __future__ import annotations

import json
from collections.abc import Set

import numpy as np

from gallery.evaluation.overlap import SeenPhotos, photo_overlap

A, B, C, D = (letter * 64 for letter in "abcd")


def seen(trained: Set[str] = frozenset(), validated: Set[str] = frozenset()) -> SeenPhotos:
    return SeenPhotos(frozenset(trained), frozenset(validated))


def test_photos_of_the_training_are_found_before_any_score() -> None:
    found = photo_overlap([A, B, C], np.array([0, 1, 0]), seen({C, D}))
    assert found.trained_on.tolist() == [2]
    assert found.unseen.tolist() == [0, 1]
    (sentence,) = found.sentences()
    assert "trained on 1 of these 3 photos" in sentence


def test_photos_that_the_model_was_chosen_by_are_named() -> None:
    found = photo_overlap([A, B, C], np.array([0, 1, 0]), seen({A}, {A, C, D}))
    assert found.chosen_by.tolist() == [2]  # of those trained on, more is said already
    assert any(
        "1 of these 3 photos were used as validation data for the model" in said for said in found.sentences()
    )
    assert not photo_overlap([A], np.array([0]), seen()).chosen_by.size


def test_one_model_of_several_is_called_by_its_name_and_copies_are_not_laid_to_it() -> None:
    found = photo_overlap([A, A, B, C], np.array([0, 0, 1, 0]), seen({B}, {C}))
    assert len(found.sentences()) == 3
    trained, chosen = found.training_sentences("Fox")
    assert trained.startswith("Fox was trained on 1 of these 4 photos")
    assert chosen.startswith("1 of these 4 photos were used as validation data for Fox")


def test_copies_are_found_and_those_that_contradict_each_other_too() -> None:
    found = photo_overlap([A, B, A, C, B, A], np.array([0, 1, 0, 2, 2, 0]), seen())
    assert [rows.tolist() for rows in found.repeated] == [[0, 2, 5], [1, 4]]
    assert [rows.tolist() for rows in found.contradicting] == [[1, 4]]
    copies, contradiction = found.sentences()
    assert copies.startswith("3 photos are each a copy of another")
    assert contradiction.startswith("One photo lies in folders of different classes")
    assert json.loads(json.dumps(found.to_json()))["contradicting"] == [[1, 4]]


def test_a_model_that_does_not_tell_is_not_the_same_as_no_overlap() -> None:
    found = photo_overlap([A], np.array([0]), seen())
    assert not found.training_known
    assert found.sentences() == []
    assert photo_overlap([A], np.array([0]), seen({B})).training_known
