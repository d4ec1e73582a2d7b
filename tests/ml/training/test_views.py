"""Views cover what they say, and the same numbers give the same view."""

import numpy as np
import pytest
from PIL import Image

from gallery.training.distillation.views import View, centre_view, draw_view, recoloured, render_view


def halves() -> Image.Image:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 40:] = 200
    return Image.fromarray(pixels)


def test_the_first_view_is_the_whole_photo_squashed():
    pixels = render_view(halves(), draw_view(0, 5, aspect=2.0))
    assert pixels.shape == (224, 224, 3)
    assert (pixels[100, 50].tolist(), pixels[100, 170].tolist()) == ([0, 0, 0], [200, 200, 200])


def test_a_mirrored_view_is_the_mirror_image():
    assert np.array_equal(render_view(halves(), View(mirrored=True)), render_view(halves(), View())[:, ::-1])


@pytest.mark.parametrize("view_number", [1, 2, 3, 4])
def test_views_stay_inside_the_photo_and_repeat(view_number):
    for number in range(50):
        view = draw_view(view_number, number, aspect=1.6)
        assert view == draw_view(view_number, number, aspect=1.6)
        assert view.left >= 0
        assert view.top >= 0
        assert max(view.left + view.width, view.top + view.height) <= 1 + 1e-9


def test_even_views_keep_three_quarters_of_each_side():
    assert min(min(v.width, v.height) for v in (draw_view(2, i, aspect=1.0) for i in range(50))) >= 0.75


def test_the_centre_view_is_the_middle_square():
    assert centre_view(2.0) == View(left=0.25, top=0.0, width=0.5, height=1.0)
    assert centre_view(0.5) == View(left=0.0, top=0.25, width=1.0, height=0.5)


def test_recolouring_follows_the_definitions():
    pixels = np.array([[[100, 100, 100], [200, 200, 200]]], np.uint8)
    assert recoloured(pixels, View(brightness=1.5)).ravel().tolist() == [150] * 3 + [255] * 3
    assert recoloured(pixels, View(contrast=0.5)).ravel().tolist() == [125] * 3 + [175] * 3  # halfway to 150
    red = np.array([[[200, 0, 0]]], np.uint8)
    assert recoloured(red, View(saturation=0.0)).ravel().tolist() == [60] * 3  # 0.299 * 200
