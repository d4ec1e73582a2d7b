"""Photos made to look like what collections also hold: drawings, prints, night shots.

The student sees the restyled pixels and is asked for what the teacher says of the photo itself, because the
teacher learnt from photographs alone; so it learns what does not depend on colour and texture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gallery.training.distillation.views import LUMA

Pixels = NDArray[np.float32]
"""(h, w, 3) RGB, 0 to 255."""

Style = Callable[[Pixels, np.random.Generator], Pixels]


def box_blur(values: Pixels, radius: int) -> Pixels:
    """Return the mean over a square of 2 * radius + 1 pixels, edges repeated.

    Args:
        values: (h, w, channels).
        radius: pixels, >= 1.
    """
    size = 2 * radius + 1
    for axis in (0, 1):
        pad = [(0, 0)] * values.ndim
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(values, pad, mode="edge"), axis=axis, dtype=np.float64)
        ends = np.take(sums, range(size, sums.shape[axis]), axis)
        values = ((ends - np.take(sums, range(sums.shape[axis] - size), axis)) / size).astype(np.float32)
    return values


def night_shot(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a grey, noisy picture of another brightness, as an infrared camera trap takes it."""
    grey = (pixels @ LUMA)[..., None] / 255
    grey = 255 * grey ** rng.uniform(0.6, 1.8) + rng.normal(0, rng.uniform(0, 12), grey.shape)
    return np.repeat(grey, 3, axis=-1).astype(np.float32)


def pencil_drawing(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the picture's lines on white: its grey divided by its blurred surroundings; perhaps tinted."""
    grey = (pixels @ LUMA)[..., None] + 1
    radius = int(rng.integers(3, 9))
    lines = np.minimum(grey / box_blur(box_blur(grey, radius), radius), 1.0) ** rng.uniform(1.5, 5.0)
    paper = pixels if rng.random() < 0.5 else np.full_like(pixels, 255)
    return np.asarray(lines * paper, np.float32)


def painting(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return flat patches of few colours with dark outlines."""
    smooth = box_blur(pixels, int(rng.integers(1, 4)))
    step = 255 / rng.integers(2, 6)
    flat = np.rint(smooth / step) * step
    grey = box_blur(smooth @ LUMA[:, None], 1)
    slope = np.abs(np.diff(grey, axis=0, append=grey[-1:])) + np.abs(
        np.diff(grey, axis=1, append=grey[:, -1:])
    )
    return np.asarray(flat * np.clip(1.3 - slope / rng.uniform(10, 40), 0, 1), np.float32)


def other_colours(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return the picture with its colour channels exchanged and each of another strength."""
    return np.asarray(pixels[..., rng.permutation(3)] * rng.uniform(0.6, 1.4, 3), np.float32)


STYLES: tuple[Style, ...] = (night_shot, pencil_drawing, painting, other_colours)


def restyled(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture, (h, w, 3), in one of `STYLES`, drawn at random."""
    style = STYLES[int(rng.integers(len(STYLES)))]
    return np.asarray(np.rint(np.clip(style(pixels.astype(np.float32), rng), 0, 255)), np.uint8)


def on_plain_ground(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the picture fading into one colour, mostly white, outside an ellipse: a cut-out in a book."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    centre_y, centre_x = rng.uniform(-0.15, 0.15, 2)
    side_y, side_x = rng.uniform(0.6, 1.0, 2)
    distance = np.hypot((y - centre_y) / side_y, (x - centre_x) / side_x)
    photo = np.clip((1.1 - distance) / rng.uniform(0.05, 0.3), 0, 1)[..., None]
    ground = 255.0 if rng.random() < 0.7 else rng.uniform(0, 255, 3)
    return np.asarray(np.rint(photo * pixels + (1 - photo) * ground), np.uint8)
