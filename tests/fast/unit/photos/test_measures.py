"""Brightness and sharpness of pictures whose values are known by hand, and against OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gallery.photos.decode import decode_photo
from gallery.photos.measures import measured


def test_a_grey_picture_is_as_bright_as_its_grey_and_not_sharp() -> None:
    assert measured(np.full((8, 8, 3), 77, np.uint8)) == (77.0, 0.0)


def test_green_is_brighter_than_blue_by_the_weights_of_bt_601() -> None:
    green, blue = np.zeros((2, 4, 4, 3), np.uint8)
    green[..., 1], blue[..., 2] = 100, 100
    assert measured(green)[0] == pytest.approx(58.7)
    assert measured(blue)[0] == pytest.approx(11.4)


def test_one_white_dot_has_the_variance_of_its_laplacian() -> None:
    dot = np.zeros((5, 5, 3), np.uint8)
    dot[2, 2] = 10
    # inner 3 x 3 of the Laplacian: -40 in the middle, 10 at its four sides, 0 in the corners; mean 0
    assert measured(dot) == (pytest.approx(10 / 25), pytest.approx((1600 + 4 * 100) / 9, abs=1e-3))


def test_sharpness_is_opencv_s_variance_of_the_laplacian() -> None:
    image = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    luma = image @ np.array([0.299, 0.587, 0.114])
    assert measured(image)[1] == pytest.approx(cv2.Laplacian(luma, cv2.CV_64F)[1:-1, 1:-1].var(), abs=1e-3)


def test_a_picture_too_small_to_be_sharp_is_measured_all_the_same() -> None:
    assert measured(np.full((2, 2, 3), 9, np.uint8)) == (9.0, 0.0)


def test_a_blurred_copy_is_less_sharp_and_a_darkened_one_less_bright(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    facts = {}
    for name, picture in (
        ("plain", pixels),
        ("blurred", cv2.GaussianBlur(pixels, (0, 0), 3)),
        ("dark", pixels // 3),
    ):
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
        facts[name] = decode_photo(tmp_path / f"{name}.png", input_px=64, thumbnail_px=64).metadata
    assert facts["blurred"].sharpness < facts["plain"].sharpness / 4
    assert facts["dark"].brightness == pytest.approx(facts["plain"].brightness / 3, rel=0.05)
