"""Networks whose head has no closed form: the maps of all classes by differentiating the head alone.

From the last convolution's maps to the logits there are but a few dense layers,
so the gradients of all classes cost little beside the convolutions.
"""

from __future__ import annotations

from gallery.network.classifier import KerasClassifier
from gallery.network.engine import keras, tf
from gallery.network.precision import Precision
from gallery.types import ModelCard


class GradientClassifier(KerasClassifier):
    """A loaded model of any architecture: implements `gallery.types.Classifier`, callable from any thread."""

    def __init__(
        self, card: ModelCard, network: keras.Model, *, precision: Precision, mirrored: bool
    ) -> None:
        super().__init__(card, network, precision=precision, mirrored=mirrored)
        maps = network.get_layer(card.target_layer).output
        self._rest = keras.Model(maps, network.outputs[0], name="head")

    def _pass(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return logits (B, K), those of the mirrored view (or again), features (B, C), maps (B, K, h, w).

        Each class's map is grad_cam(maps, gradients) of `gallery.explanation.formulas`.
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

    def _head(self, maps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        features = tf.reduce_mean(maps, axis=(1, 2))
        return self._rest(maps, training=False), features, features
