"""The pointing game: photos pasted into one quadrant of a larger picture, and whether the map lies there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gallery.errors import CamError
from gallery.types import RgbImage

Region = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the photo's width and height, in [0, 1]."""


QUADRANTS: tuple[Region, ...] = (
    (0.0, 0.0, 0.5, 0.5),
    (0.5, 0.0, 1.0, 0.5),
    (0.0, 0.5, 0.5, 1.0),
    (0.5, 0.5, 1.0, 1.0),
)

TEXTURE_CELL_PX = 8
TEXTURE_SPREAD = 20.0
"""Standard deviation of the canvas's grey, of 255: visible, and like no animal."""


def pasted(photo: RgbImage, quadrant: int, *, seed: int) -> RgbImage:
    """Return a canvas of mottled grey, twice as large, with the photo in one of its quarters.

    Args:
        photo: (h, w, 3) uint8.
        quadrant: index into `QUADRANTS`: 0 left top, 1 right top, 2 left bottom, 3 right bottom.
        seed: of the mottling.

    Returns:
        (2 h, 2 w, 3) uint8.

    Raises:
        CamError: there is no such quadrant.
    """
    if quadrant not in range(4):
        raise CamError(f"A picture has the quadrants 0 to 3, got {quadrant}.")
    height, width = photo.shape[:2]
    dice = np.random.default_rng(seed)
    cells = (2 * height // TEXTURE_CELL_PX + 1, 2 * width // TEXTURE_CELL_PX + 1)
    mottled = np.kron(dice.normal(124, TEXTURE_SPREAD, cells), np.ones((TEXTURE_CELL_PX, TEXTURE_CELL_PX)))
    grey = np.clip(mottled[: 2 * height, : 2 * width], 0, 255).astype(np.uint8)
    canvas = np.repeat(grey[..., np.newaxis], 3, axis=2)
    top, left = (quadrant // 2) * height, (quadrant % 2) * width
    canvas[top : top + height, left : left + width] = photo
    return canvas


def mass_inside(cam: NDArray[np.floating], region: Region) -> float | None:
    """Return the share of a map's heat that lies in a part of the photo, None for a map without heat.

    The energy-based pointing game (Wang et al. 2020, section 4.3). A cell on the border counts by the part
    of it that lies inside.

    Args:
        cam: (h, w), values >= 0.
        region: left, top, right, bottom as shares of the photo.

    Raises:
        CamError: the region is empty or leaves the photo, or the map is not two-dimensional.

    Example:
        >>> mass_inside(np.array([[3.0, 1.0]]), (0.0, 0.0, 0.5, 1.0))
        0.75
    """
    inside = _coverage(cam, region)
    heat = np.asarray(cam, np.float64)
    total = heat.sum()
    return float((heat * inside).sum() / total) if total > 0 else None


def peak_inside(cam: NDArray[np.floating], region: Region) -> bool | None:
    """Return whether the middle of a map's hottest cell lies in a part of the photo, None without heat.

    The pointing game (Zhang et al. 2016, section 4.2).

    Raises:
        CamError: the region is empty or leaves the photo, or the map is not two-dimensional.
    """
    _coverage(cam, region)
    if not cam.max() > 0:
        return None
    row, column = np.unravel_index(int(np.argmax(cam)), cam.shape)
    left, top, right, bottom = region
    across, down = (column + 0.5) / cam.shape[1], (row + 0.5) / cam.shape[0]
    return bool(left <= across <= right and top <= down <= bottom)


def _coverage(cam: NDArray[np.floating], region: Region) -> NDArray[np.float64]:
    """Return which part of each cell lies in a region, (h, w) in [0, 1]."""
    left, top, right, bottom = region
    if cam.ndim != 2 or not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise CamError(
            "A region is left, top, right, bottom as shares of the photo, 0 to 1, for a map (h, w); "
            f"got {region} for {cam.shape}."
        )

    def covered(cells: int, low: float, high: float) -> NDArray[np.float64]:
        edges = np.arange(cells + 1)
        inside = np.minimum(edges[1:], high * cells) - np.maximum(edges[:-1], low * cells)
        return np.asarray(np.clip(inside, 0, 1), np.float64)

    rows, columns = covered(cam.shape[0], top, bottom), covered(cam.shape[1], left, right)
    return np.asarray(rows[:, np.newaxis] * columns)
