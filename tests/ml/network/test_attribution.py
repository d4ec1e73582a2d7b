"""Every method on networks whose right map is known; Grad-CAM against the shipped one's closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from gallery.errors import CamError, ModelError
from gallery.explanation.explainer import Explainer
from gallery.explanation.formulas import grad_cam, hires_cam
from gallery.explanation.methods import METHODS
from gallery.network.architectures import ARCHITECTURES, NetworkOptions, build, get_weights
from gallery.network.layers import LayeredNetwork, layered
from gallery.network.layouts import channels_of, explainable_layers
from gallery.network.loading import load_classifier
from gallery.network.scrambling import scramble_weights
from gallery.types import ModelCard
from tests.ml.network.gradient_cams import gradient_cams

pytestmark = pytest.mark.network

BLUE, AGAINST_BLUE = 3, 4  # the classes that `corner_weights` gives an opinion on blue
LAST_OF_BLOCKS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
BY_LAYER = [name for name, method in METHODS.items() if method.by_layer]
BY_CLASS_GRADIENT = ["grad-cam", "grad-cam++", "hires-cam", "layer-cam"]


def load_explainer(card: ModelCard, weights: Mapping[str, Any]) -> Explainer:
    return Explainer(layered(load_classifier(card, weights, precision="float32"), weights))


def opened(explainer: Explainer) -> LayeredNetwork:
    assert isinstance(explainer.network, LayeredNetwork)
    return explainer.network


@pytest.fixture(scope="module")
def corner_explainer(make_card: Any, corner_weights: Mapping[str, Any]) -> Explainer:
    return load_explainer(make_card(), corner_weights)


@pytest.fixture(scope="module")
def he_explainer(make_card: Any, he_weights: Mapping[str, Any]) -> Explainer:
    return load_explainer(make_card(), he_weights)


@pytest.fixture(scope="module")
def small_explainer(make_card: Any) -> Explainer:
    weights = get_weights(
        build("cnn-small", 3, 32, options=NetworkOptions(conv_layers=2, filters=4, dense_units=8))
    )
    card = make_card(
        architecture="cnn-small", preprocessing="unit", target_layer="conv2", input_px=32,
        class_names=("fox", "owl", "ant"),
    )  # fmt: skip
    return load_explainer(card, weights)


def blue_corner(rows: slice, columns: slice) -> np.ndarray:
    image = np.zeros((64, 64, 3), np.uint8)
    image[rows, columns, 2] = 255
    return image


@pytest.mark.parametrize("layer", LAST_OF_BLOCKS)
@pytest.mark.parametrize("method", BY_LAYER)
def test_a_network_that_looks_at_a_corner_has_its_map_there(
    corner_explainer: Explainer, method: str, layer: str
) -> None:
    image = blue_corner(slice(48, 64), slice(0, 16))
    cam = corner_explainer.explain(image, BLUE, method=method, layer=layer)
    quarter = len(cam) // 4
    assert cam.dtype == np.float32
    assert (cam[3 * quarter :, :quarter] > 0).any()
    cam[3 * quarter :, :quarter] = 0
    assert not cam.any()


def test_covering_the_corner_is_what_lowers_the_logit(
    make_card: Any, corner_weights: Mapping[str, Any]
) -> None:
    explainer = load_explainer(make_card(input_px=32), corner_weights)
    image = np.zeros((32, 32, 3), np.uint8)
    image[28:, :4, 2] = 255
    cam = explainer.explain(image, BLUE, method="occlusion")
    assert cam.shape == (14, 14)
    # Pooling keeps the blue of a single pixel, so all of it must be covered. A cell is 2.29 pixels, and the
    # square reaches 3.43 from its centre: rows 28 to 31 lie under those of cell rows 12 (25 to 31) and
    # 13 (27 to 31), columns 0 to 3 under those of cell columns 0 (0 to 4) and 1 (0 to 6).
    assert np.argwhere(cam).tolist() == [[12, 0], [12, 1], [13, 0], [13, 1]]
    # covered, the only blue cell of 2 x 2 turns from 255 - 103.939 to 0: a quarter of the mean
    np.testing.assert_allclose(cam[13, 0], (255 - 103.939) / 4, rtol=1e-5)
    assert not explainer.explain(image, AGAINST_BLUE, method="occlusion").any()


@pytest.mark.parametrize("method", BY_CLASS_GRADIENT)
def test_what_speaks_against_a_class_is_no_evidence_for_it(corner_explainer: Explainer, method: str) -> None:
    image = blue_corner(slice(0, 16), slice(0, 16))
    assert not corner_explainer.explain(image, AGAINST_BLUE, method=method).any()


@pytest.mark.parametrize("method", BY_LAYER)
def test_a_black_photo_is_no_evidence(corner_explainer: Explainer, method: str) -> None:
    assert not corner_explainer.explain(np.zeros((64, 64, 3), np.uint8), BLUE, method=method).any()


def test_grad_cam_is_the_classifiers_closed_form(
    he_explainer: Explainer, he_classifier: Any, noise: np.ndarray
) -> None:
    said = he_classifier.classify(noise[:2])
    for photo in range(2):
        for label in (0, 7):
            expected = said.cams[photo, label]
            found = he_explainer.explain(noise[photo], label)
            assert expected.max() > 0
            np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())
    np.testing.assert_allclose(he_explainer.probabilities(noise[:2]), said.probabilities, atol=1e-5)


def test_hires_cam_is_grad_cam_before_pooling_and_is_not_below(
    he_explainer: Explainer, noise: np.ndarray
) -> None:
    last = opened(he_explainer).activations_and_gradients(noise[0], 2)
    np.testing.assert_allclose(hires_cam(*last), grad_cam(*last), atol=1e-4 * grad_cam(*last).max())
    earlier = opened(he_explainer).activations_and_gradients(noise[0], 2, "block4_conv3")
    assert np.abs(hires_cam(*earlier) - grad_cam(*earlier)).max() > 0.1 * grad_cam(*earlier).max()


def test_score_cam_by_one_pass_a_channel(small_explainer: Explainer) -> None:
    """The whole method again, written plainly: a channel at a time."""
    import cv2

    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    maps = opened(small_explainer).activations(image)
    neutral = np.array([123.68, 116.779, 103.939])
    scores, kept = [], []
    for channel in np.moveaxis(maps, 2, 0):
        if channel.max() > channel.min():
            mask = cv2.resize(channel, (32, 32), interpolation=cv2.INTER_LINEAR)
            mask = (mask - mask.min()) / (mask.max() - mask.min())
            photo = neutral + (image - neutral) * mask[..., None]
            scores.append(opened(small_explainer).logits(photo[None])[0, 1])
            kept.append(channel)
    raised = np.exp(np.array(scores, np.float64))
    expected = np.einsum("chw,c->hw", np.array(kept), raised / raised.sum())
    found = small_explainer.explain(image, 1, method="score-cam")
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("method", BY_LAYER)
def test_every_layer_of_another_recipes_network_has_a_map(small_explainer: Explainer, method: str) -> None:
    image = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    assert opened(small_explainer).layers == ("conv1", "conv2") == explainable_layers("cnn-small", "conv2")
    for layer, side in (("conv1", 30), ("conv2", 13)):
        cam = small_explainer.explain(image, 2, method=method, layer=layer)
        assert cam.shape == (side, side)
        assert np.isfinite(cam).all()


def test_a_flattened_head_is_explained_by_its_gradients(make_card: Any) -> None:
    weights = get_weights(build("vgg16-bottleneck", 2, 32, options=NetworkOptions(dense_units=8)))
    card = make_card(architecture="vgg16-bottleneck", input_px=32, class_names=("cat", "dog"))
    explainer = load_explainer(card, weights)
    image = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    classifier = load_classifier(card, weights, precision="float32")
    for label in (0, 1):
        expected = gradient_cams(classifier, image, label)
        np.testing.assert_allclose(explainer.explain(image, label), expected, atol=1e-4 * expected.max())
    assert len(opened(explainer).layers) == 13
    assert opened(explainer).layers == explainable_layers("vgg16-bottleneck", "block5_conv3")
    assert set(ARCHITECTURES) >= {card.architecture}


@pytest.mark.parametrize("method", METHODS)
def test_several_classes_at_once_have_the_maps_they_have_alone(
    small_explainer: Explainer, noise: np.ndarray, method: str
) -> None:
    image = noise[0, :32, :32]
    together = small_explainer.explain_classes(image, [2, 0], method=method)
    assert together.dtype == np.float32
    for cam, label in zip(together, (2, 0), strict=True):
        np.testing.assert_array_equal(cam, small_explainer.explain(image, label, method=method))


def test_the_layers_of_the_large_network_from_scratch_are_known_without_it() -> None:
    network = build("cnn-large", 2, 128)
    convolutions = [layer.name for layer in network.layers if layer.name.startswith("conv")]
    assert list(explainable_layers("cnn-large", "conv8")) == convolutions


def test_how_many_channels_a_layer_has_is_known_without_its_network(he_explainer: Explainer) -> None:
    for layer in LAST_OF_BLOCKS:
        assert channels_of(layer) == opened(he_explainer).network.get_layer(layer).output.shape[-1]


def test_the_passes_are_counted_and_can_be_stopped(small_explainer: Explainer, noise: np.ndarray) -> None:
    image = noise[0, :32, :32]
    told: list[tuple[int, int]] = []
    small_explainer.explain(image, 0, method="occlusion", on_pass=lambda *passes: told.append(passes))
    assert told[0] == (16, 196)
    assert told[-1] == (196, 196)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        small_explainer.explain(image, 0, method="occlusion", on_pass=stop)


def test_scrambled_kernels_are_the_same_numbers_in_another_order_and_nothing_else_is_left() -> None:
    weights = {"a/kernel": np.arange(24.0).reshape(2, 3, 4), "a/bias": np.arange(3.0)}
    norm = {f"n/{name}": np.array([2.0]) for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    scrambled = scramble_weights(weights | norm, seed=1)
    assert scrambled["a/kernel"].shape == (2, 3, 4)
    assert sorted(scrambled["a/kernel"].ravel()) == list(range(24))
    assert scrambled["a/bias"].tolist() == [0, 0, 0]
    assert [float(scrambled[name][0]) for name in norm] == [1, 0, 0, 1]
    assert not np.array_equal(scrambled["a/kernel"], weights["a/kernel"])
    assert np.array_equal(scramble_weights(weights, seed=1)["a/kernel"], scrambled["a/kernel"])
    assert np.array_equal(weights["a/bias"], np.arange(3.0))


def test_a_scrambled_network_has_another_map_and_leaves_the_first_as_it_was(
    small_explainer: Explainer, noise: np.ndarray
) -> None:
    image = noise[0, :32, :32]
    before = small_explainer.explain(image, 0, method="layer-cam")
    scrambled = small_explainer.scrambled(5, image)
    other = scrambled.explain(image, 0, method="layer-cam")
    assert not np.allclose(other, before)
    np.testing.assert_array_equal(small_explainer.explain(image, 0, method="layer-cam"), before)
    again = small_explainer.scrambled(5, image).explain(image, 0, method="layer-cam")
    np.testing.assert_array_equal(again, other)


def test_each_channel_of_a_scrambled_network_tells_the_places_of_its_photo_apart(
    small_explainer: Explainer, noise: np.ndarray
) -> None:
    image = noise[0, :32, :32]
    scrambled = small_explainer.scrambled(5, image)
    weights = get_weights(opened(scrambled).network)
    seen = np.asarray(image, np.float64) / 255
    # conv1 has "valid" borders: 3 x 3 windows of the photo by hand, in float64
    windows = np.lib.stride_tricks.sliding_window_view(seen, (3, 3), axis=(0, 1))  # (30, 30, 3, 3, 3)
    sums = np.einsum("hwcij,ijck->hwk", windows, weights["conv1/kernel"]) + weights["conv1/bias"]
    np.testing.assert_allclose(sums.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(sums.std((0, 1)), 1, atol=1e-4)
    np.testing.assert_allclose(
        opened(scrambled).activations(image, "conv1"),
        np.maximum(sums, 0),
        atol=1e-4,
        err_msg="what conv1 hands on",
    )


@pytest.mark.real_photos
def test_the_scrambled_shipped_network_still_sees_which_photo_it_has(shipped: Any, real_photos: Any) -> None:
    card, weights = shipped
    photo, other = real_photos[:2]
    scrambled = load_explainer(card, weights).scrambled(0, photo)
    one, two = opened(scrambled).activations(photo), opened(scrambled).activations(other)
    assert (one > 0).mean() > 0.3
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.6  # 0.99 with every tensor shuffled
    assert opened(scrambled).logits(np.stack([photo, other])).std(axis=0).max() > 0.1
    assert (scrambled.explain_classes(photo, range(10), method="grad-cam").max((1, 2)) > 0).sum() >= 3


def test_what_there_is_not_is_refused_with_what_there_is(corner_explainer: Explainer) -> None:
    image = blue_corner(slice(0, 16), slice(0, 16))
    with pytest.raises(CamError, match=r'no layer "block6".*block1_conv1.*block5_conv3'):
        corner_explainer.explain(image, 0, layer="block6")
    with pytest.raises(CamError, match=r"no method.*eigen-cam"):
        corner_explainer.explain(image, 0, method="guess")
    with pytest.raises(CamError, match="Leave the layer out"):
        corner_explainer.explain(image, 0, method="occlusion", layer="block5_conv3")
    with pytest.raises(CamError, match="0 to 9"):
        corner_explainer.explain(image, 10)
    with pytest.raises(ModelError, match="takes a uint8 photo"):
        corner_explainer.explain(image[:32], 0)
