"""Restyled photos: what stays and what changes is known from how they are made."""

import numpy as np
import pytest
from numpy.typing import NDArray

from research.distillation.feature_cache import LOWER_SHAPE, TEACHER_SHAPE, FeatureCache
from research.distillation.styles import (
    STYLES,
    box_blur,
    night_shot,
    on_plain_ground,
    other_colours,
    painting,
    pencil_drawing,
    restyled,
)


def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_blur_is_the_mean_of_the_square_with_edges_repeated():
    values = np.zeros((5, 5, 1), np.float32)
    values[2, 2], values[0, 0] = 9.0, 18.0
    blurred = box_blur(values, 1)[..., 0]
    assert blurred[1, 1] == pytest.approx((9 + 18) / 9)
    assert blurred[3, 3] == pytest.approx(1.0)
    assert blurred[0, 0] == pytest.approx(18 * 4 / 9)  # the corner stands for four of the nine
    assert blurred[0, 4] == pytest.approx(0.0)


def test_a_night_shot_has_no_colour():
    pixels = np.random.default_rng(1).uniform(0, 255, (16, 16, 3)).astype(np.float32)
    shot = night_shot(pixels, random())
    assert np.array_equal(shot[..., 0], shot[..., 1])
    assert np.array_equal(shot[..., 1], shot[..., 2])


def test_a_pencil_drawing_is_white_where_nothing_changes_and_dark_at_dark_lines():
    pixels = np.full((64, 64, 3), 200.0, np.float32)
    pixels[:, 32] = 20.0
    drawn = [pencil_drawing(pixels, np.random.default_rng(seed)) for seed in range(8)]
    for lines in drawn:
        assert lines[32, 32].max() < 0.5 * lines[32, 5].min()
    assert any(lines[32, 5].min() == pytest.approx(255.0) for lines in drawn)  # on paper
    assert any(lines[32, 5].max() == pytest.approx(200.0) for lines in drawn)  # tinted


def test_a_painting_has_few_colours():
    ramp = np.repeat(np.linspace(0, 255, 64, dtype=np.float32)[None, :, None], 64, 0).repeat(3, 2)
    assert len(np.unique(np.rint(painting(ramp, random())))) < 40  # of 64: patches and their outlines


def test_other_colours_exchange_and_scale_the_channels():
    pixels = np.zeros((4, 4, 3), np.float32)
    pixels[..., 0] = 100.0
    changed = other_colours(pixels, random())
    assert (changed.reshape(-1, 3).max(0) > 0).sum() == 1
    assert 60 <= changed.max() <= 140


def test_a_plain_ground_keeps_the_middle_and_hides_the_corners():
    pixels = np.random.default_rng(2).integers(0, 255, (64, 64, 3), np.uint8)
    for seed in range(20):
        cut = on_plain_ground(pixels, np.random.default_rng(seed))
        assert np.array_equal(cut[28:36, 28:36], pixels[28:36, 28:36])
        assert len(np.unique(cut[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)) == 1


def test_every_style_gives_bytes_of_the_same_shape_and_repeats():
    pixels = np.random.default_rng(3).integers(0, 255, (32, 48, 3), np.uint8)
    seen = set()
    for seed in range(40):
        one, two = (
            restyled(pixels, np.random.default_rng(seed)),
            restyled(pixels, np.random.default_rng(seed)),
        )
        assert one.shape == pixels.shape
        assert one.dtype == np.uint8
        assert np.array_equal(one, two)
        seen.add(int(np.random.default_rng(seed).integers(len(STYLES))))
    assert len(seen) == len(STYLES)


def test_the_teacher_sees_the_photo_where_the_student_sees_its_drawing(tmp_path, monkeypatch):
    seen: list[NDArray[np.uint8]] = []

    def teacher(images):
        import tensorflow as tf

        seen.append(np.array(images))
        return tf.ones((len(images), *TEACHER_SHAPE))

    def lower(images):
        import tensorflow as tf

        return tf.ones((len(images), *LOWER_SHAPE))

    def render(_photo, number, view):
        return np.random.default_rng([number, view]).integers(60, 190, (224, 224, 3), np.uint8)

    monkeypatch.setattr("research.distillation.feature_cache.load_view", render)
    cache = FeatureCache(tmp_path, list(range(8)), 1, lower, teacher)
    seen.clear()
    images, _, blended = cache.fresh_images(
        list(range(8)) * 8, 7, random(), blended_share=0.5, styled_share=0.25
    )
    differs = (images != seen[-1]).any((1, 2, 3))
    assert not (differs & blended).any()
    assert 8 <= differs.sum() <= 24  # a quarter of 64
    plain, _, _ = cache.fresh_images(list(range(8)), 7, random(), blended_share=0.5, styled_share=0.0)
    assert np.array_equal(plain, seen[-1])
