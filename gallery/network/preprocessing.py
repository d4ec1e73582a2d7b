"""What becomes of pixels before a network takes them: it travels with the weights, by name on the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import ModelError


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """(pixel - mean) / scale, channel by channel.

    Attributes:
        mean, scale: of red, green and blue in 0..255.
        bgr: whether the network takes blue first.
    """

    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    bgr: bool = False

    def applied(self, images: Any) -> Any:
        """Return RGB pixels in 0..255, (..., 3) floats of numpy or TensorFlow, as the network's input."""
        prepared = (images - np.asarray(self.mean, np.float32)) / np.asarray(self.scale, np.float32)
        return prepared[..., ::-1] if self.bgr else prepared


IMAGENET_MEAN = (123.68, 116.779, 103.939)
"""Red, green and blue of ImageNet's mean, as VGG16's authors took it."""

PREPROCESSINGS: Mapping[str, Preprocessing] = {
    "caffe": Preprocessing(IMAGENET_MEAN, (1, 1, 1), bgr=True),
    "unit": Preprocessing((0, 0, 0), (255, 255, 255)),
    "tf": Preprocessing((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "torch": Preprocessing((0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)),
    "lite": Preprocessing((127, 127, 127), (128, 128, 128)),
}
"""By the names that keras.applications has for them; "lite" is EfficientNet-Lite's, "unit" RGB / 255."""


def preprocessing_named(name: str) -> Preprocessing:
    """Return a preprocessing.

    Raises:
        ModelError: there is none of that name.
    """
    if name not in PREPROCESSINGS:
        raise ModelError(f"There is no preprocessing {name!r}. Known here: {', '.join(PREPROCESSINGS)}.")
    return PREPROCESSINGS[name]


def preprocess(images: NDArray[Any], preprocessing: str) -> NDArray[np.float32]:
    """Return RGB pixels in 0..255, (..., 3), as the input that a network of that preprocessing takes.

    Raises:
        ModelError: an unknown preprocessing.

    Example:
        >>> preprocess(np.array([[255, 0, 51]], np.uint8), "unit").round(3).tolist()
        [[1.0, 0.0, 0.20000000298023224]]
    """
    return np.asarray(preprocessing_named(preprocessing).applied(np.asarray(images, np.float32)), np.float32)
