"""What a training photo may become: turned, shifted, slanted, zoomed, mirrored. Never a validation photo.

The dice are numpy's and depend on seed and epoch alone, so a resumed training
sees what an undisturbed one would have; the pixels are moved by Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import TrainingError
from gallery.types import RgbImage


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far each change may go, either way; all zero changes nothing.

    Attributes:
        rotation_deg: turn about the centre, 0 to 180.
        translation: shift as a share of the side, in [0, 1).
        shear_deg: slant of the upright lines, in [0, 80].
        zoom: nearer or farther by this share, in [0, 1).
        flip: mirror every other photo, left to right.
    """

    rotation_deg: float = 0.0
    translation: float = 0.0
    shear_deg: float = 0.0
    zoom: float = 0.0
    flip: bool = False

    def __post_init__(self) -> None:
        limits = {"rotation_deg": 180.0, "translation": 0.99, "shear_deg": 80.0, "zoom": 0.99}
        for name, limit in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= limit:
                raise TrainingError(f"The augmentation's {name} must be 0 to {limit:g}, got {value:g}.")

    @property
    def changes_something(self) -> bool:
        return self != Augmentation()


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to each photo of a batch; every array (n,).

    Attributes:
        turn, slant: radians.
        right, down: how far the picture moves, as a share of the side.
        nearer: 2 shows everything twice as large.
        mirrored: left to right.
    """

    turn: NDArray[np.float64]
    slant: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]
    nearer: NDArray[np.float64]
    mirrored: NDArray[np.bool_]


def draw_changes(augmentation: Augmentation, count: int, rng: np.random.Generator) -> Change:
    """Return random changes, each uniform within the augmentation's limits."""
    either_way = rng.uniform(-1, 1, (5, count))
    return Change(
        turn=np.deg2rad(augmentation.rotation_deg) * either_way[0],
        slant=np.deg2rad(augmentation.shear_deg) * either_way[1],
        right=augmentation.translation * either_way[2],
        down=augmentation.translation * either_way[3],
        nearer=1 / (1 - augmentation.zoom * either_way[4]),
        mirrored=(rng.random(count) < 0.5) & augmentation.flip,
    )


def transforms(change: Change, side: int) -> NDArray[np.float32]:
    """Return where each output pixel comes from, as Keras' `affine_transform` reads it.

    Args:
        change: of n photos.
        side: of the square pictures, pixels.

    Returns:
        (n, 8) float32 [a0, a1, a2, b0, b1, b2, 0, 0]: the output's (x, y) is taken
        from (a0 x + a1 y + a2, b0 x + b1 y + b2). Turns are counter-clockwise as seen.
    """
    cos, sin = np.cos(change.turn), np.sin(change.turn)
    size = 1 / change.nearer
    sign = np.where(change.mirrored, -1.0, 1.0)
    # Backwards from the output: unmove, unzoom and unturn, unslant, unmirror, all about the centre.
    across, down = size * cos, size * sin
    matrix = np.array([[across, -down], [down, across]])  # (2, 2, n)
    slant = np.tan(change.slant)
    matrix[0] += slant * matrix[1]
    matrix[0] *= sign
    centre = (side - 1) / 2
    moved = centre + side * np.array([change.right, change.down])  # (2, n)
    offset = centre - np.einsum("ijn,jn->in", matrix, moved)
    zeros = np.zeros_like(cos)
    rows = [matrix[0, 0], matrix[0, 1], offset[0], matrix[1, 0], matrix[1, 1], offset[1], zeros, zeros]
    return np.stack(rows, axis=1).astype(np.float32)


def augment(
    images: NDArray[Any], augmentation: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a batch of photos changed at random; what comes into view from outside repeats the edge.

    Args:
        images: (n, side, side, 3), 0..255.
        augmentation: how far.
        rng: two of the same state give the same pictures.
    """
    change = draw_changes(augmentation, len(images), rng)
    return apply(images, change) if augmentation.changes_something else np.asarray(images, np.float32)


def apply(images: NDArray[Any], change: Change) -> NDArray[np.float32]:
    """Return the photos (n, side, side, 3) with their changes, bilinear between pixels, float32."""
    from gallery.network.engine import keras

    moved = keras.ops.image.affine_transform(
        np.asarray(images, np.float32),
        transforms(change, images.shape[1]),
        interpolation="bilinear",
        fill_mode="nearest",
        data_format="channels_last",
    )
    return np.asarray(keras.ops.convert_to_numpy(moved))


def preview(image: RgbImage, augmentation: Augmentation, *, count: int = 8, seed: int = 0) -> list[RgbImage]:
    """Return some of what a photo becomes, each of the photo's size, uint8.

    Computed without Keras, which would take seconds to load for a look.

    Args:
        image: (side, side, 3) RGB.
        augmentation: how far each change may go.
        count: how many.
        seed: other seeds give other changes.
    """
    change = draw_changes(augmentation, count, np.random.default_rng(seed))
    return [moved(image, row) for row in transforms(change, image.shape[0])]


def moved(image: RgbImage, transform: NDArray[np.float32]) -> RgbImage:
    """Return a picture moved by one row of `transforms`, as `apply` would: bilinear, the edge repeated."""
    from scipy.ndimage import affine_transform

    a0, a1, a2, b0, b1, b2 = transform[:6].astype(np.float64)
    rows_columns_colours = [[b1, b0, 0], [a1, a0, 0], [0, 0, 1]]
    mixed = affine_transform(
        image.astype(np.float64), rows_columns_colours, (b2, a2, 0), order=1, mode="nearest"
    )
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)
