"""What a picture is like, in two numbers: how bright it is, and how sharp."""

from __future__ import annotations

import numpy as np

from gallery.types import RgbImage

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in what the eye takes for brightness (ITU-R BT.601)."""


def measured(image: RgbImage) -> tuple[float, float]:
    """Return a picture's brightness and sharpness.

    Measured on the square that the model sees, so that photos of every size compare.

    Args:
        image: (side, side, 3) uint8; with fewer than 3 px a side nothing is sharp.

    Returns:
        The mean luma, 0 (black) to 255 (white), and the variance of the luma's
        Laplacian (4 neighbours): near 0 for a blurred or empty picture,
        hundreds and more for a sharp one (Pech-Pacheco et al. 2000).

    Example:
        >>> measured(np.full((4, 4, 3), 50, np.uint8))
        (50.0, 0.0)
    """
    luma = np.asarray(image.astype(np.float64) @ np.array(LUMA))
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    return round(float(luma.mean()), 3), round(float(laplacian.var()), 3) if laplacian.size else 0.0
