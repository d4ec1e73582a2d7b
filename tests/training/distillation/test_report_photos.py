"""Which photos a distilled network is said to know."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from gallery.training.distillation.dataset import UNLABELLED, Part, TrainingPhoto
from gallery.training.distillation.report import was_learnt

pytestmark = pytest.mark.network


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
def test_what_the_start_had_learnt_counts_too(class_index: int, part: Part, known: bool) -> None:
    assert was_learnt(TrainingPhoto(Path("x"), "0", "source", class_index, part)) is known
