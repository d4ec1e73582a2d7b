"""Heads on frozen features: what they compute, and that a better network's opinion is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from research.heads import as_two_layers, logistic_regression, logits, photo_weights, taught_head
from research.photos import THUMBNAILS, LabelledPhoto, held_out, near_duplicates


def photos(labels: list[int], source: str = "a", split: str = "train") -> list[LabelledPhoto]:
    return [LabelledPhoto(Path("x.jpg"), label, source, split, "0") for label in labels]


def test_two_dense_layers_are_exactly_the_linear_head() -> None:
    dice = np.random.default_rng(0)
    kernel, bias = dice.normal(size=(20, 10)).astype(np.float32), dice.normal(size=10).astype(np.float32)
    features = dice.random((7, 20)).astype(np.float32)
    head = as_two_layers((kernel, bias))
    assert head["fc1/kernel"].shape == (20, 512)
    np.testing.assert_allclose(logits(head, features), features @ kernel + bias, atol=1e-4)


def test_every_class_counts_the_same_and_thumbnails_half() -> None:
    both = [*photos([0]), *photos([0], THUMBNAILS), *photos([1, 1, 1])]
    weights = photo_weights(both)
    assert weights[:2].sum() == pytest.approx(weights[2:].sum())
    assert weights[1] == pytest.approx(weights[0] / 2)
    assert weights.mean() == pytest.approx(1)


def test_a_logistic_regression_names_what_lies_apart() -> None:
    dice = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    features = (np.eye(3)[labels] * 5 + dice.normal(size=(60, 3))).astype(np.float32)
    kernel, bias = logistic_regression(features, photos(labels.tolist()), inverse_penalty=1.0)
    assert ((features @ kernel + bias).argmax(1) == labels).all()


def test_a_taught_head_follows_its_teacher_where_labels_are_wrong() -> None:
    dice = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 100)
    features = (np.eye(3)[truth] * 4 + dice.normal(size=(300, 3))).astype(np.float32)
    labels = np.where(np.arange(300) % 5 == 0, (truth + 1) % 3, truth)  # a fifth is wrong
    opinions = np.eye(3, dtype=np.float32)[truth]
    head = taught_head(features, photos(labels.tolist()), opinions, inverse_penalty=1.0)
    assert head["fc1/kernel"].shape == (3, 512)
    assert (logits(head, features).argmax(1) == truth).mean() > 0.95


def test_a_photo_that_looks_like_a_kept_one_is_found() -> None:
    kept = np.array([True, False, False, False])
    hashes = np.array([0b1111, 0b1110, 2**40 - 1, 2**40 - 1], np.uint64)
    features = np.array([[1, 0], [0, 1], [1, 0.1], [0, 1]], np.float32)
    assert near_duplicates(kept, hashes, features).tolist() == [False, True, True, False]


def test_a_source_is_left_out_in_its_turn_and_validation_in_every_one() -> None:
    cats = [*photos([1], "catdog-chanakya"), *photos([1], "tf-animals"), *photos([4], "b", "validation")]
    assert held_out(cats, 0).tolist() == [True, False, True]
    assert held_out(cats, 1).tolist() == [False, True, True]
