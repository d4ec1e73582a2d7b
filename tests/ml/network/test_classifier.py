"""One forward pass against hand-written maps, automatic differentiation and Keras' own preprocessing."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from gallery.errors import ModelError
from gallery.explanation import formulas
from gallery.network.engine import keras, tf
from gallery.network.loading import load_classifier
from gallery.network.preprocessing import preprocess
from tests.ml.network.gradient_cams import gradient_cams

pytestmark = pytest.mark.network

BLUE = 255 - 103.939
"""What a pure blue pixel is after preprocessing."""


def off_the_peak(map_: Any, reference: Any) -> float:
    """Return the largest difference between two maps, as a share of the reference's peak."""
    return float(np.abs(map_ - reference).max() / reference.max())


def photo_with_blue(rows: slice, columns: slice) -> Any:
    image = np.zeros((1, 64, 64, 3), np.uint8)
    image[0, rows, columns, 2] = 255
    return image


def test_network_that_looks_at_one_corner_has_its_map_there(make_card: Any, corner_weights: Any) -> None:
    classifier = load_classifier(make_card(), corner_weights, precision="float32")
    result = classifier.classify(
        photo_with_blue(slice(0, 16), slice(48, 64))
    )  # top right: cell (0, 3) of 4 x 4

    expected = np.zeros((4, 4))
    expected[0, 3] = BLUE / 16  # the logit's weight of channel 0 is 1, spread over 16 positions
    np.testing.assert_allclose(result.cams[0, 3], expected, rtol=1e-6)
    assert result.features[0, 0] == pytest.approx(BLUE / 16)
    assert not result.features[0, 1:].any()
    # logits: +BLUE / 16 for class 3, -BLUE / 16 for class 4, 0 for the eight others
    raised = np.exp([0, 0, 0, BLUE / 16, -BLUE / 16, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(result.probabilities[0], raised / raised.sum(), rtol=1e-5)


def test_class_that_nothing_supports_has_a_map_of_zeros(make_card: Any, corner_weights: Any) -> None:
    classifier = load_classifier(make_card(), corner_weights, precision="float32")
    result = classifier.classify(photo_with_blue(slice(0, 16), slice(0, 16)))
    for class_index in (0, 4):  # indifferent to blue; spoken against by it
        assert not result.cams[0, class_index].any()
        assert not gradient_cams(
            classifier, photo_with_blue(slice(0, 16), slice(0, 16))[0], class_index
        ).any()


def test_saturated_softmax_still_has_its_map(make_card: Any, corner_weights: Any) -> None:
    loud = corner_weights | {"predictions/kernel": 1000 * corner_weights["predictions/kernel"]}
    classifier = load_classifier(make_card(), loud, precision="float32")
    result = classifier.classify(photo_with_blue(slice(0, 16), slice(48, 64)))
    assert result.probabilities[0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert result.cams[0, 3, 0, 3] == pytest.approx(1000 * BLUE / 16, rel=1e-6)


def test_temperature_divides_the_logits(make_card: Any, corner_weights: Any) -> None:
    logits = np.zeros(10, np.float32)
    logits[3] = 2 * np.log(3)
    weights = corner_weights | {"predictions/bias": logits}
    black = np.zeros((1, 64, 64, 3), np.uint8)
    for temperature, expected in ((1.0, 9 / 18), (2.0, 3 / 12)):
        classifier = load_classifier(make_card(temperature=temperature), weights, precision="float32")
        assert classifier.classify(black).probabilities[0, 3] == pytest.approx(expected)


def test_maps_equal_the_gradients_on_the_real_architecture(
    make_card: Any, he_weights: Any, noise: Any
) -> None:
    classifier = load_classifier(make_card(input_px=224), he_weights, precision="float32")
    image = np.kron(noise[0, :28, :28], np.ones((8, 8, 1), np.uint8))
    cams = classifier.classify(image[np.newaxis]).cams[0]
    assert cams.shape == (10, 14, 14)
    supported = [index for index in range(10) if cams[index].max() > 0][:3]
    assert len(supported) == 3

    whole = classifier.network
    with_maps = keras.Model(whole.input, [whole.get_layer("block5_conv3").output, whole.output])
    with tf.GradientTape(persistent=True) as tape:
        maps, logits = with_maps(preprocess(image[np.newaxis], "caffe"))
        picked = {index: logits[0, index] for index in supported}
    for index, logit in picked.items():
        gradients = tape.gradient(logit, maps)[0].numpy()  # (14, 14, 512)
        expected = np.maximum((maps[0].numpy() * gradients.mean(axis=(0, 1))).sum(axis=-1), 0)
        assert off_the_peak(cams[index], expected) < 1e-4
        assert off_the_peak(gradient_cams(classifier, image, index), expected) < 1e-4


def test_maps_in_the_graph_equal_the_numpy_functions(he_classifier: Any, he_weights: Any, noise: Any) -> None:
    result = he_classifier.classify(noise)
    whole = he_classifier.network
    backbone = keras.Model(whole.input, whole.get_layer("block5_conv3").output)
    maps = backbone(preprocess(noise, "caffe")).numpy()
    w1, b1, w2 = (he_weights[name] for name in ("fc1/kernel", "fc1/bias", "predictions/kernel"))
    for photo in range(len(noise)):
        hidden = np.maximum(maps[photo].mean(axis=(0, 1)) @ w1 + b1, 0)
        # the chain rule through pooling over 16 positions, Dense relu and Dense
        weights = ((w1 * (hidden > 0)) @ w2 / 16).T
        for class_index in range(10):
            even = np.broadcast_to(weights[class_index], maps[photo].shape)
            expected = formulas.grad_cam(maps[photo], even)
            np.testing.assert_allclose(
                result.cams[photo, class_index], expected, atol=1e-4 * max(expected.max(), 1e-3)
            )


def test_batch_of_n_equals_n_batches_of_one(he_classifier: Any, noise: Any) -> None:
    together = he_classifier.classify(noise)
    for index in range(len(noise)):
        alone = he_classifier.classify(noise[index : index + 1])
        np.testing.assert_allclose(together.probabilities[index], alone.probabilities[0], atol=1e-5)
        np.testing.assert_allclose(together.features[index], alone.features[0], rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(together.cams[index], alone.cams[0], rtol=1e-3, atol=1e-3)


def test_empty_batch_gives_empty_results(he_classifier: Any) -> None:
    result = he_classifier.classify(np.zeros((0, 64, 64, 3), np.uint8))
    assert result.probabilities.shape == (0, 10)
    assert result.features.shape == (0, 512)
    assert result.cams.shape == (0, 10, 4, 4)


def test_results_are_float32_and_rows_sum_to_one(he_classifier: Any, noise: Any) -> None:
    result = he_classifier.classify(noise)
    assert {result.probabilities.dtype, result.features.dtype, result.cams.dtype} == {np.dtype(np.float32)}
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, rtol=1e-6)
    assert (result.cams >= 0).all()


def test_mirrored_view_is_averaged_and_the_maps_stay_those_of_the_plain_one(
    make_card: Any, he_weights: Any, he_classifier: Any, noise: Any
) -> None:
    both = load_classifier(make_card(), he_weights, precision="float32", mirrored=True).classify(noise)
    plain, flipped = he_classifier.classify(noise), he_classifier.classify(noise[:, :, ::-1])
    expected = (plain.probabilities + flipped.probabilities) / 2
    np.testing.assert_allclose(both.probabilities, expected, atol=1e-5)
    np.testing.assert_allclose(both.features, plain.features, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(both.cams, plain.cams, rtol=1e-3, atol=1e-3)


def test_threads_may_classify_at_once(he_classifier: Any, noise: Any) -> None:
    expected = he_classifier.classify(noise).probabilities
    results: list[Any] = []
    threads = [
        threading.Thread(target=lambda: results.append(he_classifier.classify(noise).probabilities))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 65, 64, 3), np.uint8),
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((1, 64, 64, 4), np.uint8),
        np.zeros((1, 64, 64, 3), np.float32),
    ],
)
def test_images_of_another_shape_or_type_are_refused(he_classifier: Any, images: Any) -> None:
    with pytest.raises(ModelError, match=r"takes uint8 photos of shape \(batch, 64, 64, 3\), got"):
        he_classifier.classify(images)


@pytest.mark.parametrize("field", ["architecture", "preprocessing", "resize", "target_layer"])
def test_card_that_asks_for_what_this_code_has_not_is_refused(
    make_card: Any, he_weights: Any, field: str
) -> None:
    with pytest.raises(ModelError, match=rf"asks for the {field.replace('_', ' ')} 'something-new'"):
        load_classifier(make_card(**{field: "something-new"}), he_weights)


def test_card_with_other_classes_than_the_weights_is_refused(make_card: Any, he_weights: Any) -> None:
    with pytest.raises(ModelError, match="predictions/kernel must have the shape"):
        load_classifier(make_card(class_names=("dog", "cat")), he_weights, precision="float32")


def test_weights_so_large_that_the_logits_overflow_are_said_to_be_bad(
    make_card: Any, corner_weights: Any
) -> None:
    huge = corner_weights | {"fc1/kernel": corner_weights["fc1/kernel"] * 1e30,
                             "predictions/kernel": corner_weights["predictions/kernel"] * 1e30}  # fmt: skip
    classifier = load_classifier(make_card(), huge, precision="float32")
    with pytest.raises(ModelError, match="test-model gave values that are not finite"):
        classifier.classify(photo_with_blue(slice(0, 64), slice(0, 64)))


def test_classifier_says_what_it_is(he_classifier: Any, make_card: Any) -> None:
    assert he_classifier.model_id == "test-model"
    assert he_classifier.class_names == make_card().class_names
    assert he_classifier.input_px == 64
    assert he_classifier.precision == "float32"


@pytest.mark.real_photos
def test_real_maps_equal_the_gradients_in_float32(shipped_float32: Any, real_photos: Any) -> None:
    result = shipped_float32.classify(real_photos[:2])
    for photo in range(2):
        for class_index in {int(result.probabilities[photo].argmax()), 0}:
            reference = gradient_cams(shipped_float32, real_photos[photo], class_index)
            if reference.any():
                assert off_the_peak(result.cams[photo, class_index], reference) < 1e-4


@pytest.mark.real_photos
def test_real_maps_equal_the_gradients_in_bfloat16(shipped_bfloat16: Any, real_photos: Any) -> None:
    result = shipped_bfloat16.classify(real_photos)
    for photo, class_index in enumerate(result.probabilities.argmax(axis=1)):
        reference = gradient_cams(shipped_bfloat16, real_photos[photo], int(class_index))
        assert off_the_peak(result.cams[photo, class_index], reference) < 0.01


@pytest.mark.real_photos
def test_bfloat16_says_the_same_of_real_photos_as_float32(
    shipped_bfloat16: Any, shipped_float32: Any, real_photos: Any
) -> None:
    fast, exact = shipped_bfloat16.classify(real_photos[:6]), shipped_float32.classify(real_photos[:6])
    winners = exact.probabilities.argmax(axis=1)
    assert np.abs(fast.probabilities - exact.probabilities).max() < 0.05
    off = [off_the_peak(fast.cams[i, winner], exact.cams[i, winner]) for i, winner in enumerate(winners)]
    # Where a rounding flips a relu of the head, the whole map shifts: of 60 test photos the median
    # was 0.7 % of the peak, nine in ten under 2.2 %, the worst 10 %.
    assert np.median(off) < 0.03
    assert max(off) < 0.2


@pytest.mark.real_photos
def test_bfloat16_batch_of_n_equals_n_batches_of_one(shipped_bfloat16: Any, real_photos: Any) -> None:
    together = shipped_bfloat16.classify(real_photos)
    for index in range(len(real_photos)):
        alone = shipped_bfloat16.classify(real_photos[index : index + 1])
        np.testing.assert_allclose(together.probabilities[index], alone.probabilities[0], atol=0.03)


@pytest.mark.real_photos
def test_class_order_travels_with_the_weights(shipped_bfloat16: Any, real_photos: Any) -> None:
    # photo i shows class i of the card; a permuted order would get about one of ten right
    right = shipped_bfloat16.classify(real_photos).probabilities.argmax(axis=1) == np.arange(10)
    assert right.sum() >= 7
