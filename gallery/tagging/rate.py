"""Photos a second over the last seconds, and the time that remains."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class SmoothedRate:
    """A rate that neither jumps with each batch nor remembers a slow start for ever."""

    def __init__(self, *, window_s: float = 10.0, now: Callable[[], float] = time.monotonic) -> None:
        self._window_s = window_s
        self._now = now
        self._samples: deque[tuple[float, int]] = deque()

    def update(self, done: int) -> None:
        """Note how much is done by now."""
        moment = self._now()
        self._samples.append((moment, done))
        while len(self._samples) > 2 and self._samples[1][0] <= moment - self._window_s:
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """What was done a second within the window; None before the first second."""
        if not self._samples:
            return None
        (begin, before), (end, after) = self._samples[0], self._samples[-1]
        return (after - before) / (end - begin) if end - begin >= 1.0 else None

    def remaining_s(self, left: int) -> float | None:
        """Return how long `left` more will take at this rate; None when there is no rate."""
        rate = self.per_second
        return left / rate if rate else None
