"""What a view of a photo that a network is trained on may have of other colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""The weights of red, green and blue in brightness (ITU-R BT.601)."""


def recoloured(
    pixels: NDArray[np.uint8], *, brightness: float = 1, contrast: float = 1, saturation: float = 1
) -> NDArray[np.uint8]:
    """Return pixels, (h, w, 3) RGB, with another brightness, then contrast, then saturation."""
    if brightness == contrast == saturation == 1:
        return pixels
    values = np.clip(pixels.astype(np.float32) * brightness, 0, 255)
    mean = (values @ LUMA).mean()
    values = np.clip(mean + (values - mean) * contrast, 0, 255)
    grey = (values @ LUMA)[..., None]
    return np.asarray(np.rint(np.clip(grey + (values - grey) * saturation, 0, 255)), np.uint8)
