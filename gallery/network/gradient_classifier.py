"""Networks whose head has no closed form: the maps of all classes by differentiating the head alone.

From the last convolution's maps to the logits there are but a few dense layers,
so the gradients of all classes cost little beside the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError
from gallery.network.architectures import architecture_named, build, options_from_weights, set_weights
from gallery.network.classifier import RESIZE, KerasClassifier, preprocess
from gallery.network.engine import keras, tf
from gallery.network.precision import Precision, best_precision
from gallery.types import ModelCard


class GradientClassifier(KerasClassifier):
    """A loaded model of any architecture: implements `gallery.types.Classifier`, callable from any thread."""

    def __init__(
        self, card: ModelCard, network: keras.Model, *, precision: Precision, mirrored: bool
    ) -> None:
        self.card = card
        self.precision = precision
        self.mirrored = mirrored
        self.network = network
        maps = network.get_layer(card.target_layer).output
        self._backbone = keras.Model(network.inputs, maps, name="backbone")
        self._rest = keras.Model(maps, network.outputs[0], name="head")
        images = tf.TensorSpec((None, card.input_px, card.input_px, 3), tf.uint8)
        self._forward = tf.function(self._pass, input_signature=[images], autograph=False)
        self._maps_alone = tf.function(self._maps, input_signature=[images], autograph=False)

    def _pass(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return logits (B, K), those of the mirrored view (or again), features (B, C), maps (B, K, h, w).

        Each class's map is cam.combine_cam(maps, cam.gradient_weights(gradients)).
        """
        maps = self._maps(images)  # (B, h, w, C)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(maps)
            logits, _, features = self._head(maps)
            each = [logits[:, k] for k in range(len(self.class_names))]
        mirrored_logits = logits
        if self.mirrored:
            mirrored_logits, _, _ = self._head(self._maps(tf.reverse(images, axis=[2])))
        cams = []
        for logit in each:  # photos do not touch one another, so the sum's gradient is each one's own
            weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2))  # (B, C)
            cams.append(tf.nn.relu(tf.einsum("bhwc,bc->bhw", maps, weights)))
        return logits, mirrored_logits, features, tf.stack(cams, axis=1)

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        unit = self.card.preprocessing == "unit"
        given = tf.cast(images, tf.float32) / 255.0 if unit else preprocess(images)
        return tf.cast(self._backbone(given, training=False), tf.float32)

    def _head(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features = tf.reduce_mean(maps, axis=(1, 2))
        return self._rest(maps, training=False), features, features


def load_gradient_classifier(
    card: ModelCard,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    *,
    precision: Literal["auto", "bfloat16", "float32"] = "auto",
    mirrored: bool = False,
) -> GradientClassifier:
    """Return the classifier of a card whose architecture is one of `architectures.ARCHITECTURES`.

    Args:
        card: from `gallery.models.ModelStore`.
        weights: the model's tensors, as stored.
        precision: of VGG16's convolutions; the networks from scratch are small
            and compute in float32, so that their maps are exact.
        mirrored: tag by the mean of the photo and its mirror image.

    Raises:
        ModelError: unknown architecture, preprocessing or target layer, or weights that do not fit.
    """
    architecture = architecture_named(card.architecture)
    chosen: Precision = "float32"
    if architecture.name.startswith("vgg16"):
        chosen = best_precision() if precision == "auto" else precision
    if (card.preprocessing, card.resize) != (architecture.preprocessing, RESIZE):
        raise ModelError(
            f"{card.model_id} asks for the preprocessing {card.preprocessing!r} and the resize "
            f"{card.resize!r}; {architecture.name} has {architecture.preprocessing!r} and {RESIZE!r}. "
            "Restore or correct its card.json."
        )
    options = options_from_weights(architecture.name, weights)
    network = build(
        architecture.name, len(card.class_names), card.input_px, conv_dtype=chosen, options=options
    )
    if card.target_layer not in {
        layer.name for layer in network.layers if isinstance(layer, keras.layers.Conv2D)
    }:
        raise ModelError(
            f"{card.model_id} wants its maps from {card.target_layer!r}, which is no convolution of "
            f"{architecture.name}. Restore or correct its card.json."
        )
    set_weights(network, weights)
    return GradientClassifier(card, network, precision=chosen, mirrored=mirrored)
