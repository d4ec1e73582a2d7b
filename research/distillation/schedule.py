"""The learning rate as a function of how much of the granted time has passed.

On a shared machine the number of steps that fit is unknown beforehand; a schedule in minutes always finishes.
"""

from __future__ import annotations

import math
import time

WARM_UP = 0.03
FLOOR = 0.005


def rate_factor(progress: float) -> float:
    """Return the rate as a share of its peak: a linear warm-up, then half a cosine down to nearly nothing.

    Args:
        progress: passed time by granted time; beyond 1 counts as 1.

    Example:
        >>> [round(rate_factor(p), 3) for p in (0.0, 0.03, 0.515, 1.0)]
        [0.005, 1.0, 0.502, 0.005]
    """
    if progress < WARM_UP:
        return FLOOR + (1 - FLOOR) * progress / WARM_UP
    fallen = (min(progress, 1.0) - WARM_UP) / (1 - WARM_UP)
    return FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * fallen)) / 2


class TimeBudget:
    """Minutes granted and minutes used, over all runs of one training."""

    def __init__(self, minutes: float, used_minutes: float = 0.0) -> None:
        """Start the clock; ``used_minutes`` is what earlier runs took."""
        self._minutes, self._begun = minutes, time.monotonic() - 60 * used_minutes

    @property
    def used_minutes(self) -> float:
        """Minutes that all runs together took until now."""
        return (time.monotonic() - self._begun) / 60

    @property
    def progress(self) -> float:
        """Used by granted minutes."""
        return self.used_minutes / self._minutes
