"""The methods' formulas against numbers worked out by hand, and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.errors import CamError
from gallery.explanation import formulas as maths
from gallery.explanation import methods

DICE = np.random.default_rng(11)
ACTIVATIONS = np.maximum(DICE.standard_normal((4, 5, 6)), 0)
GRADIENTS = DICE.standard_normal((4, 5, 6))

# 1 x 2 cells, 2 channels
A = np.array([[[1.0, 2.0], [3.0, 4.0]]])
G = np.array([[[1.0, -1.0], [3.0, -3.0]]])


def test_grad_cam_weighs_channels_by_their_mean_gradient() -> None:
    # weights 2 and -2: 2 * 1 - 2 * 2 = -2 -> 0, 2 * 3 - 2 * 4 = -2 -> 0
    assert maths.grad_cam(A, G).tolist() == [[0.0, 0.0]]
    # weights 2 and -1
    assert maths.grad_cam(A, G * [1, 0.5]).tolist() == [[0.0, 2.0]]


def test_grad_cam_is_all_zero_where_everything_speaks_against_the_class() -> None:
    cam = maths.grad_cam(np.ones((14, 14, 3)), np.broadcast_to([-1.0, -2.0, 0.0], (14, 14, 3)))
    assert (cam.shape, cam.dtype, cam.any()) == ((14, 14), np.float32, False)


def test_grad_cam_lies_where_the_supporting_channel_does() -> None:
    maps = np.zeros((14, 14, 3))
    maps[0, 13, 1] = 5.0
    maps[7, 7, 2] = 9.0
    cam = maths.grad_cam(maps, np.broadcast_to([1.0, 2.0, -1.0], (14, 14, 3)))
    assert np.argwhere(cam).tolist() == [[0, 13]]
    assert cam[0, 13] == 10.0


def test_hires_cam_multiplies_cell_by_cell() -> None:
    # 1 * 1 + 2 * -0.25, 3 * 3 + 4 * -0.75
    assert maths.hires_cam(A, G * [1, 0.25]).tolist() == [[0.5, 6.0]]


def test_layer_cam_leaves_negative_gradients_out() -> None:
    assert maths.layer_cam(A, G).tolist() == [[1.0, 9.0]]


def test_grad_cam_plus_plus_by_hand() -> None:
    # channel 0 has the sum 4: 1 / (2 + 4) + 3 / (2 + 12) = 1/6 + 3/14 = 8/21;
    # channel 1 has no rising gradient
    np.testing.assert_allclose(maths.grad_cam_plus_plus(A, G), [[8 / 21, 24 / 21]], rtol=1e-6)


def test_grad_cam_plus_plus_is_the_papers_fraction_of_powers() -> None:
    total = ACTIVATIONS.sum(axis=(0, 1))
    alpha = GRADIENTS**2 / (2 * GRADIENTS**2 + total * GRADIENTS**3)
    weights = (alpha * np.maximum(GRADIENTS, 0)).sum(axis=(0, 1))
    expected = np.maximum((ACTIVATIONS * weights).sum(axis=2), 0)
    np.testing.assert_allclose(maths.grad_cam_plus_plus(ACTIVATIONS, GRADIENTS), expected, rtol=1e-5)


def test_grad_cam_plus_plus_keeps_tiny_gradients_whose_cubes_vanish() -> None:
    tiny = np.full((1, 1, 1), 1e-120)
    assert maths.grad_cam_plus_plus(np.ones((1, 1, 1)), tiny * 1e100).item() == pytest.approx(0.5e-20)


def test_grad_cam_plus_plus_refuses_activations_without_a_relu() -> None:
    with pytest.raises(CamError, match="after a relu"):
        maths.grad_cam_plus_plus(A - 2, G)


@pytest.mark.parametrize("formula", [maths.hires_cam, maths.layer_cam])
def test_with_a_gradient_that_is_everywhere_the_same_cell_by_cell_is_grad_cam(formula: object) -> None:
    even = np.broadcast_to(np.abs(GRADIENTS[0, 0]), GRADIENTS.shape)  # as pooling and linear layers give it
    assert callable(formula)
    np.testing.assert_allclose(formula(ACTIVATIONS, even), maths.grad_cam(ACTIVATIONS, even), rtol=1e-5)


def test_hires_cam_is_grad_cam_for_an_even_gradient_of_any_sign() -> None:
    even = np.broadcast_to(GRADIENTS[0, 0], GRADIENTS.shape)
    found = maths.hires_cam(ACTIVATIONS, even)
    assert found.max() > 0
    np.testing.assert_allclose(found, maths.grad_cam(ACTIVATIONS, even), atol=1e-5)


def test_eigen_cam_is_the_first_singular_direction() -> None:
    left, values, _ = np.linalg.svd(ACTIVATIONS.reshape(20, 6), full_matrices=False)
    expected = (np.abs(left[:, 0]) * values[0]).reshape(4, 5)
    np.testing.assert_allclose(maths.eigen_cam(ACTIVATIONS), expected, rtol=1e-5)


def test_eigen_cam_of_fewer_places_than_channels_is_the_same_direction() -> None:
    few = ACTIVATIONS[:2, :2]
    left, values, _ = np.linalg.svd(few.reshape(4, 6), full_matrices=False)
    expected = (np.abs(left[:, 0]) * values[0]).reshape(2, 2)
    np.testing.assert_allclose(maths.eigen_cam(few), expected, rtol=1e-5)


def test_eigen_cam_of_nothing_is_nothing() -> None:
    assert not maths.eigen_cam(np.zeros((2, 2, 3))).any()


def test_channels_that_are_the_same_everywhere_mask_nothing() -> None:
    maps = np.stack([np.eye(2), np.ones((2, 2)), np.zeros((2, 2))], axis=2)
    assert maths.telling_channels(maps).tolist() == [0]
    masks = maths.channel_masks(maps, 4)
    assert masks.shape == (3, 4, 4)
    assert not masks[1:].any()


def test_a_mask_is_the_channel_enlarged_centre_to_centre_and_stretched() -> None:
    # cells at 1 and 3 of 4 pixels: pixel centres .5, 1.5, 2.5, 3.5 lie at 0, 1/4, 3/4 and 1 of the way
    mask = maths.channel_masks(np.array([[[5.0], [9.0]]]), 4)[0]
    np.testing.assert_allclose(mask, np.tile([0, 0.25, 0.75, 1], (4, 1)), atol=1e-6)


def test_score_cam_weighs_channels_by_the_softmax_of_their_scores() -> None:
    # softmax of ln 1 and ln 3: a quarter and three quarters
    scores = np.log([1.0, 3.0])
    np.testing.assert_allclose(maths.score_cam(A, scores), [[1.75, 3.75]], rtol=1e-6)
    np.testing.assert_allclose(maths.score_cam(A, scores + 900), [[1.75, 3.75]], rtol=1e-6)


def test_score_cam_without_telling_channels_is_no_evidence() -> None:
    assert maths.score_cam(np.empty((2, 3, 0)), np.empty(0)).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_the_square_lies_on_every_cell_and_is_cut_at_the_edges() -> None:
    windows = maths.occluder_windows(224, 14, 3)
    assert len(windows) == 196
    assert windows[0] == (slice(0, 32), slice(0, 32))  # 48 px around pixel 8
    assert windows[14 * 5 + 6] == (slice(64, 112), slice(80, 128))  # around 88 and 104
    covered = np.zeros((224, 224), bool)
    for window in windows:
        covered[window] = True
    assert covered.all()


def test_occlusion_is_the_fall_of_the_logit() -> None:
    assert maths.occlusion_map(5.0, np.array([[5.0, 1.0], [7.0, 4.5]])).tolist() == [[0, 4], [0, 0.5]]


def test_an_unknown_method_is_answered_with_those_there_are() -> None:
    with pytest.raises(
        CamError, match=r"no method \"saliency\".*grad-cam, grad-cam\+\+, hires-cam.*occlusion"
    ):
        methods.method_named("saliency")


@pytest.mark.parametrize("name", list(methods.METHODS))
def test_every_method_is_found_by_name_and_title(name: str) -> None:
    method = methods.METHODS[name]
    assert methods.method_named(method.title) is methods.method_named(name) is method


@pytest.mark.parametrize(
    "formula", [maths.grad_cam, maths.grad_cam_plus_plus, maths.hires_cam, maths.layer_cam]
)
def test_what_does_not_fit_or_is_not_finite_is_refused(formula: object) -> None:
    assert callable(formula)
    with pytest.raises(CamError, match="same shape"):
        formula(A, G[:, :1])
    with pytest.raises(CamError, match="not finite"):
        formula(A, G * np.nan)


def test_scores_and_squares_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CamError, match="2 channels"):
        maths.score_cam(A, np.zeros(3))
    with pytest.raises(CamError, match="cells a side"):
        maths.occluder_windows(8, 9, 1)
    with pytest.raises(CamError, match="for each cell"):
        maths.occlusion_map(1.0, np.zeros(4))
