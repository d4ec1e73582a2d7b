"""How often the long tests repeat: GALLERY_TEST_COUNTS=full asks for all of it, else it is a tenth."""

from __future__ import annotations

import os

FULL = os.environ.get("GALLERY_TEST_COUNTS") == "full"


def count(full: int) -> int:
    """Return a number of repetitions, rows or photos: all of them, or a tenth."""
    return full if FULL else full // 10
