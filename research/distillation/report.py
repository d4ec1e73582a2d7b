"""Measure a trained network for its card: `facts.json` and the list of the photos it was trained on.

    python -m research.distillation.report --data DIR --teacher FILE --start FILE --out DIR \\
        --weights FILE

The temperature is fitted on the watched photos, to the teacher's probabilities: they bear no labels that any
training could have memorised. Only those are used that the teacher takes for one of the ten animals.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.special import softmax

from gallery.evaluation.calibration import fit_temperature
from gallery.evaluation.metrics import expected_calibration_error, wilson_interval
from gallery.settings import CLASS_NAMES
from gallery.training.distillation.views import View, centre_view
from research.distillation.dataset import UNLABELLED, TrainingPhoto
from research.distillation.figures import (
    Logits,
    logits_of_photos,
    macro_recall,
    mirrored_view,
    recall_by_class,
    whole_view,
)
from research.distillation.prepare import Prepared, add_input_arguments, prepare, use_two_threads
from research.distillation.student import Student, Weights

log = logging.getLogger(__name__)

IMAGENET_GROUPS: Mapping[str, Sequence[int]] = {
    "dog": range(151, 269),
    "cat": range(281, 286),
    "horse": range(339, 340),
    "spider": range(72, 78),
    "butterfly": range(321, 327),
    "chicken": range(7, 9),
    "sheep": range(348, 350),
    "cow": range(345, 347),
    "squirrel": range(335, 336),
    "elephant": (101, 385, 386),  # a tusker is one too
}
"""The classes of ImageNet that show one of the ten animals."""


def scores(logits: Logits, labels: NDArray[np.integer], temperature: float) -> dict[str, object]:
    """Return accuracy with its interval, recalls and calibration of one measurement."""
    predicted = logits.argmax(1)
    hits = int((predicted == labels).sum())
    low, high = wilson_interval(hits, len(labels))
    return {
        "n": len(labels),
        "accuracy": round(hits / len(labels), 4),
        "wilson_95": [round(low, 4), round(high, 4)],
        "macro_recall": round(macro_recall(predicted, labels), 4),
        "recall_by_class": recall_by_class(predicted, labels),
        "confusion": np.histogram2d(labels, predicted, bins=(range(11), range(11)))[0].astype(int).tolist(),
        "ece_at_temperature_1": round(expected_calibration_error(labels, softmax(logits, axis=1)), 4),
        "ece": round(expected_calibration_error(labels, softmax(logits / temperature, axis=1)), 4),
    }


def teacher_targets(prepared: Prepared, numbers: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which photos show one of the ten animals in the teacher's eyes, and its ten probabilities."""
    features = prepared.cache.teacher_features(numbers)
    thousand = softmax(features @ prepared.teacher.head_kernel + prepared.teacher.head_bias, axis=1)
    share = sum(thousand[:, list(group)].sum(1) for group in IMAGENET_GROUPS.values())
    return np.asarray(share >= 0.5), softmax(features @ prepared.ten_kernel + prepared.ten_bias, axis=1)


def logits_of(
    weights: Weights, photos: list[TrainingPhoto], choose: Callable[[float], View], precise: bool
) -> Logits:
    """Return the network's logits of one view of each photo, computed in float32 or, faster, bfloat16."""
    student = Student(weights, batch_norm=False, precise=precise)
    compiled = tf.function(student.logits)
    return logits_of_photos(photos, lambda images: compiled(tf.constant(images)).numpy(), choose)


