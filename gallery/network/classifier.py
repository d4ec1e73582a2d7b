"""The network at work: photos in, probabilities, features and all maps out of one forward pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gallery import settings
from gallery.errors import ModelError
from gallery.network.engine import keras, tf
from gallery.network.precision import Precision
from gallery.network.preprocessing import preprocessing_named
from gallery.types import BatchPrediction, FloatArray, ImageBatch, ModelCard


class KerasClassifier:
    """A loaded model of the store: implements `gallery.types.Classifier`, callable from any thread."""

    def __init__(
        self, card: ModelCard, network: keras.Model, *, precision: Precision, mirrored: bool
    ) -> None:
        self.card = card
        self.precision = precision
        self.mirrored = mirrored
        self.network = network
        self._backbone = keras.Model(
            network.inputs, network.get_layer(card.target_layer).output, name="backbone"
        )
        images = tf.TensorSpec((None, card.input_px, card.input_px, 3), tf.uint8)
        # Not jit_compile: XLA has no AMX kernels, and all that bfloat16 gains would be lost.
        self._forward = tf.function(self._pass, input_signature=[images], autograph=False)

    @property
    def model_id(self) -> str:
        return self.card.model_id

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.card.class_names

    @property
    def input_px(self) -> int:
        return self.card.input_px

    def classify(self, images: ImageBatch) -> BatchPrediction:
        """Return what the network says of a batch, with the maps of every class.

        Args:
            images: (batch, input_px, input_px, 3) uint8 RGB; any batch size, also 0.

        Returns:
            Probabilities are softmax(logits / temperature), the mean of both
            views if the classifier is mirrored; features and maps are those of
            the plain view. Maps are (batch, classes, 14, 14) at 224 pixels.

        Raises:
            ModelError: the images have another shape or type, or the network
                gave no finite numbers for them.
        """
        self._check(images)
        if not len(images):
            maps_px = self._backbone.output.shape[1:3]
            return BatchPrediction(
                probabilities=np.empty((0, len(self.class_names)), np.float32),
                features=np.empty((0, self._backbone.output.shape[3]), np.float32),
                cams=np.empty((0, len(self.class_names), *maps_px), np.float32),
            )
        try:
            logits, mirrored_logits, features, cams = (
                tensor.numpy() for tensor in self._forward(tf.constant(images))
            )
        except tf.errors.OpError as exc:
            raise ModelError(
                f"The network could not run on {len(images)} photos ({type(exc).__name__}). "
                "Close other programs to free memory, or try again."
            ) from exc
        if not np.isfinite(logits).all():
            raise ModelError(
                f"{self.model_id} gave values that are not finite. Verify it on the Models page."
            )
        probabilities = self.calibrated(logits)
        if self.mirrored:
            probabilities = (probabilities + self.calibrated(mirrored_logits)) / np.float32(2)
        return BatchPrediction(probabilities=probabilities, features=features, cams=cams)

    @cached_property
    def without_maps(self) -> Callable[[ImageBatch], FloatArray]:
        """What the network says without features and maps: `benchmark` holds their cost against it."""
        images = tf.TensorSpec((None, self.input_px, self.input_px, 3), tf.uint8)
        network = tf.function(
            lambda batch: self.network(self.prepared(batch), training=False),
            input_signature=[images],
            autograph=False,
        )
        return lambda batch: np.asarray(network(tf.constant(batch)))

    def calibrated(self, logits: FloatArray) -> FloatArray:
        """Return softmax(logits / the card's temperature), (batch, classes) float32."""
        return np.asarray(softmax(logits / np.float64(self.card.temperature), axis=1), np.float32)

    def prepared(self, images: tf.Tensor) -> tf.Tensor:
        """Return RGB in 0..255, uint8 or float, as the network takes it."""
        return preprocessing_named(self.card.preprocessing).applied(tf.cast(images, tf.float32))

    def warm_up(self, batch: int = settings.TAG_BATCH) -> None:
        """Trace the network and let the libraries choose kernels: the first batch is then as fast as any."""
        self.classify(np.zeros((batch, self.input_px, self.input_px, 3), np.uint8))

    def _pass(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return logits (B, K), those of the mirrored view (or again), features (B, C), maps (B, K, h, w)."""
        logits, features, cams = self._explained(self._maps(images))
        mirrored_logits = logits
        if self.mirrored:
            mirrored_logits, _, _ = self._head(self._maps(tf.reverse(images, axis=[2])))
        return logits, mirrored_logits, features, cams

    def _explained(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return what the head makes of maps, (B, h, w, C), and the map of each class.

        Grad-CAM in closed form (Selvaraju et al. 2017, section 3.1), for the whole batch and every class:
        d logit_c / d A_k = 1 / positions * sum_j fc1[k, j] * [hidden_j > 0] * predictions[j, c]
        """
        logits, hidden, features = self._head(maps)
        fc1, predictions = self.network.get_layer("fc1"), self.network.get_layer("predictions")
        batch, (height, width, channels) = tf.shape(maps)[0], maps.shape[1:]
        open_units = tf.cast(hidden > 0, tf.float32)  # (B, units)
        paths = open_units[:, :, tf.newaxis] * predictions.kernel  # (B, units, K)
        weights = tf.einsum("kj,bjc->bkc", fc1.kernel, paths) / (height * width)  # (B, C, K)
        cells = tf.reshape(maps, (batch, height * width, channels))
        cams = tf.nn.relu(tf.einsum("bpk,bkc->bcp", cells, weights))  # (B, K, h * w)
        return logits, features, tf.reshape(cams, (batch, -1, height, width))

    def _maps(self, images: tf.Tensor) -> tf.Tensor:
        return tf.cast(self._backbone(self.prepared(images), training=False), tf.float32)

    def _head(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features = self.network.get_layer("gap")(maps)
        hidden = self.network.get_layer("fc1")(features)
        return self.network.get_layer("predictions")(hidden), hidden, features

    def _check(self, images: NDArray[Any]) -> None:
        wanted = (self.input_px, self.input_px, 3)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != wanted:
            raise ModelError(
                f"{self.model_id} takes uint8 photos of shape (batch, {wanted[0]}, {wanted[1]}, 3), "
                f"got {images.dtype} of shape {images.shape}. Decode them with this size."
            )


class GradientClassifier(KerasClassifier):
    """A network whose head has no closed form: the maps of all classes by differentiating the head alone.

    From the last convolution's maps to the logits there are but a few dense layers,
    so the gradients of all classes cost little beside the convolutions.
    """

    def __init__(
        self, card: ModelCard, network: keras.Model, *, precision: Precision, mirrored: bool
    ) -> None:
        super().__init__(card, network, precision=precision, mirrored=mirrored)
        maps = network.get_layer(card.target_layer).output
        self._rest = keras.Model(maps, network.outputs[0], name="head")

    def _explained(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Each class's map is grad_cam(maps, gradients) of `gallery.explanation.formulas`."""
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(maps)
            logits, _, features = self._head(maps)
            each = [logits[:, k] for k in range(len(self.class_names))]
        cams = []
        for logit in each:  # photos do not touch one another, so the sum's gradient is each one's own
            weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2))  # (B, C)
            cams.append(tf.nn.relu(tf.einsum("bhwc,bc->bhw", maps, weights)))
        return logits, features, tf.stack(cams, axis=1)

    def _head(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features = tf.reduce_mean(maps, axis=(1, 2))
        return self._rest(maps, training=False), features, features
