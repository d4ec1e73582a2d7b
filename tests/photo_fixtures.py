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
