"""The generated pictures, and a small teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture_folders import make_noise, parts, pictures, store, striped  # noqa: F401

TEACHER_CHANNELS, TEACHER_CLASSES = 8, 12


@pytest.fixture
def tiny_teacher() -> dict[str, NDArray[np.float32]]:
    """A ResNet50 of few channels with random weights, as a teacher's file has them."""
    rng, arrays = np.random.default_rng(7), {}

    def add(name: str, side: int, before: int, after: int) -> None:
        spread = np.sqrt(2 / (side * side * before))
        arrays[f"{name}/kernel"] = rng.normal(0, spread, (side, side, before, after)).astype(np.float32)
        arrays[f"{name}/bias"] = np.zeros(after, np.float32)

    add("conv1_conv", 7, 3, 4)
    before = 4
    for stage, blocks in ((2, 3), (3, 4), (4, 6), (5, 3)):
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            if block == 1:
                add(f"{name}_0_conv", 1, before, TEACHER_CHANNELS)
            add(f"{name}_1_conv", 1, before, 4)
            add(f"{name}_2_conv", 3, 4, 4)
            add(f"{name}_3_conv", 1, 4, TEACHER_CHANNELS)
            before = TEACHER_CHANNELS
    add("predictions", 1, TEACHER_CHANNELS, TEACHER_CLASSES)
    arrays["predictions/kernel"] = arrays["predictions/kernel"][0, 0]
    return arrays


@pytest.fixture
def teacher_file(tiny_teacher: dict[str, NDArray[np.float32]], tmp_path: Path) -> Path:
    np.savez(tmp_path / "teacher.npz", **tiny_teacher)  # type: ignore[arg-type]
    return tmp_path / "teacher.npz"
