"""The arithmetic of the maps, by numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.errors import CamError
from gallery.explanation.cam import channel_weights, combine_cam, gradient_weights

W1 = np.array([[1.0, 2.0], [3.0, -4.0], [0.0, 5.0]])  # 3 channels, 2 units
W2 = np.array([[1.0, 0.0], [10.0, -1.0]])  # 2 units, 2 classes


def test_channel_weights_follow_the_chain_rule() -> None:
    # class 0: [1*1 + 2*10, 3*1 - 4*10, 0*1 + 5*10] / 4 = [21, -37, 50] / 4; class 1: [-2, 4, -5] / 4
    weights = channel_weights(W1, np.array([0.7, 0.1]), W2, 4)
    assert weights.tolist() == [[5.25, -9.25, 12.5], [-0.5, 1.0, -1.25]]
    assert weights.dtype == np.float32


def test_units_that_are_off_carry_no_gradient() -> None:
    assert channel_weights(W1, np.array([0.7, 0.0]), W2, 1).tolist() == [[1, 3, 0], [0, 0, 0]]


def test_map_is_the_weighted_sum_without_its_negative_part() -> None:
    maps = np.array([[[1.0, 0.0], [2.0, 1.0]], [[0.0, 3.0], [4.0, 4.0]]])  # 2 x 2, 2 channels
    assert combine_cam(maps, np.array([2.0, -1.0])).tolist() == [[2.0, 3.0], [0.0, 4.0]]


def test_map_is_all_zero_when_everything_speaks_against_the_class() -> None:
    cam = combine_cam(np.ones((14, 14, 3)), np.array([-1.0, -2.0, 0.0]))
    assert cam.shape == (14, 14)
    assert cam.dtype == np.float32
    assert not cam.any()


def test_map_lies_where_the_supporting_channel_does() -> None:
    maps = np.zeros((14, 14, 3))
    maps[0, 13, 1] = 5.0
    maps[7, 7, 2] = 9.0
    cam = combine_cam(maps, np.array([1.0, 2.0, -1.0]))
    assert np.argwhere(cam).tolist() == [[0, 13]]
    assert cam[0, 13] == 10.0


def test_gradient_weights_are_means_over_the_positions() -> None:
    gradients = np.array([[[1.0, 10.0], [3.0, 20.0]]])  # 1 x 2, 2 channels
    assert gradient_weights(gradients).tolist() == [2.0, 15.0]


@pytest.mark.parametrize(
    ("w1", "hidden", "w2"),
    [
        (W1[0], np.ones(2), W2),
        (W1, np.ones(3), W2),
        (W1, np.ones((1, 2)), W2),
        (W1, np.ones(2), W2[0]),
        (W1, np.ones(2), np.ones((3, 2))),
    ],
)
def test_head_that_does_not_fit_together_is_a_cam_error(
    w1: np.ndarray, hidden: np.ndarray, w2: np.ndarray
) -> None:
    with pytest.raises(CamError, match="does not fit together"):
        channel_weights(w1, hidden, w2, 4)


def test_map_of_no_positions_is_a_cam_error() -> None:
    with pytest.raises(CamError, match="at least 1 position, got 0"):
        channel_weights(W1, np.ones(2), W2, 0)


@pytest.mark.parametrize(
    "shapes", [((14, 14, 3), (2,)), ((14, 14), (14,)), ((1, 14, 14, 3), (3,)), ((2, 2, 3), (3, 1))]
)
def test_maps_and_weights_of_other_shapes_are_a_cam_error(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(CamError, match="a weight for each channel"):
        combine_cam(np.ones(shapes[0]), np.ones(shapes[1]))


def test_gradients_of_a_batch_are_a_cam_error() -> None:
    with pytest.raises(CamError, match="must be"):
        gradient_weights(np.ones((1, 2, 2, 3)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_a_cam_error(value: float) -> None:
    with pytest.raises(CamError, match="not finite"):
        combine_cam(np.full((2, 2, 1), value), np.ones(1))
    with pytest.raises(CamError, match="not finite"):
        channel_weights(W1, np.array([value, 1.0]), W2, 4)
    with pytest.raises(CamError, match="not finite"):
        gradient_weights(np.full((2, 2, 1), value))
