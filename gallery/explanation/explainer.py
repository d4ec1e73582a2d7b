"""Any explanation method on a network that is handed in, for any class and layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from gallery.errors import CamError, ModelError
from gallery.explanation.attribution import Network, OnPass
from gallery.explanation.methods import GRAD_CAM, method_named
from gallery.types import FloatArray, ImageBatch, ModelCard, RgbImage


def _unheard(done: int, total: int) -> None:
    """Report to nobody."""
    del done, total


class Explainer:
    """A network, ready to be explained; callable from any thread if the network is."""

    def __init__(self, network: Network) -> None:
        self.network = network

    @property
    def card(self) -> ModelCard:
        return self.network.card

    def explain(
        self,
        image: RgbImage,
        class_index: int,
        *,
        method: str = GRAD_CAM,
        layer: str | None = None,
        on_pass: OnPass = _unheard,
    ) -> FloatArray:
        """Return why the network gives a class's logit: a map of the photo.

        Args:
            image: (input_px, input_px, 3) uint8 RGB.
            class_index: 0 .. classes - 1; Eigen-CAM's map is the same for all.
            method: a key of `methods.METHODS`.
            layer: a convolution; None for the card's. Occlusion uses none.
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
        method: str = GRAD_CAM,
        layer: str | None = None,
        on_pass: OnPass = _unheard,
    ) -> FloatArray:
        """Return the maps of several classes, (n, h, w), as `explain` gives each, at the passes of one.

        Raises:
            CamError: there is no such method, layer or class.
            ModelError: the image has another shape or type, or the network failed.
        """
        chosen = method_named(method)
        self._check(image, class_indices)
        if layer is not None and not chosen.by_layer:
            raise CamError(
                f"{chosen.title} covers places of the photo and looks at no layer. Leave the layer out."
            )
        return chosen.maps(self.network, image, [int(index) for index in class_indices], layer, on_pass)

    def probabilities(self, images: ImageBatch) -> FloatArray:
        """Return calibrated probabilities, (n, classes) float32: for `trust`."""
        logits = self.network.logits(images) / np.float64(self.card.temperature)
        return np.asarray(softmax(logits, axis=1), np.float32)

    def scrambled(self, seed: int, image: RgbImage) -> Explainer:
        """Return the same network with the numbers of each kernel shuffled (Adebayo et al. 2018, section 3).

        What it learnt is gone, its classes mean nothing; it is scaled to hand on what is in the photo.

        Args:
            seed: of the shuffling.
            image: the photo that will be explained.

        Raises:
            ModelError: the image has another shape or type.
        """
        self._check(image, ())
        return Explainer(self.network.scrambled(seed, image))

    def _check(self, image: RgbImage, class_indices: Sequence[int]) -> None:
        wanted = (self.card.input_px, self.card.input_px, 3)
        if image.dtype != np.uint8 or image.shape != wanted:
            raise ModelError(
                f"{self.card.model_id} takes a uint8 photo of shape {wanted}, got {image.dtype} of shape "
                f"{image.shape}. Decode it with this size."
            )
        count = len(self.card.class_names)
        for index in class_indices:
            if not 0 <= index < count:
                raise CamError(f"Classes are numbered 0 to {count - 1}, got {index}.")
