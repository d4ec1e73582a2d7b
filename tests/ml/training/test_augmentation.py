"""Changes whose result is known: a mirror, a quarter turn, a shift, a zoom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import TrainingError
from gallery.training.augmentation import (
    Augmentation,
    Change,
    apply,
    augment,
    draw_changes,
    moved,
    preview,
    transforms,
)

SIDE = 8
IMAGE = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3)).astype(np.uint8)


def change(
    turn: float = 0,
    slant: float = 0,
    right: float = 0,
    down: float = 0,
    nearer: float = 1,
    mirrored: bool = False,
) -> Change:
    return Change(
        *(np.array([value], float) for value in (turn, slant, right, down, nearer)), np.array([mirrored])
    )


def test_no_change_returns_the_photo() -> None:
    np.testing.assert_array_equal(apply(IMAGE, change()), IMAGE)
    np.testing.assert_array_equal(augment(IMAGE, Augmentation(), np.random.default_rng(0)), IMAGE)


def test_a_mirrored_photo_is_numpys_flip() -> None:
    np.testing.assert_allclose(apply(IMAGE, change(mirrored=True)), IMAGE[:, :, ::-1], atol=1e-3)


def test_a_quarter_turn_is_numpys_rot90() -> None:
    np.testing.assert_allclose(apply(IMAGE, change(turn=np.pi / 2)), np.rot90(IMAGE, axes=(1, 2)), atol=1e-2)


def test_a_shift_to_the_right_moves_every_pixel_and_repeats_the_edge() -> None:
    moved = apply(IMAGE, change(right=2 / SIDE))
    np.testing.assert_allclose(moved[:, :, 2:], IMAGE[:, :, :-2], atol=1e-3)
    np.testing.assert_allclose(moved[:, :, :2], IMAGE[:, :, :1].repeat(2, 2), atol=1e-3)


def test_twice_as_near_shows_the_middle_half() -> None:
    # The output's corner pixel 0 comes from 3.5 - 3.5 / 2 = 1.75, its last from 5.25.
    [a0, a1, a2, b0, b1, b2, _, _] = transforms(change(nearer=2), SIDE)[0]
    assert (a0, a1, a2, b0, b1, b2) == (0.5, 0, 1.75, 0, 0.5, 1.75)
    assert a0 * 7 + a2 == 5.25


def test_a_slant_of_45_degrees_moves_each_row_by_its_height() -> None:
    [a0, a1, a2, *_] = transforms(change(slant=np.pi / 4), SIDE)[0]
    assert [a0 * 4 + a1 * y + a2 for y in (0, 3.5, 7)] == pytest.approx([0.5, 4, 7.5])


@given(st.integers(0, 2**32), st.floats(0, 180), st.floats(0, 0.5), st.floats(0, 0.5))
def test_changes_stay_within_their_limits(seed: int, degrees: float, shift: float, zoom: float) -> None:
    drawn = draw_changes(Augmentation(degrees, shift, 10, zoom), 20, np.random.default_rng(seed))
    assert np.abs(drawn.turn).max() <= np.deg2rad(degrees)
    assert max(np.abs(drawn.right).max(), np.abs(drawn.down).max()) <= shift
    assert (1 - zoom - 1e-9 <= 1 / drawn.nearer).all()
    assert (1 / drawn.nearer <= 1 + zoom + 1e-9).all()
    assert not drawn.mirrored.any()


def test_a_preview_shows_different_pictures_of_the_photos_size() -> None:
    strong = Augmentation(rotation_deg=30, flip=True)
    shown = preview(IMAGE[0], strong, count=4)
    assert {picture.shape for picture in shown} == {IMAGE[0].shape}
    assert shown[0].dtype == np.uint8
    assert not np.array_equal(shown[0], shown[1])
    np.testing.assert_array_equal(shown, preview(IMAGE[0], strong, count=4))


def test_limits_beyond_reason_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"zoom must be 0 to 0\.99, got 1"):
        Augmentation(zoom=1)


def test_the_preview_moves_pixels_as_keras_does() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 40, 3), np.uint8)
    strong = Augmentation(rotation_deg=40, translation=0.3, shear_deg=20, zoom=0.3, flip=True)
    change = draw_changes(strong, 6, np.random.default_rng(5))
    by_keras = np.clip(np.rint(apply(np.repeat(pixels[None], 6, axis=0), change)), 0, 255)
    by_numpy = np.stack([moved(pixels, row) for row in transforms(change, 40)])
    # single pixels may lie on the other side of a rounding of float32
    assert (np.abs(by_keras - by_numpy.astype(float)) <= 1).mean() > 0.999