def measure(prepared: Prepared, weights: Weights) -> dict[str, object]:
    """Return the figures of the network, computed in bfloat16 as the application does."""
    numbers = {
        part: [i for i, p in enumerate(prepared.photos) if p.part == part]
        for part in ("val", "test", "watched")
    }
    photos = {part: [prepared.photos[i] for i in rows] for part, rows in numbers.items()}
    labels = {part: np.array([p.class_index for p in rows]) for part, rows in photos.items()}
    animal, target = teacher_targets(prepared, numbers["watched"])
    watched = logits_of(weights, photos["watched"], whole_view, False)
    temperature = fit_temperature(watched[animal], target[animal])
    facts: dict[str, object] = {
        "class_names": list(CLASS_NAMES),
        "temperature": round(temperature, 3),
        "temperature_convention": "probabilities = softmax(logits / temperature)",
        "temperature_photos": int(animal.sum()),
        "watched_agreement_with_teacher": round(
            float((watched.argmax(1) == target.argmax(1))[animal].mean()), 4
        ),
    }
    validation = logits_of(weights, photos["val"], whole_view, False)
    facts["temperature_fitted_on_validation_labels"] = round(
        fit_temperature(validation, np.eye(10)[labels["val"]]), 3
    )
    facts["validation"] = scores(validation, labels["val"], temperature)
    centre = logits_of(weights, photos["val"], centre_view, False)
    facts["validation_centre_crop"] = scores(centre, labels["val"], temperature)
    test = logits_of(weights, photos["test"], whole_view, False)
    mirrored = logits_of(weights, photos["test"], mirrored_view, False)
    both = np.log(softmax(test, axis=1) + softmax(mirrored, axis=1)).astype(np.float32)
    facts["test"] = scores(test, labels["test"], temperature)
    facts["test_mirrored"] = scores(mirrored, labels["test"], temperature)
    facts["test_mean_with_mirrored"] = scores(both, labels["test"], 1.0)
    facts["test_centre_crop"] = scores(
        logits_of(weights, photos["test"], centre_view, False), labels["test"], temperature
    )
    teacher = prepared.cache.teacher_features(numbers["test"]) @ prepared.ten_kernel + prepared.ten_bias
    facts["teacher_test"] = scores(teacher, labels["test"], 1.0)
    return facts


def measure_precision(prepared: Prepared, weights: Weights, unrounded: Weights | None) -> dict[str, object]:
    """Return how often bfloat16, and float16 storage, change a label, on every third test photo.

    Args:
        prepared: the photos.
        weights: as stored, float16.
        unrounded: the same in float32, before they were stored.
    """
    photos = [p for p in prepared.photos if p.part == "test"][::3]
    precise = logits_of(weights, photos, whole_view, True).argmax(1)
    fast = logits_of(weights, photos, whole_view, False).argmax(1)
    facts: dict[str, object] = {"n": len(photos), "changed_by_bfloat16": int((precise != fast).sum())}
    if unrounded is not None:
        before = logits_of(unrounded, photos, whole_view, True).argmax(1)
        facts["changed_by_float16_storage"] = int((precise != before).sum())
    return facts


def was_learnt(photo: TrainingPhoto) -> bool:
    """Return whether the network knows a photo: the start has learnt every labelled one but the test's."""
    return photo.part == "unlabelled" if photo.class_index == UNLABELLED else photo.part != "test"


def main() -> None:
    """Write `facts.json` and `training_photos.txt` beside the weights."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_input_arguments(parser)
    parser.add_argument("--weights", type=Path, required=True, help="the float16 weights to measure")
    parser.add_argument("--unrounded", type=Path, help="float32 weights they were rounded from")
    args = parser.parse_args()
    use_two_threads()
    prepared = prepare(args)
    weights = [read_weights(file) for file in (args.weights, args.unrounded) if file]
    facts = measure(prepared, weights[0])
    trained = sorted({p.sha256 for p in prepared.photos if was_learnt(p)})
    args.weights.with_name("training_photos.txt").write_text("\n".join(trained) + "\n", encoding="utf-8")
    facts_file = args.weights.with_name("facts.json")
    facts_file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    facts["precision"] = measure_precision(prepared, weights[0], weights[1] if len(weights) > 1 else None)
    facts_file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def read_weights(file: Path) -> Weights:
    """Return float32 weights of a file in the delivered form."""
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


if __name__ == "__main__":
    main()
