"""The backbones beside VGG16: size, layers, published weights, and maps of all classes in one pass."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.explanation.explainer import Explainer
from gallery.explanation.methods import METHODS
from gallery.network.architectures import ARCHITECTURES, build, get_weights
from gallery.network.classifier import KerasClassifier
from gallery.network.engine import keras, tf
from gallery.network.layers import LayeredNetwork, layered
from gallery.network.layouts import BACKBONES
from gallery.network.loading import load_classifier
from gallery.network.preprocessing import preprocess
from gallery.network.published import PUBLISHED
from gallery.types import ModelCard
from tests.ml.network.gradient_cams import gradient_cams

pytestmark = pytest.mark.network

BESIDE_VGG16 = {"efficientnet-lite2": 64, "resnet50": 64, "inception-v3": 128}
"""Architecture -> side of a small input."""


@pytest.fixture(scope="module", params=BESIDE_VGG16)
def small(request: Any, make_card: Any) -> tuple[ModelCard, dict[str, Any], Any]:
    """A network of random weights: its card, its tensors, some photos."""
    facts, side = ARCHITECTURES[request.param], BESIDE_VGG16[request.param]
    keras.utils.set_random_seed(3)
    weights = get_weights(build(request.param, 3, side))
    head = weights["predictions/kernel"]
    head[:, 1] = -head[:, 0]  # what speaks for one class speaks against the other: one of them has a map
    card = make_card(
        architecture=request.param, preprocessing=facts.preprocessing, target_layer=facts.target_layer,
        input_px=side, class_names=("fox", "owl", "ant"),
    )  # fmt: skip
    return card, weights, np.random.default_rng(1).integers(0, 256, (3, side, side, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def explained(small: Any) -> LayeredNetwork:
    """The same network, opened at its layers."""
    card, weights, _ = small
    return layered(load_classifier(card, weights, precision="float32"), weights)


@pytest.fixture(scope="module")
def whole() -> Callable[[str], keras.Model]:
    """Gives the network of an architecture in its own size, with ten classes; each is built once."""
    return functools.cache(functools.partial(build, class_count=10))


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_has_the_parameters_and_channels_of_its_paper(name: str, whole: Any) -> None:
    network = whole(name)
    channels = network.get_layer(ARCHITECTURES[name].target_layer).output.shape[-1]
    assert channels == BACKBONES[name].channels
    dense = channels * 512 + 512 + 512 * 10 + 10
    assert network.count_params() == BACKBONES[name].parameters + dense


@pytest.mark.parametrize(
    ("name", "maps"), [("efficientnet-lite2", 9), ("resnet50", 7), ("inception-v3", 8), ("vgg16-gap", 14)]
)
def test_the_last_maps_have_the_size_of_the_field(name: str, maps: int, whole: Any) -> None:
    assert whole(name).get_layer(ARCHITECTURES[name].target_layer).output.shape[1:3] == (maps, maps)


def test_maps_of_all_classes_in_one_pass_are_the_gradients(small: Any) -> None:
    card, weights, images = small
    classifier = load_classifier(card, weights, precision="float32")
    assert type(classifier) is KerasClassifier
    found = classifier.classify(images)
    assert found.features.shape == (3, BACKBONES[card.architecture].channels)
    assert found.cams.max() > 0
    for label in range(3):
        expected = gradient_cams(classifier, images[0], label)
        np.testing.assert_allclose(found.cams[0, label], expected, atol=1e-4 * found.cams.max())


def test_the_photo_passes_through_every_layer_that_can_be_explained(
    small: Any, explained: LayeredNetwork
) -> None:
    card, _, images = small
    assert explained.layers[-1] == card.target_layer
    given = tf.constant(preprocess(images[:1], card.preprocessing))
    expected = np.asarray(explained.network(given))
    for name in explained.layers:
        layer = explained.network.get_layer(name).output
        before, after = (
            keras.Model(explained.network.input, layer),
            keras.Model(layer, explained.network.output),
        )
        found = np.asarray(after(before(given)))
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("method", [name for name in METHODS if name not in ("score-cam", "occlusion")])
def test_every_quick_method_explains_it_at_its_first_and_last_layer(
    small: Any, explained: LayeredNetwork, method: str
) -> None:
    card, _, images = small
    for layer in (explained.layers[1], card.target_layer):
        cam = Explainer(explained).explain(images[0], 1, method=method, layer=layer)
        assert cam.shape == explained.network.get_layer(layer).output.shape[1:3]
        assert np.isfinite(cam).all()
        assert cam.min() >= 0


def test_a_scrambled_network_still_sees_its_photo(small: Any, explained: LayeredNetwork) -> None:
    _, _, images = small
    scrambled = explained.scrambled(0, images[0])
    one, other = (scrambled.activations(image) for image in images[:2])
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize(("name", "side"), [("resnet50", 64), ("inception-v3", 96)])
def test_published_weights_with_batch_norm_folded_away_give_keras_maps(name: str, side: int) -> None:
    rng = np.random.default_rng(0)
    reference = PUBLISHED[name].build(include_top=False, weights=None, input_shape=(side, side, 3))
    for layer in reference.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # one that does something
            n = layer.beta.shape[0]
            layer.beta.assign(rng.normal(0, 0.1, n))
            layer.moving_mean.assign(rng.normal(0, 0.1, n))
            layer.moving_variance.assign(rng.uniform(0.8, 1.2, n))
    ours = build(name, 2, side)
    target = ours.get_layer(ARCHITECTURES[name].target_layer)
    for key, tensor in PUBLISHED[name].tensors(reference).items():
        layer, weight = key.split("/")
        getattr(ours.get_layer(layer), weight).assign(tensor)
    pixels = rng.integers(0, 256, (2, side, side, 3)).astype(np.float32)
    theirs = keras.applications.resnet50 if name == "resnet50" else keras.applications.inception_v3
    expected = np.asarray(reference(theirs.preprocess_input(pixels.copy())))
    maps = keras.Model(ours.input, target.output)
    found = np.asarray(maps(preprocess(pixels, ARCHITECTURES[name].preprocessing)))
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=0.02 * expected.max())


def test_the_light_ones_imagenet_weights_know_imagenets_animals(real_data: Path) -> None:
    """Of unlabelled photos on which both are sure, it names the same of 1000 classes as ResNet50."""
    folder = real_data / "weights"
    photos = sorted((real_data / "unlabelled" / "imagenet-more").iterdir())[::25]
    light = _thousand("efficientnet-lite2", folder / "efficientnet_lite2_imagenet.npz", photos)
    resnet = _thousand("resnet50", folder / "resnet50_imagenet_notop_and_top.npz", photos)
    sure = (light.max(1) > 0.5) & (resnet.max(1) > 0.9)  # the light one is never bold
    assert sure.sum() >= 10
    assert (light.argmax(1) == resnet.argmax(1))[sure].mean() > 0.9


def _thousand(name: str, file: Path, photos: list[Path]) -> Any:
    """Return the probabilities of ImageNet's 1000 classes, (photos, 1000)."""
    from PIL import Image

    facts = ARCHITECTURES[name]
    with np.load(file) as stored:
        tensors = {key: stored[key].astype(np.float32) for key in stored.files}
    network = build(name, 2)
    for layer in network.layers:
        for weight in layer.weights:
            if f"{layer.name}/{weight.name}" in tensors and layer.name != "predictions":
                weight.assign(tensors[f"{layer.name}/{weight.name}"])
    pooled = keras.Model(network.input, network.get_layer("gap").output)
    side = (facts.input_px, facts.input_px)
    images = [
        np.asarray(Image.open(photo).convert("RGB").resize(side, Image.Resampling.BICUBIC))
        for photo in photos
    ]
    features = np.asarray(pooled.predict(preprocess(np.stack(images), facts.preprocessing), verbose=0))
    return np.asarray(tf.nn.softmax(features @ tensors["predictions/kernel"] + tensors["predictions/bias"]))
