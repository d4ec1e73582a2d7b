"""Pixels as networks take them: keras.applications' own three ways, and those of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gallery.errors import ModelError
from gallery.network.engine import keras, tf
from gallery.network.preprocessing import PREPROCESSINGS, preprocess, preprocessing_named

pytestmark = pytest.mark.network


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocessing_is_that_of_keras_applications(mode: str, noise: Any) -> None:
    pixels = noise.astype(np.float32)
    expected = keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
    np.testing.assert_allclose(preprocess(noise, mode), expected, atol=1e-4)


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_tensors_and_arrays_are_prepared_alike(name: str, noise: Any) -> None:
    tensor = preprocessing_named(name).applied(tf.cast(noise, tf.float32))
    np.testing.assert_allclose(np.asarray(tensor), preprocess(noise, name), atol=1e-6)


def test_efficientnet_lites_black_and_white_are_about_minus_and_plus_one() -> None:
    ends = preprocess(np.array([[0, 127, 255]], np.uint8), "lite")
    assert ends.tolist() == [[-127 / 128, 0.0, 1.0]]


def test_an_unknown_preprocessing_is_refused() -> None:
    with pytest.raises(ModelError, match=r"no preprocessing 'mean'\. Known here: caffe"):
        preprocess(np.zeros((1, 1, 3)), "mean")
