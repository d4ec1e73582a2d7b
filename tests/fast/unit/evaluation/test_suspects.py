"""Suspicious labels: found by construction, and not where one of the two witnesses is missing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from gallery.errors import DatasetError
from gallery.evaluation.suspects import Suspect, contradicted_labels

COUNT = 40


def suspicious_labels(*data: object, **options: int) -> tuple[Suspect, ...]:
    """Those of the contradicted labels that are probably wrong."""
    return tuple(one for one in contradicted_labels(*data, **options) if one.probably_wrong)  # type: ignore[arg-type]


def two_clusters(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Twenty dogs and twenty cats, clearly apart, that the model gets right."""
    generator = np.random.default_rng(seed)
    true = np.repeat([0, 1], COUNT // 2)
    features = np.where(true[:, None] == 0, [10.0, 0.0, 1.0], [0.0, 10.0, 1.0])
    features = (features + generator.uniform(0, 1, (COUNT, 3))).astype(np.float32)
    of_truth = generator.uniform(0.8, 0.95, COUNT)
    probabilities = np.where(true[:, None] == [0, 1], of_truth[:, None], 1 - of_truth[:, None])
    return true, probabilities, features, [f"{n:064x}" for n in range(COUNT)]


def test_a_label_that_was_swapped_is_found_with_its_evidence() -> None:
    true, probabilities, features, ids = two_clusters()
    labels = true.copy()
    labels[3] = 1
    probabilities[3] = [0.94, 0.06]
    (suspect,) = suspicious_labels(labels, probabilities, features, ids)
    assert (suspect.row, suspect.label, suspect.suggested) == (3, 1, 0)
    assert (suspect.label_probability, suspect.suggested_probability) == (0.06, 0.94)
    assert suspect.usual_probability == pytest.approx(probabilities[labels == 0, 0].mean())
    assert (suspect.neighbours_of_label, suspect.neighbours_of_suggested) == (0, 10)
    assert suspect.score == pytest.approx((0.88 + 1) / 2)
    said = json.loads(json.dumps(suspect.to_json(("dog", "cat"))))
    assert (said["label"], said["suggested"], said["neighbours"]) == ("cat", "dog", 10)


def test_the_neighbours_are_those_of_scikit_learn() -> None:
    true, probabilities, features, ids = two_clusters(5)
    labels = true.copy()
    labels[3] = 1
    probabilities[3] = [0.94, 0.06]
    (suspect,) = suspicious_labels(labels, probabilities, features, ids, neighbours=7)
    search = NearestNeighbors(n_neighbors=8, metric="cosine").fit(features)
    distances, rows = search.kneighbors(features[[3]])
    assert rows[0, 1:].tolist() == suspect.neighbours.tolist()
    np.testing.assert_allclose(1 - distances[0, 1:], suspect.similarities, atol=1e-6)


def test_right_labels_are_not_suspected() -> None:
    assert suspicious_labels(*two_clusters()) == ()


def test_a_model_that_is_wrong_among_neighbours_of_the_label_is_no_evidence() -> None:
    true, probabilities, features, ids = two_clusters()
    probabilities[3] = [0.01, 0.99]  # a dog among dogs, called a cat
    assert suspicious_labels(true, probabilities, features, ids) == ()


def test_neighbours_of_another_class_alone_are_no_evidence() -> None:
    true, probabilities, features, ids = two_clusters()
    features[3] = [0, 10, 1]  # looks like a cat, but predicted dog
    assert suspicious_labels(true, probabilities, features, ids) == ()


def test_a_model_less_sure_than_it_usually_is_of_that_class_is_no_evidence() -> None:
    true, probabilities, features, ids = two_clusters()
    labels = true.copy()
    labels[3] = 1
    probabilities[3] = [0.6, 0.4]  # dogs get 0.8 to 0.95
    assert suspicious_labels(labels, probabilities, features, ids) == ()


def test_a_copy_of_the_photo_is_no_witness() -> None:
    true, probabilities, features, ids = two_clusters()
    labels = true.copy()
    labels[3] = labels[4] = 1
    probabilities[3] = probabilities[4] = [0.94, 0.06]
    features[4], ids[4] = features[3], ids[3]
    for suspect in suspicious_labels(labels, probabilities, features, ids):
        assert not {3, 4} & set(suspect.neighbours.tolist())


def test_the_strongest_evidence_comes_first() -> None:
    true, probabilities, features, ids = two_clusters()
    labels = true.copy()
    labels[[3, 30]] = [1, 0]
    probabilities[3], probabilities[30] = [0.92, 0.08], [0.01, 0.99]
    found = suspicious_labels(labels, probabilities, features, ids)
    assert [suspect.row for suspect in found] == [30, 3]
    assert found[0].score > found[1].score


def test_few_photos_photos_without_features_and_none_at_all_are_no_trouble() -> None:
    sure = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert suspicious_labels(np.array([1, 1]), sure, np.ones((2, 3)), ["a", "b"]) == ()
    assert suspicious_labels(np.array([1]), sure[:1], np.ones((1, 3)), ["a"]) == ()
    assert suspicious_labels(np.array([1, 0]), sure, np.zeros((2, 3)), ["a", "b"]) == ()
    assert suspicious_labels(np.array([1, 0]), sure, np.zeros((2, 0)), ["a", "b"]) == ()
    assert suspicious_labels(np.zeros(0, int), sure[:0], np.zeros((0, 3)), []) == ()


def test_what_does_not_fit_is_refused_with_a_sentence() -> None:
    true, probabilities, features, ids = two_clusters()
    with pytest.raises(DatasetError, match="got 40, 40, 40 and 39"):
        suspicious_labels(true, probabilities, features, ids[1:])
    with pytest.raises(DatasetError, match="got 0"):
        suspicious_labels(true, probabilities, features, ids, neighbours=0)


def test_every_contradicted_label_comes_with_its_evidence_suspicious_or_not() -> None:
    true, probabilities, features, ids = two_clusters()
    labels = true.copy()
    labels[3] = 1
    probabilities[3] = [0.94, 0.06]  # among dogs and called a dog, but labelled a cat
    probabilities[5] = [0.02, 0.98]  # a dog among dogs, called a cat: the model errs
    features[7], probabilities[7] = 0, [0.3, 0.7]  # no features, so no neighbours
    found = contradicted_labels(labels, probabilities, features, ids)
    assert [(one.row, one.probably_wrong) for one in found] == [(3, True), (7, False), (5, False)]
    assert [one.row for one in suspicious_labels(labels, probabilities, features, ids)] == [3]
    assert found[1].score == pytest.approx((0.7 - 0.3) / 2)
    assert found[1].neighbours.tolist() == []
    # photo 5: 8 dogs are left, one of the ten nearest is the swapped label, which counts as a cat
    assert found[2].neighbours_of_label + found[2].neighbours_of_suggested == 10
    margin = (found[2].neighbours_of_suggested - found[2].neighbours_of_label) / 10
    assert found[2].score == pytest.approx((0.98 - 0.02 + margin) / 2)
