"""The figures of one measurement, and which photos a network knows."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from research.distillation.blend import blend
from research.distillation.dataset import UNLABELLED, TrainingPhoto
from research.distillation.report import IMAGENET_GROUPS, scores, was_learnt

pytestmark = pytest.mark.network


def test_scores_count_hits_and_put_true_classes_in_rows():
    logits = np.full((4, 10), -9.0, np.float32)
    logits[range(4), [0, 0, 1, 1]] = 9.0
    result = scores(logits, np.array([0, 0, 0, 1]), 1.0)
    assert (result["n"], result["accuracy"]) == (4, 0.75)
    assert result["recall_by_class"] == {"dog": {"recall": 0.6667, "n": 3}, "cat": {"recall": 1.0, "n": 1}}
    assert [row[:2] for row in result["confusion"][:2]] == [[2, 1], [0, 1]]


def test_imagenets_groups_do_not_overlap():
    members = [i for group in IMAGENET_GROUPS.values() for i in group]
    assert len(members) == len(set(members)) == 118 + 5 + 1 + 6 + 6 + 2 + 2 + 2 + 1 + 3


def test_a_blend_lies_between():
    first, second = {"a": np.array([0.0, 4.0], np.float32)}, {"a": np.array([2.0, 0.0], np.float32)}
    assert blend(first, second, 0.5)["a"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("class_index", "part", "known"),
    [
        (3, "train", True),
        (3, "val", True),  # the network that it began from had learnt it
        (3, "removed", True),
        (3, "test", False),
        (UNLABELLED, "unlabelled", True),
        (UNLABELLED, "watched", False),
        (UNLABELLED, "removed", False),
    ],
)
def test_what_the_start_had_learnt_counts_too(class_index, part, known):
    assert was_learnt(TrainingPhoto(Path("x"), "0", "source", class_index, part)) is known
