"""How far work is, how fast it goes, and how long it still takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from gallery.types import Job


class Stopped(Exception):
    """The work was stopped by hand, or nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is at one moment.

    Attributes:
        stage: what is being done, in words; "" where there is only one thing to do.
        rate: units a second; None while it is unknown.

    Example:
        >>> Progress(done=100, total=600, unit="photos", rate=5.0).remaining_s
        100.0
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    unit: str = "photos"
    rate: float | None = None

    @classmethod
    def of(cls, job: Job) -> Progress:
        """Return how far a job is by its last report."""
        return cls(job.stage, job.done, job.total, "photos", job.photos_per_second)

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Seconds that it will still take at this rate; None while nobody knows."""
        return max(0, self.total - self.done) / self.rate if self.rate else None


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
