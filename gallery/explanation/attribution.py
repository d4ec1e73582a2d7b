"""How each method gets its maps out of a network that is handed in; the formulas are in `formulas`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.explanation import formulas
from gallery.explanation.perturbation import IMAGENET_MEAN_RGB
from gallery.types import FloatArray, ModelCard, RgbImage

PASS_BATCH = 16
"""Altered photos in one forward pass; at 224 pixels in float32 their largest maps take 0.4 GB."""

OCCLUSION_CELLS = 14
"""Places of the grey square along each side: as fine as the maps of VGG16's last block, 196 passes."""

OCCLUSION_SQUARE_CELLS = 3
"""48 of 224 pixels, about the 50 of 225 that Zeiler and Fergus cover."""

OnPass = Callable[[int, int], None]
"""Takes the passes that are done and all that there will be; what it raises stops them."""


class Network(Protocol):
    """What the methods ask of a network; `gallery.network.layers.LayeredNetwork` is one."""

    @property
    def card(self) -> ModelCard: ...

    def activations(self, image: RgbImage, layer: str | None) -> FloatArray:
        """Return a layer's activations after the relu, (h, w, channels)."""

    def activations_and_gradients(
        self, image: RgbImage, class_index: int, layer: str | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return a layer's activations and the gradients of a class's logit by them."""

    def logits(self, images: NDArray[Any]) -> FloatArray:
        """Return the logits of RGB photos in 0..255, (n, classes); pixels may lie between whole steps."""

    def scrambled(self, seed: int, image: RgbImage) -> Network:
        """Return the same network with the numbers of each kernel shuffled."""


MapsOf = Callable[[Network, RgbImage, Sequence[int], str | None, OnPass], FloatArray]
"""(network, photo, class indices, layer, on_pass) -> one map for each class, (n, h, w), >= 0, not scaled."""


def by_gradient(formula: Callable[[FloatArray, FloatArray], FloatArray]) -> MapsOf:
    """Return the method that applies a formula to a layer's activations and their gradients."""

    def maps(
        network: Network, image: RgbImage, classes: Sequence[int], layer: str | None, on_pass: OnPass
    ) -> FloatArray:
        del on_pass
        return np.stack([formula(*network.activations_and_gradients(image, k, layer)) for k in classes])

    return maps


def eigen_cam(
    network: Network, image: RgbImage, classes: Sequence[int], layer: str | None, on_pass: OnPass
) -> FloatArray:
    """Return Eigen-CAM's map, once for each class."""
    del on_pass
    return np.stack([formulas.eigen_cam(network.activations(image, layer))] * len(classes))


def score_cam(
    network: Network, image: RgbImage, classes: Sequence[int], layer: str | None, on_pass: OnPass
) -> FloatArray:
    """Return Score-CAM's maps: the photo is classified through each channel's pattern alone."""
    activations = network.activations(image, layer)
    activations = activations[..., formulas.telling_channels(activations)]
    neutral = np.asarray(IMAGENET_MEAN_RGB, np.float32)
    difference = image - neutral

    def masked(start: int) -> NDArray[np.float32]:
        masks = formulas.channel_masks(activations[..., start : start + PASS_BATCH], image.shape[0])
        return neutral + difference * masks[..., np.newaxis]

    total = activations.shape[2]
    batches = (masked(start) for start in range(0, total, PASS_BATCH))
    logits = _all_logits(network, batches, total, on_pass)
    return np.stack([formulas.score_cam(activations, logits[:, k]) for k in classes])


def occlusion(
    network: Network, image: RgbImage, classes: Sequence[int], layer: str | None, on_pass: OnPass
) -> FloatArray:
    """Return how far each class's logit falls where a grey square covers the photo."""
    del layer
    side = image.shape[0]
    cells = min(OCCLUSION_CELLS, side)
    windows = formulas.occluder_windows(side, cells, OCCLUSION_SQUARE_CELLS)

    def covered(start: int) -> NDArray[np.float32]:
        part = windows[start : start + PASS_BATCH]
        photos = np.repeat(image[np.newaxis].astype(np.float32), len(part), axis=0)
        for photo, (rows, columns) in zip(photos, part, strict=True):
            photo[rows, columns] = IMAGENET_MEAN_RGB
        return photos

    whole = network.logits(image[np.newaxis])[0]
    batches = (covered(start) for start in range(0, len(windows), PASS_BATCH))
    logits = _all_logits(network, batches, len(windows), on_pass).reshape(cells, cells, -1)
    return np.stack([formulas.occlusion_map(float(whole[k]), logits[..., k]) for k in classes])


def _all_logits(
    network: Network, batches: Iterable[NDArray[np.float32]], total: int, on_pass: OnPass
) -> NDArray[np.float32]:
    """Return the logits of photos that are made batch by batch, (total, classes)."""
    found = [np.empty((0, len(network.card.class_names)), np.float32)]
    done = 0
    for batch in batches:
        found.append(network.logits(batch))
        done += len(batch)
        on_pass(done, total)
    return np.concatenate(found)
