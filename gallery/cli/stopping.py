"""Ctrl+C as a wish: the first one ends the work in good order, the second one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gallery.cli.output import note

STOPPED = 130
"""Exit code after Ctrl+C: 128 and the number of the signal, as shells have it."""


class Stopped(KeyboardInterrupt):
    """Ctrl+C ended a command before there was anything to show; the sentence says how to go on.

    Args:
        sentence: for people.
        error: for programs.
    """

    def __init__(self, sentence: str, error: str = "stopped") -> None:
        super().__init__(sentence)
        self.error = error


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """Give an event that Ctrl+C sets; a second Ctrl+C raises KeyboardInterrupt as usual.

    Outside the main thread, where signals cannot be caught, it is never set.
    """
    asked = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        note("\nStopping; what is tagged is kept. Ctrl+C again stops at once.")

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
