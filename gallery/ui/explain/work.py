"""Work that a page asks for and need not wait for: it runs in threads, is looked at again, and is kept.

A loop inside a page's script is killed by any click. Here a click does nothing
to it: who comes back finds it further or finished. Work that nobody has asked
about for a while gives way to what is wanted now.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gallery.errors import GalleryError

KEPT = 200
"""Finished pieces of work: a map is at most 200 KB, or ten of them of a slow method in the first block."""

FORGOTTEN_AFTER_S = 10.0
"""A page asks again every second or so; what nobody has asked for that long is not wanted any more."""

Result = TypeVar("Result")
Tell = Callable[[int, int], None]
"""Takes the steps that are done and all that there will be; raises `Stopped` when the work shall end."""

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The work was stopped by hand."""


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Task(Generic[Result]):
    """One piece of work and how far it is; safe to look at from any thread."""

    def __init__(self, work: Callable[[Tell], Result]) -> None:
        self._work = work
        self.unwanted: Callable[[], bool] = lambda: False
        self._finished = threading.Event()
        self._stop = False
        self._result: Result | None = None
        self.state = State.WAITING
        self.done = 0
        self.total = 0
        self.problem = ""
        self.asked_at = time.monotonic()
        self.began_at: float | None = None
        self.seconds: float | None = None

    @property
    def live(self) -> bool:
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Seconds that it will still take at the rate so far; None while nobody knows."""
        if self.began_at is None or not self.done or not self.total:
            return None
        return (time.monotonic() - self.began_at) * (self.total - self.done) / self.done

    @property
    def result(self) -> Result:
        """What came of it.

        Raises:
            RuntimeError: nothing yet.
        """
        if self.state is not State.DONE:
            raise RuntimeError(f"asked for the result of work that is {self.state}")
        return self._result  # type: ignore[return-value]

    def wait(self, timeout_s: float) -> bool:
        """Return whether it is over, at once or after waiting that long."""
        return self._finished.wait(timeout_s)

    def stop(self) -> None:
        """Ask it to end; it does at its next step."""
        self._stop = True
        if self.state is State.WAITING:
            self.state = State.STOPPED
            self._finished.set()

    def run(self) -> None:
        """Do the work in this thread; whatever happens is kept."""
        if self.state is not State.WAITING:
            return
        self.state, self.began_at = State.RUNNING, time.monotonic()
        try:
            self._result = self._work(self._tell)
            ended = State.DONE
        except Stopped:
            ended = State.STOPPED
        except GalleryError as exc:
            self.problem, ended = str(exc), State.FAILED
        except Exception:
            _log.exception("work in the background failed")
            self.problem, ended = "Something went wrong in the app; its log has the details.", State.FAILED
        self.seconds = time.monotonic() - self.began_at
        self.state = ended
        self._finished.set()

    def _tell(self, done: int, total: int) -> None:
        if self._stop or self.unwanted():
            raise Stopped
        self.done, self.total = done, total


class Bench:
    """Where work is done: one thread for what is quick, one for what takes long.

    Work under the same key is done once and kept until `KEPT` newer pieces have come;
    what failed or was stopped is done again when asked for again.
    """

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, Task[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._queues: dict[bool, deque[Task[Any]]] = {False: deque(), True: deque()}
        self._come = {slow: threading.Condition(self._lock) for slow in (False, True)}
        self._threads: dict[bool, threading.Thread] = {}

    def ask(self, key: Hashable, work: Callable[[Tell], Result], *, slow: bool = False) -> Task[Result]:
        """Return the work under this key: kept, under way, or begun now."""
        with self._lock:
            task = self._tasks.get(key)
            if task is None or task.state in (State.FAILED, State.STOPPED):
                task = self._tasks[key] = Task(work)
                task.unwanted = functools.partial(self._unwanted, task, slow)
                self._queues[slow].append(task)
                self._start(slow)
                self._come[slow].notify()
            task.asked_at = time.monotonic()
            self._tasks.move_to_end(key)
            for old in [known for known, one in self._tasks.items() if not one.live][
                : len(self._tasks) - KEPT
            ]:
                del self._tasks[old]
            return task

    def touch(self, task: Task[Any]) -> None:
        """Say that somebody still waits for this."""
        task.asked_at = time.monotonic()

    def known(self, key: Hashable) -> Task[Any] | None:
        """Return the work under this key, if there was any; asking so keeps it wanted."""
        with self._lock:
            task = self._tasks.get(key)
            if task is not None:
                task.asked_at = time.monotonic()
            return task

    def _start(self, slow: bool) -> None:
        if slow not in self._threads:
            name = "explain-slow" if slow else "explain-quick"
            self._threads[slow] = threading.Thread(target=self._serve, args=(slow,), name=name, daemon=True)
            self._threads[slow].start()

    def _serve(self, slow: bool) -> None:
        while True:
            with self._lock:
                while not self._queues[slow]:
                    self._come[slow].wait()
                task = self._queues[slow].popleft()
            if _is_forgotten(task):
                task.stop()
            task.run()
            if task.state is State.STOPPED and _is_forgotten(task):
                with self._lock:
                    self._tasks = OrderedDict((k, one) for k, one in self._tasks.items() if one is not task)

    def _unwanted(self, task: Task[Any], slow: bool) -> bool:
        """Return whether others wait for what nobody asks about any more."""
        return bool(self._queues[slow]) and _is_forgotten(task)


def _is_forgotten(task: Task[Any]) -> bool:
    return time.monotonic() - task.asked_at > FORGOTTEN_AFTER_S


bench = Bench()
"""The process's own."""
