"""The teacher's two opinions, mixed by hand, and dense layers that learn what they are told."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gallery.settings import CLASS_NAMES
from gallery.training.distillation.head import Lesson, fit_head, head_logits
from gallery.training.distillation.opinions import (
    IMAGENET_GROUPS,
    group_log_probabilities,
    mixed_probabilities,
)
from gallery.training.distillation.student import Student

pytestmark = pytest.mark.network


def test_imagenets_sums_by_hand() -> None:
    thousand = np.full((1, 1000), -100.0)
    thousand[0, [281, 285]] = np.log([0.2, 0.1])  # a tabby and an Egyptian cat
    thousand[0, 340] = np.log(0.4)  # a zebra is none of the ten
    thousand[0, 339] = np.log(0.3)  # a sorrel horse
    sums = np.exp(group_log_probabilities(thousand))[0]
    assert sums[CLASS_NAMES.index("cat")] == pytest.approx(0.3 / 0.6)
    assert sums[CLASS_NAMES.index("horse")] == pytest.approx(0.3 / 0.6)
    assert sums.sum() == pytest.approx(1)


def test_the_mixture_is_the_geometric_mean() -> None:
    ten = np.log(np.array([[0.8, 0.2, *[1e-30] * 8]]))
    thousand = np.full((1, 1000), -100.0)
    thousand[0, IMAGENET_GROUPS["dog"][0]], thousand[0, IMAGENET_GROUPS["cat"][0]] = np.log([0.1, 0.9])
    dog, cat = 0.8**0.7 * 0.1**0.3, 0.2**0.7 * 0.9**0.3
    mixed = mixed_probabilities(ten, thousand, 0.3)[0]
    assert mixed[:2] == pytest.approx(np.array([dog, cat]) / (dog + cat), abs=1e-6)
    alone = mixed_probabilities(ten, thousand, 0.0)[0]
    assert alone[:2] == pytest.approx([0.8, 0.2], abs=1e-6)


def tiny_head(rng: np.random.Generator) -> dict[str, np.ndarray]:
    shapes = {
        "fc1/kernel": (6, 16),
        "fc1/bias": (16,),
        "predictions/kernel": (16, 10),
        "predictions/bias": (10,),
    }
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


def test_dense_layers_learn_what_the_teacher_says_and_nothing_else_changes() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (2, 400, 6)).astype(np.float32)
    features[1] = features[0] + 0.01
    targets = np.eye(10)[(features[0, :, 0] > 0).astype(int)] * 0.9 + 0.01
    weights = {**tiny_head(rng), "block1_conv1/kernel": np.ones((1,), np.float32)}
    lesson = Lesson(features, targets, np.full(400, -1), np.full(400, 1 / 400))
    learnt = fit_head(weights, lesson, rate=3e-2, steps=150, batch=64, noise=0.05)

    def divergence(network: dict[str, np.ndarray]) -> float:
        logs = np.asarray(tf.nn.log_softmax(head_logits(network, features[0])))
        return float((targets * (np.log(targets) - logs)).sum(1).mean())

    assert divergence(learnt) < 0.1 < 1 < divergence(weights)
    assert learnt["block1_conv1/kernel"] is weights["block1_conv1/kernel"]
    again = fit_head(weights, lesson, rate=3e-2, steps=150, batch=64, noise=0.05)
    assert np.array_equal(again["fc1/kernel"], learnt["fc1/kernel"])


def test_labels_count_beside_the_teacher_and_rare_photos_as_often_as_asked() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(0, 1, (1, 200, 6)).astype(np.float32)
    undecided = np.full((200, 10), 0.1)
    labels = (features[0, :, 1] > 0).astype(int)
    chances = np.where(np.arange(200) < 100, 0.01, 0.0)
    lesson = Lesson(features, undecided, labels, chances)
    learnt = fit_head(tiny_head(rng), lesson, rate=3e-2, steps=150, batch=64, label_share=1.0, noise=0.0)
    assert (head_logits(learnt, features[0])[:100].argmax(1) == labels[:100]).mean() > 0.9


def test_the_numpy_head_is_the_students() -> None:
    rng = np.random.default_rng(2)
    weights, pooled = tiny_head(rng), rng.normal(1, 1, (3, 6)).astype(np.float32)
    expected = Student(weights, batch_norm=False).head(tf.constant(pooled)).numpy()
    assert head_logits(weights, pooled) == pytest.approx(expected, abs=1e-5)
