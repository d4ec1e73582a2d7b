"""Batch norm goes in and out without changing what the network says; classes are put in order."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from gallery.settings import CLASS_NAMES
from research.distillation.student import (
    LOWER,
    UPPER,
    Student,
    fold_batch_norm,
    insert_batch_norm,
    preprocess,
    read_start,
    scale_lower,
)

pytestmark = pytest.mark.network


def small_weights(channels: int = 8) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    weights, previous = {}, 3
    for name in (*LOWER, *UPPER):
        kernel = rng.normal(0, np.sqrt(2 / (9 * previous)), (3, 3, previous, channels))
        weights[f"{name}/kernel"] = kernel.astype(np.float32)
        weights[f"{name}/bias"] = rng.normal(0, 0.1, channels).astype(np.float32)
        previous = channels
    for name, outputs in (("fc1", channels), ("predictions", len(CLASS_NAMES))):
        weights[f"{name}/kernel"] = rng.normal(0, 0.5, (channels, outputs)).astype(np.float32)
        weights[f"{name}/bias"] = np.zeros(outputs, np.float32)
    return weights


def test_inserting_and_folding_batch_norm_gives_the_same_weights_back():
    rng, weights = np.random.default_rng(1), small_weights()
    moments = {
        name: (rng.normal(size=8).astype(np.float32), rng.uniform(0.5, 2, 8).astype(np.float32))
        for name in UPPER
    }
    folded = fold_batch_norm(insert_batch_norm(weights, moments))
    assert folded.keys() == weights.keys()
    for name, value in weights.items():
        assert folded[name] == pytest.approx(value, abs=1e-5)


def test_an_inserted_batch_norm_changes_no_output():
    weights = small_weights()
    moments = {name: (np.full(8, 0.3, np.float32), np.full(8, 1.7, np.float32)) for name in UPPER}
    x = tf.random.stateless_uniform((2, 8, 8, 8), (1, 2))
    plain = Student(weights, batch_norm=False).upper(x, training=False).numpy()
    normed = Student(insert_batch_norm(weights, moments), batch_norm=True).upper(x, training=False).numpy()
    assert normed == pytest.approx(plain, abs=1e-4)


def test_scaling_the_lower_blocks_changes_no_logit():
    weights = small_weights()
    images = np.random.default_rng(2).integers(0, 255, (2, 32, 32, 3)).astype(np.uint8)
    logits = [
        Student(w, batch_norm=False).logits(images).numpy() for w in (weights, scale_lower(weights, 512.0))
    ]
    assert logits[1] == pytest.approx(logits[0], rel=0.02, abs=0.02 * float(np.abs(logits[0]).max()))


def test_preprocessing_is_keras_caffe_mode():
    expected = np.array([30 - 103.939, 20 - 116.779, 10 - 123.68])
    values = preprocess(tf.constant([[[[10, 20, 30]]]], tf.uint8))
    assert values.numpy().ravel() == pytest.approx(expected, rel=1e-5)


def test_the_starts_outputs_are_put_in_the_projects_order():
    names = sorted(CLASS_NAMES)
    start = {"pred/kernel": np.arange(10.0)[None], "pred/bias": np.arange(10.0)}
    weights = read_start(start, names)
    assert [names[int(i)] for i in weights["predictions/bias"]] == list(CLASS_NAMES)
    assert weights["predictions/kernel"][0].tolist() == weights["predictions/bias"].tolist()
