"""Step one: split the photos, remove near duplicates, fill the first views, fit the teacher's ten-class head.

python -m research.distillation.prepare --data DIR --teacher FILE --start FILE --out DIR
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy.special import softmax

from gallery.training.distillation.losses import TeacherHeads
from gallery.training.distillation.teacher import Teacher, fit_ten_class_head
from gallery.training.distillation.views import open_photo
from research.distillation.dataset import (
    TrainingPhoto,
    apply_split,
    difference_hash,
    draw_validation,
    mark_removed,
    near_duplicates,
    read_photos,
    write_split,
)
from research.distillation.feature_cache import FeatureCache
from research.distillation.student import LOWER_FACTOR, Student, Weights, preprocess, read_start, scale_lower

log = logging.getLogger(__name__)

ANIMAL_CLASSES = 398
"""ImageNet's classes before this one are animals."""


@dataclass(frozen=True)
class Prepared:
    """Everything that a distillation starts from."""

    photos: list[TrainingPhoto]
    cache: FeatureCache
    start: Weights
    teacher: Teacher
    ten_kernel: NDArray[np.float32]  # (2048, 10)
    ten_bias: NDArray[np.float32]  # (10,)

    def heads(self, map_variance: float, pooled_variance: float) -> TeacherHeads:
        """Return the teacher's heads with the variances that make errors relative."""
        return TeacherHeads(
            self.teacher.head_kernel,
            self.teacher.head_bias,
            self.ten_kernel,
            self.ten_bias,
            map_variance,
            pooled_variance,
        )

    def animal_shares(self) -> NDArray[np.float64]:
        """Return how much of each photo's probability the teacher gives to animals, not less than a third."""
        logits = self.cache.teacher_features(range(len(self.photos))) @ self.teacher.head_kernel
        probabilities = softmax(logits + self.teacher.head_bias, axis=1)
        return np.asarray(np.maximum(probabilities[:, :ANIMAL_CLASSES].sum(1), 1 / 3))


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that both steps share."""
    parser.add_argument("--data", type=Path, required=True, help="folder with photos.csv and unlabelled/")
    parser.add_argument(
        "--teacher", type=Path, required=True, help="ResNet50 weights with the 1000-class head"
    )
    parser.add_argument("--start", type=Path, required=True, help="VGG16 weights to start from")
    parser.add_argument("--start-classes", default="", help="their class order, comma-separated")
    parser.add_argument("--out", type=Path, required=True, help="folder for caches, checkpoints and results")
    parser.add_argument("--views", type=int, default=3, help="cached views of a photo")


def use_two_threads() -> None:
    """Limit TensorFlow to two threads; call before anything runs."""
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def prepare(args: argparse.Namespace) -> Prepared:
    """Return the prepared photos, cache and teacher, computing only what the folder lacks."""
    photos = read_photos(args.data)
    with np.load(args.start, allow_pickle=False) as stored:
        stored_start = read_start({k: stored[k] for k in stored.files}, args.start_classes.split(","))
    start = scale_lower(stored_start, LOWER_FACTOR)
    teacher = Teacher(args.teacher)
    student = Student(start, batch_norm=False)

    def lower(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(student.lower(preprocess(images)), tf.float32)

    compiled_lower = tf.function(lower, reduce_retracing=True)
    cache = FeatureCache(args.out / "cache", photos, args.views, compiled_lower, teacher.maps)
    begun = time.monotonic()
    for i in range(0, len(photos), 256):
        done = cache.fill([(k, 0) for k in range(i, min(i + 256, len(photos)))])
        if done:
            log.info("first views: %d of %d, %.0f s", i + done, len(photos), time.monotonic() - begun)
    split_file = args.out / "split.csv"
    if split_file.exists():
        photos = apply_split(photos, split_file)
    else:
        photos = _split_without_duplicates(draw_validation(photos), cache)
        write_split(photos, split_file)
    head_file = args.out / "teacher_head.npz"
    if not head_file.exists():
        rows = [i for i, p in enumerate(photos) if p.part == "train"]
        kernel, bias = fit_ten_class_head(
            cache.teacher_features(rows), np.array([photos[i].class_index for i in rows])
        )
        np.savez(head_file, kernel=kernel, bias=bias)
    with np.load(head_file) as stored:
        kernel, bias = stored["kernel"], stored["bias"]
    return Prepared(photos, cache, start, teacher, kernel, bias)


def _split_without_duplicates(photos: list[TrainingPhoto], cache: FeatureCache) -> list[TrainingPhoto]:
    """Remove what resembles a test photo from all other parts, and held-out ones from training."""
    hashes = np.empty(len(photos), np.uint64)
    for i, photo in enumerate(photos):
        hashes[i] = difference_hash(open_photo(photo.path))
    features = cache.teacher_features(range(len(photos)))
    trained = ("train", "unlabelled")
    for kept_part, other_parts in (
        ("test", ("val", "watched", *trained)),
        ("val", ("watched", *trained)),
        ("watched", trained),
    ):
        parts = np.array([p.part for p in photos])
        kept, others = parts == kept_part, np.flatnonzero(np.isin(parts, other_parts))
        found = near_duplicates(hashes[kept], hashes[others], features[kept], features[others])
        removed = np.zeros(len(photos), bool)
        removed[others[found]] = True
        for part in other_parts:
            log.info(
                "near duplicates of %s photos in %s: %d", kept_part, part, (removed & (parts == part)).sum()
            )
        photos = mark_removed(photos, removed)
    return photos


def main() -> None:
    """Run step one from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    add_input_arguments(parser)
    use_two_threads()
    prepare(parser.parse_args())


if __name__ == "__main__":
    main()
