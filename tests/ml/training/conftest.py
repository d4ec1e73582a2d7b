"""The generated pictures, and a teacher that knows nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gallery.network.layouts import RESNET50_STAGES
from tests.picture_folders import make_noise, parts, pictures, store, striped  # noqa: F401


@pytest.fixture(scope="session")
def teacher_tensors() -> dict[str, NDArray[np.float32]]:
    """A ResNet50 with random weights, as a teacher's file has them."""
    rng, arrays = np.random.default_rng(7), {}

    def add(name: str, side: int, before: int, after: int) -> None:
        kernel = rng.standard_normal((side, side, before, after), np.float32)
        arrays[f"{name}/kernel"] = kernel * np.float32(np.sqrt(2 / (side * side * before)))
        arrays[f"{name}/bias"] = np.zeros(after, np.float32)

    add("conv1_conv", 7, 3, 64)
    before = 64
    for stage, blocks, filters in RESNET50_STAGES:
        for block in range(1, blocks + 1):
            name = f"conv{stage}_block{block}"
            if block == 1:
                add(f"{name}_0_conv", 1, before, 4 * filters)
            add(f"{name}_1_conv", 1, before, filters)
            add(f"{name}_2_conv", 3, filters, filters)
            add(f"{name}_3_conv", 1, filters, 4 * filters)
            before = 4 * filters
    add("predictions", 1, before, 1000)
    arrays["predictions/kernel"] = arrays["predictions/kernel"][0, 0]
    return arrays


@pytest.fixture(scope="session")
def teacher_file(
    teacher_tensors: dict[str, NDArray[np.float32]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    file = tmp_path_factory.mktemp("teacher") / "teacher.npz"
    np.savez(file, **teacher_tensors, of_another=np.zeros(1))  # type: ignore[arg-type]
    return file
