"""Recolouring follows its definitions."""

import numpy as np

from gallery.training.distillation.recolouring import recoloured


def test_recolouring_follows_the_definitions():
    pixels = np.array([[[100, 100, 100], [200, 200, 200]]], np.uint8)
    assert recoloured(pixels, brightness=1.5).ravel().tolist() == [150] * 3 + [255] * 3
    assert recoloured(pixels, contrast=0.5).ravel().tolist() == [125] * 3 + [175] * 3  # halfway to 150
    red = np.array([[[200, 0, 0]]], np.uint8)
    assert recoloured(red, saturation=0.0).ravel().tolist() == [60] * 3  # 0.299 * 200
    assert recoloured(pixels) is pixels
