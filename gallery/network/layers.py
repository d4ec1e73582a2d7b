"""A network opened at its convolutions: what `gallery.explanation` asks of it, computed by Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError, ModelError
from gallery.network.architectures import get_weights
from gallery.network.classifier import KerasClassifier
from gallery.network.engine import keras, tf
from gallery.network.layouts import explainable_layers
from gallery.network.loading import load_classifier
from gallery.network.scrambling import scramble_weights, set_in_motion
from gallery.types import FloatArray, ModelCard, RgbImage

PASS_BATCH = 16
"""Photos in one forward pass; at 224 pixels in float32 their largest maps take 0.4 GB."""


class LayeredNetwork:
    """A model of the store with its layers open; callable from any thread.

    Gradients and activations are float32 always. The many passes of Score-CAM
    and occlusion may run in bfloat16: on a test photo and a ten-class VGG16 that
    moved no cell by more than 0.2 % (Score-CAM) and 2.4 % (occlusion) of the peak.

    Args:
        exact: in float32.
        passes: the same model for the many passes, in either precision; may be `exact`.
    """

    def __init__(self, exact: KerasClassifier, passes: KerasClassifier) -> None:
        self.network = exact.network
        self._exact = exact
        self._passes = passes
        self._last: tuple[tuple[str, bytes] | None, tf.Tensor] = (None, None)
        self._parts: dict[str, tuple[keras.Model, keras.Model]] = {}
        photos = tf.TensorSpec((None, self.card.input_px, self.card.input_px, 3), tf.float32)
        self._logits = tf.function(
            lambda images: passes.network(passes.prepared(images), training=False),
            input_signature=[photos],
            autograph=False,
        )

    @property
    def card(self) -> ModelCard:
        return self._exact.card

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that can be a target, from the photo to the head."""
        return explainable_layers(self.card.architecture, self.card.target_layer)

    def activations(self, image: RgbImage, layer: str | None = None) -> FloatArray:
        """Return a layer's activations after the relu, (h, w, channels) float32.

        Raises:
            CamError: there is no such layer.
        """
        return _array(self._maps(image, layer)[0])

    def activations_and_gradients(
        self, image: RgbImage, class_index: int, layer: str | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return a layer's activations and the gradients of a class's logit by them, each (h, w, channels).

        Of the logit: a saturated softmax has no gradient left to explain.

        Raises:
            CamError: there is no such layer.
        """
        _, head = self._split(layer)
        maps = self._maps(image, layer)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(maps)
            logit = head(maps, training=False)[0, class_index]
        return _array(maps[0]), _array(tape.gradient(logit, maps)[0])

    def logits(self, images: NDArray[Any]) -> FloatArray:
        """Return the logits of RGB photos in 0..255, (n, classes); float pixels may lie between whole steps.

        Raises:
            ModelError: there is not enough memory.
        """
        try:
            found = [
                self._logits(tf.constant(images[start : start + PASS_BATCH], tf.float32)).numpy()
                for start in range(0, len(images), PASS_BATCH)
            ]
        except tf.errors.OpError as exc:
            raise ModelError(
                f"The network could not run on {len(images)} altered photos ({type(exc).__name__}). "
                "Close other programs to free memory, or try again."
            ) from exc
        return np.concatenate(found) if found else np.empty((0, len(self.card.class_names)), np.float32)

    def scrambled(self, seed: int, image: RgbImage) -> LayeredNetwork:
        """Return the same network with the numbers of each kernel shuffled, scaled to hand on a photo."""
        shuffled = scramble_weights(get_weights(self.network), seed=seed)
        made = load_classifier(self.card, shuffled, precision="float32")
        set_in_motion(made.network, made.prepared(tf.constant(image[np.newaxis])))
        weights = get_weights(made.network)
        return layered(load_classifier(self.card, weights, precision=self._passes.precision), weights)

    def _maps(self, image: RgbImage, layer: str | None) -> tf.Tensor:
        """Return a layer's activations, (1, h, w, channels); the last ones are kept."""
        asked = (layer or self.card.target_layer, image.tobytes())
        known, maps = self._last
        if known != asked:
            backbone, _ = self._split(layer)
            maps = backbone(self._exact.prepared(tf.constant(image[np.newaxis])), training=False)
            self._last = (asked, maps)
        return maps

    def _split(self, layer: str | None) -> tuple[keras.Model, keras.Model]:
        """Return the network up to a layer, and from there to the logits."""
        name = layer or self.card.target_layer
        if name not in self.layers:
            raise CamError(
                f'{self.card.model_id} has no layer "{name[:60]}" to explain. '
                f"Layers: {', '.join(self.layers)}."
            )
        if name not in self._parts:
            maps = self.network.get_layer(name).output
            self._parts[name] = (
                keras.Model(self.network.inputs, maps),
                keras.Model(maps, self.network.outputs[0]),
            )
        return self._parts[name]


def layered(classifier: KerasClassifier, weights: Mapping[str, NDArray[np.floating[Any]]]) -> LayeredNetwork:
    """Return a loaded model with its layers open; a second network is made only beside a bfloat16 one.

    Args:
        classifier: whose network also takes the many passes.
        weights: the same model's tensors, as stored.

    Raises:
        ModelError: the weights do not fit.
    """
    exact = classifier
    if classifier.precision != "float32":
        exact = load_classifier(classifier.card, weights, precision="float32")
    return LayeredNetwork(exact, classifier)


def _array(tensor: Any) -> FloatArray:
    return np.asarray(tensor.numpy(), np.float32)
