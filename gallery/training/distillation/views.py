"""The views of a photo that a network is trained on: squashed whole, cropped, mirrored, recoloured.

The application squashes the whole photo to 224 x 224, so that a heatmap covers all of it; the first view is
exactly that, the others vary it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

VIEW_PX = 224

PILLOW_BICUBIC = 3
"""Pillow's number of the filter; it smooths as much as the shrinking needs."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""How bright red, green and blue look (ITU-R BT.601)."""


@dataclass(frozen=True)
class View:
    """A rectangle of the photo, as fractions of its sides, and what is done to the pixels."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0
    mirrored: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0


def draw_view(view_number: int, photo_number: int, *, aspect: float, seed: int = 0) -> View:
    """Return one of a photo's views; the same numbers always give the same view.

    Args:
        view_number: 0 is the whole photo, unchanged; odd numbers are random-resized crops of 30-100 % of the
            area; other even ones keep 75-100 % of each side.
        photo_number: which photo.
        aspect: the photo's width by its height, to keep the crops' own shape near a square.
        seed: other seeds give other views.
    """
    if view_number == 0:
        return View()
    rng = np.random.default_rng([seed, view_number, photo_number])
    if view_number % 2:
        area, shape = rng.uniform(0.3, 1.0), np.exp(rng.uniform(-0.3, 0.3))
        width = min(1.0, float(np.sqrt(area * shape / aspect)))
        height = min(1.0, float(area) / width)
    else:
        width, height = rng.uniform(0.75, 1.0, 2).tolist()
    return View(
        left=float(rng.uniform(0, 1 - width)),
        top=float(rng.uniform(0, 1 - height)),
        width=float(width),
        height=float(height),
        mirrored=bool(rng.random() < 0.5),
        brightness=float(rng.uniform(0.75, 1.25)),
        contrast=float(rng.uniform(0.75, 1.25)),
        saturation=float(rng.uniform(0.7, 1.3)),
    )


def centre_view(aspect: float) -> View:
    """Return the largest centred square of a photo whose width is ``aspect`` times its height."""
    width, height = min(1.0, 1 / aspect), min(1.0, aspect)
    return View(left=(1 - width) / 2, top=(1 - height) / 2, width=width, height=height)


def open_photo(path: Path) -> Any:
    """Return the photo as keras' loader gives it: a Pillow image, RGB."""
    return keras.utils.load_img(path)


def render_view(image: Any, view: View) -> NDArray[np.uint8]:
    """Return the view of a Pillow image, (224, 224, 3) RGB, resized bicubically with antialiasing."""
    left, top = view.left * image.width, view.top * image.height
    box = (left, top, left + view.width * image.width, top + view.height * image.height)
    pixels = np.asarray(image.convert("RGB").resize((VIEW_PX, VIEW_PX), PILLOW_BICUBIC, box=box))
    return recoloured(pixels[:, ::-1] if view.mirrored else pixels, view)


def recoloured(pixels: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """Return the pixels, (h, w, 3) RGB, with the view's brightness, then contrast, then saturation."""
    if view.brightness == view.contrast == view.saturation == 1.0:
        return pixels
    values = np.clip(pixels.astype(np.float32) * view.brightness, 0, 255)
    mean = (values @ LUMA).mean()
    values = np.clip(mean + (values - mean) * view.contrast, 0, 255)
    grey = (values @ LUMA)[..., None]
    return np.asarray(np.rint(np.clip(grey + (values - grey) * view.saturation, 0, 255)), np.uint8)
