"""Refit the two dense layers of a distilled network, its convolutions as they are.

    python -m gallery.training.distillation.head --data DIR --teacher FILE --start FILE --out DIR \\
        --weights FILE --to FILE

The convolutions' pooled outputs of each training photo and its mirror image are computed once; then the dense
layers learn, within a minute, what the teacher says in both of its ways (`opinions`).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gallery.training.distillation.dataset import TrainingPhoto, sampling_weights
from gallery.training.distillation.figures import logits_of_photos, macro_recall, mirrored_view, whole_view
from gallery.training.distillation.losses import smoothed_cross_entropy
from gallery.training.distillation.opinions import HEAD_PENALTY, log_softmax, mixed_probabilities
from gallery.training.distillation.prepare import Prepared, add_input_arguments, prepare, use_two_threads
from gallery.training.distillation.student import (
    LOWER_FACTOR,
    Student,
    Weights,
    preprocess,
    scale_lower,
)
from gallery.training.distillation.teacher import fit_ten_class_head
from gallery.training.distillation.training_run import export
from gallery.training.distillation.views import View

log = logging.getLogger(__name__)

HEAD = ("fc1/kernel", "fc1/bias", "predictions/kernel", "predictions/bias")

LEARNT = ("train", "unlabelled")


@dataclass(frozen=True)
class Lesson:
    """What the dense layers learn from.

    Attributes:
        features: pooled outputs of the last convolution, (views, n, 512).
        targets: the teacher's probabilities, (n, 10).
        labels: (n,) int, -1 for none.
        chances: how likely each photo is to be drawn, (n,), summing to 1.
    """

    features: NDArray[np.float32]
    targets: NDArray[np.floating]
    labels: NDArray[np.integer]
    chances: NDArray[np.floating]


def fit_head(
    weights: Weights,
    lesson: Lesson,
    *,
    rate: float = 1e-3,
    steps: int = 1000,
    batch: int = 512,
    noise: float = 0.3,
    label_share: float = 0.25,
    seed: int = 0,
) -> Weights:
    """Return the weights with dense layers that give the lesson's targets, from where they are.

    AdamW with a cosine schedule; cross-entropy to the targets, and to the labels where there are any; every
    batch is drawn anew, and its features are shaken, so that the layers do not learn single photos.

    Args:
        weights: of the whole network.
        lesson: features, targets and chances.
        rate: peak learning rate.
        steps: batches.
        batch: draws a step.
        noise: standard deviation of what is added to each feature, in its own deviations.
        label_share: weight of the cross-entropy to the labels, smoothed; that to the targets weighs 1.
        seed: draws and noise follow from it.
    """
    variables = [tf.Variable(weights[name]) for name in HEAD]
    optimiser = tf.keras.optimizers.AdamW(tf.keras.optimizers.schedules.CosineDecay(rate, steps))
    spread = lesson.features[0].std(0) * noise

    def learn(features: tf.Tensor, targets: tf.Tensor, labels: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = tf.nn.relu(features @ variables[0] + variables[1]) @ variables[2] + variables[3]
            taught = -tf.reduce_mean(tf.reduce_sum(targets * tf.nn.log_softmax(logits), 1))
            loss = taught + label_share * smoothed_cross_entropy(logits, labels)
        optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    step = tf.function(learn)
    rng = np.random.default_rng(seed)
    views, photos, width = lesson.features.shape
    for _ in range(steps):
        drawn = rng.choice(photos, batch, p=lesson.chances)
        features = lesson.features[rng.integers(0, views, batch), drawn]
        features = features + spread * rng.standard_normal((batch, width), np.float32)
        targets = tf.constant(lesson.targets[drawn], tf.float32)
        step(tf.constant(features), targets, tf.constant(lesson.labels[drawn], tf.int32))
    learnt = dict(zip(HEAD, (variable.numpy() for variable in variables), strict=True))
    return {**weights, **learnt}


def teacher_opinion(prepared: Prepared) -> NDArray[np.float64]:
    """Return both of the teacher's opinions mixed, on whole photos, (photos, 10)."""
    features = prepared.cache.teacher_features(range(len(prepared.photos)))
    rows = [i for i, photo in enumerate(prepared.photos) if photo.part == "train"]
    labels = np.array([prepared.photos[i].class_index for i in rows])
    kernel, bias = fit_ten_class_head(features[rows], labels, inverse_penalty=HEAD_PENALTY)
    thousand = features @ prepared.teacher.head_kernel + prepared.teacher.head_bias
    return mixed_probabilities(features @ kernel + bias, thousand)


def pooled_features(
    weights: Weights, photos: list[TrainingPhoto], choose: Callable[[float], View]
) -> NDArray[np.float32]:
    """Return the last convolution's means over all places of one view of each photo, (n, 512)."""
    student = Student(weights, batch_norm=False)

    def pooled(images: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(student.upper(student.lower(preprocess(images)), training=False), (1, 2))

    compiled = tf.function(pooled)
    return logits_of_photos(photos, lambda images: compiled(tf.constant(images)).numpy(), choose)


def head_logits(weights: Weights, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ten logits of pooled features, (n, 10)."""
    hidden = np.maximum(features @ weights["fc1/kernel"] + weights["fc1/bias"], 0)
    return np.asarray(hidden @ weights["predictions/kernel"] + weights["predictions/bias"])


def main() -> None:
    """Refit the dense layers of a weights file; log how the photos kept apart see it, before and after."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_input_arguments(parser)
    parser.add_argument("--weights", type=Path, required=True, help="the network, as `export` writes it")
    parser.add_argument("--to", type=Path, required=True, help="the file to write")
    args = parser.parse_args()
    use_two_threads()
    prepared = prepare(args)
    with np.load(args.weights, allow_pickle=False) as stored:
        weights = scale_lower({k: stored[k].astype(np.float32) for k in stored.files}, LOWER_FACTOR)
    opinion = teacher_opinion(prepared)
    chances = sampling_weights(prepared.photos, prepared.animal_shares())
    parts = np.array([photo.part for photo in prepared.photos])

    def features_of(part: tuple[str, ...], choose: Callable[[float], View]) -> NDArray[np.float32]:
        photos = [photo for photo in prepared.photos if photo.part in part]
        log.info("features of one view of %d photos", len(photos))
        return pooled_features(weights, photos, choose)

    learnt = np.isin(parts, LEARNT)
    views = np.stack([features_of(LEARNT, view) for view in (whole_view, mirrored_view)])
    labels_of_all = np.array([photo.class_index for photo in prepared.photos])
    lesson = Lesson(views, opinion[learnt], labels_of_all[learnt], chances[learnt] / chances[learnt].sum())
    refitted = fit_head(weights, lesson)
    for part in ("val", "watched"):
        features, target = features_of((part,), whole_view), opinion[parts == part]
        labels = labels_of_all[parts == part]
        for name, network in (("before", weights), ("after", refitted)):
            logits = head_logits(network, features)
            divergence = (target * (np.log(target) - log_softmax(logits))).sum(1).mean()
            line = f"{part} {name}: divergence to the teacher {divergence:.4f}"
            if part == "val":
                likelihood = -log_softmax(logits)[np.arange(len(labels)), labels].mean()
                accuracy, recall = (logits.argmax(1) == labels).mean(), macro_recall(logits.argmax(1), labels)
                line += f", accuracy {accuracy:.4f}, macro recall {recall:.4f}, likelihood {likelihood:.4f}"
            log.info("%s", line)
    export(refitted, args.to)


if __name__ == "__main__":
    main()
