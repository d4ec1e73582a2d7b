"""The explanation methods at work on a network: any of them, for any convolution of any recipe's model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gallery.errors import CamError, ModelError
from gallery.network import attribution_math as maths
from gallery.network import attribution_methods as methods
from gallery.network.architectures import get_weights
from gallery.network.classifier import preprocess
from gallery.network.engine import keras, tf
from gallery.network.loading import load_gradient_classifier
from gallery.network.precision import best_precision
from gallery.network.scrambling import set_in_motion
from gallery.network.vgg16 import IMAGENET_MEAN_BGR
from gallery.types import FloatArray, ImageBatch, ModelCard, RgbImage

NEUTRAL_RGB = IMAGENET_MEAN_BGR[::-1]
"""What a covered place becomes: ImageNet's mean colour, which is 0 to a network with caffe preprocessing."""

PASS_BATCH = 16
"""Altered photos in one forward pass; at 224 pixels in float32 their largest maps take 0.4 GB."""

OCCLUSION_SQUARE_CELLS = 3
"""48 of 224 pixels, about the 50 of 225 that Zeiler and Fergus cover."""

OnPass = Callable[[int, int], None]
"""Told the passes that are done and all that there will be."""


def _unheard(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


class Explainer:
    """A model of the store, ready to be explained; callable from any thread.

    Gradients and activations are float32 always. The many passes of Score-CAM
    and occlusion may run in bfloat16: on a test photo and a ten-class VGG16 that
    moved no cell by more than 0.2 % (Score-CAM) and 2.4 % (occlusion) of the peak.
    """

    def __init__(self, card: ModelCard, network: keras.Model, passes: keras.Model) -> None:
        self.card = card
        self.network = network
        self._passes = passes
        self._exact = passes is network
        self._last: tuple[tuple[str, bytes] | None, tf.Tensor] = (None, None)
        self._parts: dict[str, tuple[keras.Model, keras.Model]] = {}
        photos = tf.TensorSpec((None, card.input_px, card.input_px, 3), tf.float32)
        self._logits = tf.function(
            lambda images: self._passes(self._prepared(images), training=False),
            input_signature=[photos],
            autograph=False,
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The convolutions that can be a target, from the photo to the head."""
        return tuple(layer.name for layer in self.network.layers if isinstance(layer, keras.layers.Conv2D))

    def explain(
        self,
        image: RgbImage,
        class_index: int,
        *,
        method: str = methods.GRAD_CAM,
        layer: str | None = None,
        on_pass: OnPass = _unheard,
    ) -> FloatArray:
        """Return why the network gives a class's logit: a map of the photo.

        Args:
            image: (input_px, input_px, 3) uint8 RGB.
            class_index: 0 .. classes - 1; Eigen-CAM's map is the same for all.
            method: a key of `attribution_methods.METHODS`.
            layer: a convolution; None for the card's. Occlusion looks at none.
            on_pass: for Score-CAM and occlusion, which take hundreds of passes; what it raises stops them.

        Returns:
            (h, w) float32 >= 0, not scaled, of the target layer's size; 14 x 14 for occlusion.

        Raises:
            CamError: there is no such method, layer or class.
            ModelError: the image has another shape or type, or the network failed.
        """
        (cam,) = self.explain_classes(image, [class_index], method=method, layer=layer, on_pass=on_pass)
        return np.asarray(cam, np.float32)

    def explain_classes(
        self,
        image: RgbImage,
        class_indices: Sequence[int],
        *,
        method: str = methods.GRAD_CAM,
        layer: str | None = None,
        on_pass: OnPass = _unheard,
    ) -> FloatArray:
        """Return the maps of several classes, (n, h, w), as `explain` gives each, at the passes of one.

        Raises:
            CamError: there is no such method, layer or class.
            ModelError: the image has another shape or type, or the network failed.
        """
        chosen = methods.method_named(method)
        wanted = [int(index) for index in class_indices]
        for index in wanted or [0]:
            self._check(image, index)
        if not chosen.by_layer:
            if layer is not None:
                raise CamError(
                    f"{chosen.title} covers places of the photo and looks at no layer. Leave the layer out."
                )
            return self._occlusion(image, wanted, on_pass)
        if chosen.name == methods.EIGEN_CAM:
            return np.stack([maths.eigen_cam(self.activations(image, layer))] * len(wanted))
        if chosen.name == methods.SCORE_CAM:
            return self._score_cam(image, wanted, layer, on_pass)
        formulas: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
            methods.GRAD_CAM: maths.grad_cam,
            methods.GRAD_CAM_PLUS_PLUS: maths.grad_cam_plus_plus,
            methods.HIRES_CAM: maths.hires_cam,
            methods.LAYER_CAM: maths.layer_cam,
        }
        formula = formulas[chosen.name]
        return np.stack([formula(*self.activations_and_gradients(image, k, layer)) for k in wanted])

    def activations(self, image: RgbImage, layer: str | None = None) -> FloatArray:
        """Return a layer's activations after the relu, (h, w, channels) float32.

        Raises:
            CamError: there is no such layer.
            ModelError: the image has another shape or type.
        """
        self._check(image, 0)
        return _array(self._maps(image, layer)[0])

    def activations_and_gradients(
        self, image: RgbImage, class_index: int, layer: str | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return a layer's activations and the gradients of a class's logit by them, each (h, w, channels).

        Of the logit: a saturated softmax has no gradient left to explain.

        Raises:
            CamError: there is no such layer or class.
            ModelError: the image has another shape or type.
        """
        self._check(image, class_index)
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

    def probabilities(self, images: ImageBatch) -> FloatArray:
        """Return calibrated probabilities, (n, classes) float32: for `evaluation.trust`."""
        if not len(images):
            return np.empty((0, len(self.card.class_names)), np.float32)
        return np.asarray(
            softmax(self.logits(images) / np.float64(self.card.temperature), axis=1), np.float32
        )

    def scrambled(self, seed: int, image: RgbImage) -> Explainer:
        """Return the same network with the numbers of each kernel shuffled (Adebayo et al. 2018, section 3).

        What it learnt is gone, its classes mean nothing; it is scaled to hand on what is in the photo.

        Args:
            seed: of the shuffling.
            image: the photo that will be explained.

        Raises:
            ModelError: the image has another shape or type.
        """
        self._check(image, 0)
        weights = maths.scramble_weights(get_weights(self.network), seed=seed)
        network = load_gradient_classifier(self.card, weights, precision="float32").network
        set_in_motion(network, self._prepared(tf.constant(image[np.newaxis])))
        passes: Literal["float32", "bfloat16"] = "float32" if self._exact else "bfloat16"
        return load_explainer(self.card, get_weights(network), passes=passes)

    def _score_cam(
        self, image: RgbImage, class_indices: list[int], layer: str | None, on_pass: OnPass
    ) -> FloatArray:
        activations = self.activations(image, layer)
        activations = activations[..., maths.telling_channels(activations)]
        neutral = np.asarray(NEUTRAL_RGB, np.float32)
        difference = image - neutral

        def masked(start: int) -> NDArray[np.float32]:
            masks = maths.channel_masks(activations[..., start : start + PASS_BATCH], self.card.input_px)
            return neutral + difference * masks[..., np.newaxis]

        total = activations.shape[2]
        logits = self._all_logits((masked(start) for start in range(0, total, PASS_BATCH)), total, on_pass)
        return np.stack([maths.score_cam(activations, logits[:, k]) for k in class_indices])

    def _occlusion(self, image: RgbImage, class_indices: list[int], on_pass: OnPass) -> FloatArray:
        side = self.card.input_px
        cells = min(methods.OCCLUSION_CELLS, side)
        windows = maths.occluder_windows(side, cells, OCCLUSION_SQUARE_CELLS)

        def covered(start: int) -> NDArray[np.float32]:
            part = windows[start : start + PASS_BATCH]
            photos = np.repeat(image[np.newaxis].astype(np.float32), len(part), axis=0)
            for photo, (rows, columns) in zip(photos, part, strict=True):
                photo[rows, columns] = NEUTRAL_RGB
            return photos

        whole = self.logits(image[np.newaxis])[0]
        batches = (covered(start) for start in range(0, len(windows), PASS_BATCH))
        logits = self._all_logits(batches, len(windows), on_pass).reshape(cells, cells, -1)
        return np.stack([maths.occlusion_map(float(whole[k]), logits[..., k]) for k in class_indices])

    def _all_logits(
        self, batches: Iterable[NDArray[np.float32]], total: int, on_pass: OnPass
    ) -> NDArray[np.float32]:
        """Return the logits of photos that are made batch by batch, (total, classes)."""
        found = [np.empty((0, len(self.card.class_names)), np.float32)]
        done = 0
        for batch in batches:
            found.append(self.logits(batch))
            done += len(batch)
            on_pass(done, total)
        return np.concatenate(found)

    def _maps(self, image: RgbImage, layer: str | None) -> tf.Tensor:
        """Return a layer's activations, (1, h, w, channels); the last ones are kept at hand."""
        asked = (layer or self.card.target_layer, image.tobytes())
        known, maps = self._last
        if known != asked:
            backbone, _ = self._split(layer)
            maps = backbone(self._prepared(tf.constant(image[np.newaxis])), training=False)
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

    def _prepared(self, images: tf.Tensor) -> tf.Tensor:
        """Return RGB in 0..255, uint8 or float, as the network takes it."""
        unit = self.card.preprocessing == "unit"
        return tf.cast(images, tf.float32) / 255.0 if unit else preprocess(images)

    def _check(self, image: RgbImage, class_index: int) -> None:
        wanted = (self.card.input_px, self.card.input_px, 3)
        if image.dtype != np.uint8 or image.shape != wanted:
            raise ModelError(
                f"{self.card.model_id} takes a uint8 photo of shape {wanted}, got {image.dtype} of shape "
                f"{image.shape}. Decode it with this size."
            )
        if not 0 <= class_index < len(self.card.class_names):
            raise CamError(f"Classes are numbered 0 to {len(self.card.class_names) - 1}, got {class_index}.")


def load_explainer(
    card: ModelCard,
    weights: Mapping[str, NDArray[np.floating[Any]]],
    *,
    passes: Literal["auto", "bfloat16", "float32"] = "auto",
) -> Explainer:
    """Return the explainer of a card's model, whichever recipe made it.

    Args:
        card: from `gallery.models.ModelStore`.
        weights: the model's tensors, as stored.
        passes: precision of the convolutions in the many passes of Score-CAM and occlusion; "auto" takes
            bfloat16 where the processor has units for it. Everything else is float32.

    Raises:
        ModelError: unknown architecture, preprocessing or target layer, or weights that do not fit.
    """
    network = load_gradient_classifier(card, weights, precision="float32").network
    chosen = best_precision() if passes == "auto" else passes
    if chosen == "float32":
        return Explainer(card, network, network)
    return Explainer(card, network, load_gradient_classifier(card, weights, precision="bfloat16").network)


def _array(tensor: Any) -> FloatArray:
    return np.asarray(tensor.numpy(), np.float32)
