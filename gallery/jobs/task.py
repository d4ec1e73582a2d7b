"""Work inside the server's process that a page need not wait for: it runs in a thread, and is kept.

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
from typing import Any, Generic, Protocol, TypeVar

from gallery.errors import GalleryError
from gallery.jobs.progress import Progress, Stopped

KEPT = 200
"""Finished pieces of work: a map is at most 200 KB, or ten of them of a slow method in the first block."""

FORGOTTEN_AFTER_S = 10.0
"""A page asks again every second or so; what nobody has asked for that long is not wanted any more."""

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Report(Protocol):
    """Takes the steps that are done and all that there will be; raises `Stopped` when the work shall end."""

    def __call__(self, done: int, total: int, stage: str = "", /) -> None: ...


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Task(Generic[Result]):
    """One piece of work and how far it is; may be read from any thread.

    Attributes:
        progress: its last report.
        problem: a sentence, once it failed.
    """

    def __init__(self, work: Callable[[Report], Result]) -> None:
        self._work = work
        self.unwanted: Callable[[], bool] = lambda: False
        self._finished = threading.Event()
        self._stop = False
        self._result: Result | None = None
        self._began = (0.0, 0)  # the time and the steps that the rate counts from
        self.state = State.WAITING
        self.progress = Progress(unit="steps")
        self.problem = ""
        self.asked_at = time.monotonic()

    @property
    def live(self) -> bool:
        return self.state in (State.WAITING, State.RUNNING)

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
        self.state, self._began = State.RUNNING, (time.monotonic(), 0)
        try:
            self._result = self._work(self._report)
            ended = State.DONE
        except Stopped:
            ended = State.STOPPED
        except GalleryError as exc:
            self.problem, ended = str(exc), State.FAILED
        except Exception:
            _log.exception("work in the background failed")
            self.problem, ended = "Something went wrong in the app; its log has the details.", State.FAILED
        self.state = ended
        self._finished.set()

    def _report(self, done: int, total: int, stage: str = "", /) -> None:
        if self._stop or self.unwanted():
            raise Stopped
        now = time.monotonic()
        if stage != self.progress.stage:
            self._began = (now, done)
        since, before = self._began
        rate = (done - before) / (now - since) if now > since and done > before else None
        self.progress = Progress(stage, done, total, "steps", rate)


class Tasks:
    """The work of one process: one thread a lane, so that what is quick need not wait for what is slow.

    Work under the same key is done once and kept until `KEPT` newer pieces have come;
    what failed or was stopped is done again when asked for again.
    """

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, Task[Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._queues: dict[Hashable, deque[Task[Any]]] = {}  # of the lanes in which something is under way

    def ask(
        self, key: Hashable, work: Callable[[Report], Result], *, lane: Hashable = "quick"
    ) -> Task[Result]:
        """Return the work under this key: kept, under way, or begun now.

        Args:
            key: the same for the same work; the first fields of a tuple may be given to `forget`.
            work: does it.
            lane: works in the same lane run one after the other.
        """
        with self._lock:
            task = self._tasks.get(key)
            if task is None or task.state in (State.FAILED, State.STOPPED):
                task = self._tasks[key] = Task(work)
                task.unwanted = functools.partial(self._unwanted, task, lane)
                if lane in self._queues:
                    self._queues[lane].append(task)
                else:
                    self._queues[lane] = deque([task])
                    threading.Thread(
                        target=self._serve, args=(lane,), name=f"task {lane}", daemon=True
                    ).start()
            task.asked_at = time.monotonic()
            self._tasks.move_to_end(key)
            over = [known for known, one in self._tasks.items() if not one.live]
            for old in over[: max(0, len(self._tasks) - KEPT)]:
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

    def kept(self, *start: Hashable) -> list[Task[Any]]:
        """Return the work whose key, a tuple, begins with these fields, the one asked for last at the end."""
        with self._lock:
            return [task for key, task in self._tasks.items() if _begins(key, start)]

    def forget(self, *start: Hashable) -> None:
        """Stop the work whose key, a tuple, begins with these fields; who asks again begins it anew."""
        with self._lock:
            for key in [key for key in self._tasks if _begins(key, start)]:
                self._tasks.pop(key).stop()

    def _serve(self, lane: Hashable) -> None:
        while True:
            with self._lock:
                if not self._queues[lane]:
                    del self._queues[lane]
                    return
                task = self._queues[lane].popleft()
            if _is_forgotten(task):
                task.stop()
            task.run()
            if task.state is State.STOPPED and _is_forgotten(task):
                with self._lock:
                    self._tasks = OrderedDict((k, one) for k, one in self._tasks.items() if one is not task)

    def _unwanted(self, task: Task[Any], lane: Hashable) -> bool:
        """Return whether others wait for what nobody asks about any more."""
        return bool(self._queues.get(lane)) and _is_forgotten(task)


def _begins(key: Hashable, start: tuple[Hashable, ...]) -> bool:
    return isinstance(key, tuple) and key[: len(start)] == start


def _is_forgotten(task: Task[Any]) -> bool:
    return time.monotonic() - task.asked_at > FORGOTTEN_AFTER_S
