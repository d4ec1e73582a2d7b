"""One reading process as its parent sees it: ask, await an answer, end it."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import gallery
from gallery.errors import PhotoError
from gallery.photos.wire import GarbledMessage, Message, read_message, write_message

START_TIMEOUT_S = 60.0
"""A worker starts in 0.2 s; a virus scanner on a cold laptop disk has been given a minute."""

END_TIMEOUT_S = 5.0


class WorkerTimedOut(Exception):
    """The worker has not answered in time."""


class WorkerEnded(Exception):
    """The worker has ended, or what it said was garbled."""

    def __init__(self, return_code: int | None) -> None:
        super().__init__(f"the worker ended with {return_code}")
        self.return_code = return_code


def worker_command() -> list[str]:
    """Return the command line that starts a worker, without its options.

    ``-P`` keeps the current folder, which may be full of strangers' files,
    from being searched for modules.
    """
    return [sys.executable, "-P", "-m", "gallery.photos.worker"]


class WorkerProcess:
    """A started worker. Not for several threads at once, except `end`.

    Args:
        command: with all options.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.answered = 0
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as exc:
            raise _cannot_start(exc.strerror or str(exc)) from exc
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._ending = threading.Lock()
        self._ended = False
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        # Reading in a thread of its own: a pipe cannot be awaited with a time limit on Windows.
        self._reader = threading.Thread(
            target=_pass_on, args=(self._process.stdout, self._answers), name="decode answers", daemon=True
        )
        self._reader.start()

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    def await_ready(self) -> None:
        """Wait until the worker has started.

        Raises:
            PhotoError: it has not; all files would fail alike, so none is blamed.
        """
        try:
            if self._next(START_TIMEOUT_S).header.get("kind") == "ready":
                return
            why = "it answered nonsense"
        except WorkerTimedOut:
            why = f"no answer within {START_TIMEOUT_S:g} s"
        except WorkerEnded as exc:
            why = f"exit code {exc.return_code}"
        self.end()
        raise _cannot_start(why)

    def ask(self, header: dict[str, Any]) -> None:
        """Send a task.

        Raises:
            WorkerEnded: there is nobody to take it.
        """
        try:
            write_message(self._stdin, header)
        except (OSError, ValueError) as exc:  # ValueError: closed meanwhile
            raise WorkerEnded(self._return_code()) from exc

    def answer(self, timeout_s: float) -> Message:
        """Return the next answer.

        Raises:
            WorkerTimedOut: none came in time.
            WorkerEnded: none will come.
        """
        message = self._next(timeout_s)
        self.answered += 1
        return message

    def end(self) -> None:
        """End the process, whatever it does, and let go of its pipes. Calling it twice is fine."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in a dead network disk: let it be
                self._process.wait(END_TIMEOUT_S)
            with contextlib.suppress(OSError):
                self._stdin.close()
            self._reader.join(END_TIMEOUT_S)

    def _next(self, timeout_s: float) -> Message:
        try:
            message = self._answers.get(timeout=timeout_s)
        except queue.Empty as exc:
            raise WorkerTimedOut from exc
        if message is None:
            raise WorkerEnded(self._return_code())
        return message

    def _return_code(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(1.0)
        return None


def _pass_on(stdout: IO[bytes], answers: queue.SimpleQueue[Message | None]) -> None:
    try:
        with stdout:
            while (message := read_message(stdout)) is not None:
                answers.put(message)
    except (GarbledMessage, OSError, MemoryError):
        pass
    finally:
        answers.put(None)


def _environment() -> dict[str, str]:
    """Return the parent's environment, so that the worker finds this package and starts no thread pools."""
    package_home = str(Path(gallery.__file__).resolve().parent.parent)
    paths = [package_home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUTF8": str(sys.flags.utf8_mode),  # both sides read a file name's bytes alike
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _cannot_start(why: str) -> PhotoError:
    return PhotoError(
        f"The process that reads photos did not start ({why}). "
        'Run "python -m gallery check", which tests the installation.'
    )
