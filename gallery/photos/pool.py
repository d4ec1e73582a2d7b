"""Decoding in killable processes: a hostile file costs its worker, never the gallery."""

from __future__ import annotations

import concurrent.futures
import json
import queue
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from gallery.errors import PhotoError
from gallery.photos.reading import TOO_MUCH_MEMORY, UnreadablePhoto
from gallery.photos.wire import Message
from gallery.photos.worker_process import WorkerEnded, WorkerProcess, WorkerTimedOut, worker_command
from gallery.settings import DECODE_MEMORY_LIMIT_BYTES, DECODE_TIMEOUT_S, THUMBNAIL_PX
from gallery.types import DecodedPhoto, PhotoId, PhotoMetadata, SkippedFile, SkipReason

TASK_PHOTOS = 4
"""Photos a task: the hand-overs between threads and processes are paid once for all of them."""

TASKS_AHEAD = 2
"""Tasks a worker that are under way or waiting, so that none waits for the consumer."""

_End = concurrent.futures.Future[None]
_Answer = DecodedPhoto | SkippedFile | bytes


class DecodePool:
    """Worker processes that decode photos; they start when first needed.

    Safe to use from several threads. A file that takes too long or crashes
    its worker becomes a `SkippedFile`; the worker is replaced, no other file is lost.

    Args:
        workers: processes; one a core.
        input_px: side of the model's input.
        thumbnail_px: longer side of thumbnails.
        timeout_s: what one file may take.
        memory_limit_bytes: address space of one worker, where the system can limit it.
        command: how to start a worker; the tests' workers crash and hang on purpose.

    Example::

        with DecodePool(input_px=224) as pool:
            for result in pool.decode(paths):
                ...
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        input_px: int,
        thumbnail_px: int = THUMBNAIL_PX,
        timeout_s: float = DECODE_TIMEOUT_S,
        memory_limit_bytes: int = DECODE_MEMORY_LIMIT_BYTES,
        command: Sequence[str] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a pool has at least one worker, got {workers}")
        self._input_px = input_px
        self._timeout_s = timeout_s
        self._ahead = workers * TASKS_AHEAD
        sizes = {"input_px": input_px, "thumbnail_px": thumbnail_px}
        limits = {"timeout_s": timeout_s, "memory_limit_bytes": memory_limit_bytes}
        self._command = [*(command or worker_command()), json.dumps(sizes | limits)]
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._processes: list[WorkerProcess] = []
        self._mine = threading.local()  # each thread of the executor has one process
        self._threads = concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._finalizer = weakref.finalize(self, _end_all, self._processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, also those in the middle of a photo. Calling it twice is fine."""
        self._closed.set()
        with self._lock:
            self._finalizer()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def decode(self, paths: Iterable[Path]) -> Iterator[DecodedPhoto | SkippedFile]:
        """Yield one result for each path, in the order in which they get ready.

        Paths are pulled as results are consumed, and only in the consumer's
        thread; a few dozen are under way at most. Closing the iterator early
        lets what is under way end quietly.

        Raises:
            PhotoError: no worker can be started, or the pool is closed.
        """
        results: queue.SimpleQueue[_Answer | _End] = queue.SimpleQueue()
        upcoming = iter(paths)
        under_way: set[_End] = set()
        exhausted = False

        try:
            while True:
                while not exhausted and len(under_way) < self._ahead:
                    task = list(islice(upcoming, TASK_PHOTOS))
                    exhausted = len(task) < TASK_PHOTOS
                    if task:
                        end = self._submit({"task": "photo"}, task, results.put)
                        under_way.add(end)
                        end.add_done_callback(results.put)
                if not under_way:
                    return
                result = results.get()
                if isinstance(result, (DecodedPhoto, SkippedFile)):
                    yield result
                elif not isinstance(result, bytes):
                    under_way.discard(result)
                    _raise_fault(result)
        finally:
            for end in under_way:
                end.cancel()

    def large_jpeg(self, path: Path, max_px: int, *, photo_id: PhotoId | None = None) -> bytes:
        """Return a file's picture, upright and at most max_px long, as JPEG.

        Args:
            path: a file, of whatever content.
            max_px: longer side that it is shrunk to.
            photo_id: what the file must still hold; None takes whatever it holds now.

        Raises:
            UnreadablePhoto: it gave no picture, or another one was saved under
                this name meanwhile; its `skipped` has the reason.
            PhotoError: no worker can be started, or the pool is closed.
        """
        answers: list[_Answer] = []
        end = self._submit({"task": "large", "max_px": max_px, "photo_id": photo_id}, [path], answers.append)
        concurrent.futures.wait([end])
        _raise_fault(end)
        (answer,) = answers
        if isinstance(answer, SkippedFile):
            raise UnreadablePhoto(answer)
        assert isinstance(answer, bytes)
        return answer

    def _submit(self, task: dict[str, Any], paths: list[Path], deliver: Callable[[_Answer], None]) -> _End:
        try:
            return self._threads.submit(self._run, task, paths, deliver)
        except RuntimeError as exc:
            raise _closed() from exc

    def _run(self, task: dict[str, Any], paths: list[Path], deliver: Callable[[_Answer], None]) -> None:
        """Have one task done, by as many workers as it takes; runs in a thread of the executor."""
        waiting = list(paths)
        second_try = False
        while waiting:
            path = waiting[0]
            worker = self._worker()
            fresh = worker.answered == 0
            answer: _Answer | None = None
            try:
                worker.ask({**task, "paths": [str(path) for path in waiting]})
                while waiting:
                    path, fresh = waiting[0], worker.answered == 0
                    answer = self._understood(path, task, worker.answer(self._timeout_s))
                    if isinstance(answer, SkippedFile) and answer.reason in _SUSPECT:
                        break
                    deliver(answer)
                    del waiting[0]
                    second_try = False
                else:
                    return
            except WorkerTimedOut:
                answer = SkippedFile(
                    path,
                    SkipReason.TOO_SLOW,
                    f"It was given up after {self._timeout_s:g} s. Save it anew with another program.",
                )
            except WorkerEnded as exc:
                answer = _ended(path, exc.return_code)
            worker.end()
            if self._closed.is_set():
                raise _closed()
            # An earlier file may have left the worker full or corrupted: a fresh one decides.
            if answer.reason in _SUSPECT and not fresh and not second_try:
                second_try = True
                continue
            second_try = False
            deliver(answer)
            del waiting[0]

    def _worker(self) -> WorkerProcess:
        worker: WorkerProcess | None = getattr(self._mine, "worker", None)
        if worker is not None and worker.alive:
            return worker
        with self._lock:
            if self._closed.is_set():
                raise _closed()
            if worker is not None:
                self._processes.remove(worker)
            self._mine.worker = None
            worker = WorkerProcess(self._command)
            self._processes.append(worker)
            self._mine.worker = worker
        worker.await_ready()
        return worker

    def _understood(self, path: Path, task: dict[str, Any], message: Message) -> _Answer:
        """Return what a worker answered; a crippled worker is not believed blindly."""
        header = message.header
        try:
            if header["kind"] == "memory":
                return SkippedFile(path, SkipReason.OUT_OF_MEMORY, TOO_MUCH_MEMORY)
            if header["kind"] == "skipped":
                return SkippedFile(path, SkipReason(header["reason"]), str(header["detail"]))
            if header["kind"] == task["task"] == "large":
                (jpeg,) = message.blobs
                return jpeg
            if header["kind"] == task["task"] == "photo":
                return self._photo(path, message)
        except (KeyError, TypeError, ValueError):
            pass
        return SkippedFile(path, SkipReason.CRASHED_READER, "The process reading it answered nonsense.")

    def _photo(self, path: Path, message: Message) -> DecodedPhoto:
        (pixels, thumbnail), side = message.blobs, self._input_px
        facts = message.header["metadata"]
        return DecodedPhoto(
            path=path,
            photo_id=str(message.header["photo_id"]),
            metadata=PhotoMetadata(**facts | {name: kind(facts[name]) for name, kind in _KINDS.items()}),
            model_input=np.frombuffer(pixels, np.uint8).reshape(side, side, 3),
            thumbnail_jpeg=thumbnail,
        )


_KINDS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("width_px", "height_px", "size_bytes"), int),
    **dict.fromkeys(("image_format", "file_sha256"), str),
    **dict.fromkeys(("brightness", "sharpness"), float),
    "notes": tuple,
}
"""Of what an answer says of a photo, which a crippled worker may have said otherwise."""

_SUSPECT = frozenset([SkipReason.OUT_OF_MEMORY, SkipReason.CRASHED_READER])
_SIGKILL = -9


def _ended(path: Path, return_code: int | None) -> SkippedFile:
    if return_code == _SIGKILL:  # not by us: Linux ends what would take the last of the memory
        return SkippedFile(path, SkipReason.OUT_OF_MEMORY, TOO_MUCH_MEMORY)
    detail = f"The process reading it ended (code {return_code}). Save it anew with another program."
    return SkippedFile(path, SkipReason.CRASHED_READER, detail)


def _closed() -> PhotoError:
    return PhotoError("Reading photos was stopped: the pool of reading processes is closed.")


def _raise_fault(end: _End) -> None:
    if end.cancelled():
        raise _closed()
    if (fault := end.exception()) is not None:
        raise fault


def _end_all(processes: list[WorkerProcess]) -> None:
    for process in processes:
        process.end()
