"""Recolouring follows its definitions."""

import numpy as np
import pytest

pytestmark = pytest.mark.network


def test_recolouring_follows_the_definitions():
    from gallery.training.distillation.lessons import recoloured

    pixels = np.array([[[100, 100, 100], [200, 200, 200]]], np.uint8)
    assert recoloured(pixels, 1.5, 1, 1).ravel().tolist() == [150] * 3 + [255] * 3
    assert recoloured(pixels, 1, 0.5, 1).ravel().tolist() == [125] * 3 + [175] * 3  # halfway to 150
    red = np.array([[[200, 0, 0]]], np.uint8)
    assert recoloured(red, 1, 1, 0).ravel().tolist() == [60] * 3  # 0.299 * 200
    np.testing.assert_array_equal(recoloured(pixels, 1, 1, 1), pixels)
