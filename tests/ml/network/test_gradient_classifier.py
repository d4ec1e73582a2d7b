"""Classifiers without a closed form: their maps against the general definition, and what they refuse."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import softmax

from gallery.errors import ModelError
from gallery.network.architectures import ARCHITECTURES, NetworkOptions, build, get_weights
from gallery.network.classifier import GradientClassifier, KerasClassifier
from gallery.network.loading import load_classifier
from gallery.network.preprocessing import preprocess
from gallery.types import ModelCard
from tests.ml.network.gradient_cams import gradient_cams

pytestmark = pytest.mark.network

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)


def card(architecture: str, target_layer: str) -> ModelCard:
    return ModelCard(
        model_id="small", name="Small", architecture=architecture, class_names=("fox", "owl", "ant"),
        input_px=32, preprocessing=ARCHITECTURES[architecture].preprocessing, resize="squash",
        target_layer=target_layer, temperature=2.0, weights_file="weights.npz", weights_sha256="0" * 64,
        parameter_count=1, created_at="2024-05-01T06:12:09+00:00",
    )  # fmt: skip


def small() -> tuple[ModelCard, dict[str, np.ndarray]]:
    options = NetworkOptions(conv_layers=2, filters=4, dense_units=8)
    return card("cnn-small", "conv2"), get_weights(build("cnn-small", 3, 32, options=options))


def test_it_says_what_the_network_says_at_the_cards_temperature() -> None:
    about, weights = small()
    said = load_classifier(about, weights).classify(IMAGES)
    options = NetworkOptions(conv_layers=2, filters=4, dense_units=8)
    network = build("cnn-small", 3, 32, options=options)
    from gallery.network.architectures import set_weights

    set_weights(network, weights)
    logits = np.asarray(network(preprocess(IMAGES, "unit")))
    np.testing.assert_allclose(said.probabilities, softmax(logits / 2, axis=1), atol=1e-6)


@pytest.mark.parametrize("architecture", ["cnn-small", "vgg16-bottleneck"])
def test_the_maps_of_all_classes_are_those_of_one_photo_and_class_alone(architecture: str) -> None:
    if architecture == "cnn-small":
        about, weights = small()
    else:
        about = card(architecture, "block5_conv3")
        weights = get_weights(build(architecture, 3, 32, options=NetworkOptions(dense_units=8)))
    classifier = load_classifier(about, weights, precision="float32")
    said = classifier.classify(IMAGES)
    assert said.cams is not None
    assert said.cams.shape[:2] == (3, 3)
    assert said.cams.max() > 0
    for photo in range(3):
        for label in range(3):
            alone = gradient_cams(classifier, IMAGES[photo], label)
            np.testing.assert_allclose(said.cams[photo, label], alone, atol=1e-4 * said.cams.max())
    assert said.features.shape == (3, classifier.network.get_layer(about.target_layer).output.shape[3])


def test_the_shipped_architecture_keeps_its_closed_form() -> None:
    weights = get_weights(build("vgg16-gap", 3, 32))
    classifier = load_classifier(card("vgg16-gap", "block5_conv3"), weights)
    assert type(classifier) is KerasClassifier
    assert type(load_classifier(*small())) is GradientClassifier


def test_a_mirrored_classifier_answers_the_same_for_a_photo_and_its_mirror() -> None:
    classifier = load_classifier(*small(), mirrored=True)
    plain, mirror = (classifier.classify(view).probabilities for view in (IMAGES, IMAGES[:, :, ::-1].copy()))
    np.testing.assert_allclose(plain, mirror, atol=1e-6)


def test_no_photos_give_no_predictions() -> None:
    said = load_classifier(*small()).classify(IMAGES[:0])
    assert (len(said), said.cams is not None and said.cams.shape[1]) == (0, 3)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"target_layer": "dropout"}, "no convolution"), ({"preprocessing": "caffe"}, "preprocessing 'caffe'")],
)
def test_a_card_that_does_not_fit_its_architecture_is_refused(change: dict[str, str], says: str) -> None:
    about, weights = small()
    with pytest.raises(ModelError, match=says):
        load_classifier(dataclasses.replace(about, **change), weights)
