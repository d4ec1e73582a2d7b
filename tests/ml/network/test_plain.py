"""The baseline of the benchmark is the same model, and gives the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery.network.plain import build_plain_model, classify_plainly

pytestmark = pytest.mark.network


def test_plain_loop_says_the_same_as_the_classifier(
    make_card: Any, he_weights: Any, he_classifier: Any, noise: Any, tmp_path: Path
) -> None:
    paths = []
    for index, image in enumerate(noise[:3]):
        paths.append(tmp_path / f"{index}.png")
        Image.fromarray(image).save(paths[-1])  # already of the model's size: nothing is resampled
    model = build_plain_model(make_card(), he_weights)
    found = classify_plainly(model, paths, "caffe", batch=2)
    np.testing.assert_allclose(found, he_classifier.classify(noise[:3]).probabilities, atol=1e-5)


def test_plain_loop_over_nothing_gives_nothing(make_card: Any, he_weights: Any) -> None:
    assert classify_plainly(build_plain_model(make_card(), he_weights), [], "caffe").shape == (0, 10)
