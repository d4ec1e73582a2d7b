"""Numbers in words, the same on pages, in reports and in commands."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return how long something takes, as people say it.

    Example:
        >>> [duration(seconds) for seconds in (4, 42, 150, 5000, 9000)]
        ['5 s', '40 s', '3 min', '84 min', '2.5 h']
    """
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    if seconds < 5400:
        return f"{-int(-seconds // 60)} min"
    return f"{seconds / 3600:.1f} h"
