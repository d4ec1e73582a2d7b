"""Photos that tests make for themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def striped_photo(path: Path, number: int, *, width: int = 320, height: int = 240) -> Path:
    """Write a JPEG that differs from every other number's, and return its path."""
    columns = np.arange(width) * (1 + number % 7) // 8
    rows = np.arange(height)[:, None] * (1 + number % 5) // 6
    channels = [columns + rows + number * shift for shift in (7, 31, 53)]
    Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8)).save(path, quality=85)
    return path


def tinted_classes(folder: Path, reddish: str, bluish: str, count: int, *, block_px: int = 4) -> Path:
    """Write small noisy pictures of two classes, told apart by their tint, and return their folder.

    Args:
        folder: gets a sub-folder a class.
        reddish: class of the odd numbers.
        bluish: class of the even ones.
        count: of pictures in all.
        block_px: side of one of a picture's 8 x 8 blocks.
    """
    rng = np.random.default_rng(0)
    for number in range(count):
        name, channel = (reddish, 0) if number % 2 else (bluish, 2)
        pixels = rng.integers(0, 160, (8, 8, 3)).repeat(block_px, 0).repeat(block_px, 1)
        pixels[..., channel] += 90
        path = folder / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return folder
