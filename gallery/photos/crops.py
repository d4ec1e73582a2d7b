"""The part of a photo in which a detector has found something."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.types import RgbImage

MARGIN = 0.1
"""Of the box's longer side, added on each side: detectors cut ears and tails close."""


def square_crop(picture: RgbImage, box: Sequence[float], *, margin: float = MARGIN) -> RgbImage:
    """Return the square around a box, moved into the picture where it sticks out.

    Args:
        picture: (height, width, 3) uint8, upright.
        box: x and y of its upper left corner, width and height, all in shares of the picture.
        margin: in shares of the box's longer side.

    Returns:
        (side, side, 3) uint8; narrower where the picture itself is.

    Example:
        >>> import numpy as np
        >>> square_crop(np.zeros((100, 200, 3), np.uint8), (0.5, 0.5, 0.1, 0.1), margin=0.0).shape
        (20, 20, 3)
    """
    height, width = picture.shape[:2]
    x, y, w, h = (float(share) for share in box)
    side = max(w * width, h * height) * (1 + 2 * margin)
    left, top = (x + w / 2) * width - side / 2, (y + h / 2) * height - side / 2
    across, down = (max(1, min(round(side), whole)) for whole in (width, height))
    first = min(max(round(left), 0), width - across)
    above = min(max(round(top), 0), height - down)
    return picture[above : above + down, first : first + across]
