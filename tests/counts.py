"""How often tests repeat: GALLERY_TEST_COUNTS is "full", "few" for a quick answer, or not set: a tenth."""

from __future__ import annotations

import os

COUNTS = os.environ.get("GALLERY_TEST_COUNTS", "")
FULL = COUNTS == "full"
EXAMPLES = {"full": 1000, "few": 20}.get(COUNTS, 100)
"""Of each property, unless its test says another number."""


def count(full: int) -> int:
    """Return a number of repetitions, rows or photos: all of them, or a tenth."""
    return full if FULL else full // 10


def examples(usual: int) -> int:
    """Return the number of examples of a property that needs another one than `EXAMPLES`."""
    return min(usual, EXAMPLES)
