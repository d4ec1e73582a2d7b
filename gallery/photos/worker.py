"""The process in which strangers' bytes are decoded: ``python -m gallery.photos.worker``.

It reads tasks from standard input and answers on standard output (`wire`).
Whatever a file does to it, to its memory or to its time ends here. It ends
with its parent, because standard input ends then.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from gallery.photos import decode
from gallery.photos.reading import UnreadablePhoto
from gallery.photos.wire import Message, read_message, write_message

SELF_DESTRUCTION = 3.0
"""Times the time limit after which a stuck worker ends by itself, in case nobody is left to end it."""


class Worker:
    """Answers one task after the other.

    Args:
        input_px: side of the model's input.
        thumbnail_px: longer side of thumbnails.
        timeout_s: what one file may take; the parent watches it.
    """

    def __init__(self, *, input_px: int, thumbnail_px: int, timeout_s: float) -> None:
        self._input_px = input_px
        self._thumbnail_px = thumbnail_px
        self._timeout_s = timeout_s

    def serve(self, tasks: queue.SimpleQueue[Message], answers: IO[bytes]) -> None:
        """Answer tasks for ever: the process ends when its input does."""
        while True:
            task = tasks.get().header
            for name in task["paths"]:
                _alarm(self._timeout_s * SELF_DESTRUCTION)
                header, blobs = self._answer(task, Path(name))
                _alarm(0)
                write_message(answers, header, blobs)

    def _answer(self, task: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[bytes]]:
        try:
            if task["task"] == "large":
                jpeg = decode.large_jpeg(path, int(task["max_px"]), photo_id=task["photo_id"])
                return {"kind": "large"}, [jpeg]
            return self.read_photo(path)
        except UnreadablePhoto as exc:
            return {"kind": "skipped", "reason": exc.skipped.reason.value, "detail": exc.skipped.detail}, []
        except MemoryError:
            return {"kind": "memory"}, []

    def read_photo(self, path: Path) -> tuple[dict[str, Any], list[bytes]]:
        """Return the answer to a "photo" task."""
        photo = decode.decode_photo(path, input_px=self._input_px, thumbnail_px=self._thumbnail_px)
        header = {"kind": "photo", "photo_id": photo.photo_id, "metadata": asdict(photo.metadata)}
        return header, [photo.model_input.tobytes(), photo.thumbnail_jpeg]


def limit_memory(limit_bytes: int) -> bool:
    """Return whether this process can now take no more address space than that.

    Windows has no such limit, macOS does not keep it: there a photo's pixel
    limit alone bounds the memory.
    """
    if sys.platform != "win32" and sys.platform != "darwin":
        import resource

        try:
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            if hard != resource.RLIM_INFINITY:
                limit_bytes = min(limit_bytes, hard)
            resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no gigabytes behind
        except (OSError, ValueError):
            return False
        return True
    else:  # noqa: RET505 - mypy understands platforms only so
        return False


def _alarm(seconds: float) -> None:
    if sys.platform != "win32":  # its default action ends the process, whatever library is stuck
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _read_tasks(stream: IO[bytes], tasks: queue.SimpleQueue[Message]) -> None:
    """Pass tasks on; when the parent is gone, end at once, even in the middle of a photo."""
    try:
        while (message := read_message(stream)) is not None:
            tasks.put(message)
    finally:
        os._exit(0)


def main(*, kind: type[Worker] = Worker) -> None:
    """Serve until standard input ends.

    Args:
        kind: the tests' workers crash and hang on purpose.
    """
    options = json.loads(sys.argv[-1])  # of the pool
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent decides
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a library that prints must not garble answers
        os.dup2(nowhere.fileno(), 1)
    limited = limit_memory(options.pop("memory_limit_bytes"))
    tasks: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_read_tasks, args=(sys.stdin.buffer, tasks), daemon=True).start()
    write_message(answers, {"kind": "ready", "memory_limited": limited})
    kind(**options).serve(tasks, answers)


if __name__ == "__main__":
    main()
