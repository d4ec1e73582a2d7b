"""Work in a process of its own: it survives a closed browser and a stopped server.

The catalog's table of jobs is what all processes see: a job waits, is claimed by one process, reports
its progress and every second that it is alive, hears there that it shall stop, and notes how it ended.
"""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from gallery.errors import GalleryError, JobError
from gallery.jobs.progress import Progress, Stopped
from gallery.types import Job, JobKind, JobState, display_path

HEARTBEAT_S = 1.0
"""How often a running job says that it is alive: 15 missed beats declare it dead."""

REPORT_S = 0.5
"""How often progress is written at most."""

_LOG_LIMIT_BYTES = 2_000_000
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]

_log = logging.getLogger(__name__)


class JobStore(Protocol):
    """What jobs need of the catalog."""

    def queue_job(
        self, collection_id: int | None, model_id: str, *, kind: JobKind = JobKind.TAGGING
    ) -> Job: ...
    def claim_job(
        self, pid: int, *, kind: JobKind = JobKind.TAGGING, name: str | None = None, host: str | None = None
    ) -> Job | None: ...
    def note_process(self, job_id: int, pid: int, host: str) -> None: ...
    def job(self, job_id: int) -> Job: ...
    def latest_named(self, kind: JobKind, name: str) -> Job | None: ...
    def waiting_job(self) -> Job | None: ...
    def update_job(self, job_id: int, **progress: int | float | str | None) -> bool: ...
    def finish_job(self, job_id: int, state: JobState, message: str | None = None) -> None: ...
    def request_cancel(self, job_id: int) -> None: ...
    def cancel_requested(self, job_id: int) -> bool: ...


class RunningJob:
    """A job that this process works on."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self._store = store
        self.job = job
        self._stopped = False
        self._reported = (-REPORT_S, "")

    def report(self, progress: Progress, **counts: int) -> None:
        """Tell those who watch how far it is."""
        self._store.update_job(
            self.job.job_id, stage=progress.stage, total=progress.total, done=progress.done,
            photos_per_second=progress.rate, **counts,
        )  # fmt: skip

    def report_often(self, progress: Progress) -> None:
        """Tell how far it is, if that was not told a moment ago.

        Raises:
            Stopped: somebody wants it to end; once, so that what is done can be put in order after it.
        """
        at, stage = self._reported
        if progress.stage == stage and time.monotonic() - at < REPORT_S:
            return
        self._reported = (time.monotonic(), progress.stage)
        self.report(progress)
        if not self._stopped and self.stop_requested():
            self._stopped = True
            raise Stopped

    def finish(self, state: JobState, message: str | None = None) -> None:
        """Note how it ended, before the work on it is over."""
        self._store.finish_job(self.job.job_id, state, message)

    def stop_requested(self) -> bool:
        """Return whether somebody wants it to end, or took it for dead."""
        return self._store.cancel_requested(self.job.job_id)


@contextmanager
def working(store: JobStore, job: Job) -> Iterator[RunningJob]:
    """Work on a claimed job: others see that it is alive, and how it ends.

    Args:
        store: holds the job.
        job: that this process has claimed; it is done at the end, unless another end was noted before.
    """
    name, running = str(job.kind).capitalize(), RunningJob(store, job)
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_S):
            try:
                store.update_job(job.job_id)
            except GalleryError as exc:  # a busy catalog: the next beat may get through
                _log.warning("Heartbeat of job %d: %s", job.job_id, exc)

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield running
    except GalleryError as exc:
        _log.warning("Job %d failed: %s", job.job_id, exc)
        running.finish(JobState.FAILED, str(exc))
        raise
    except Exception as exc:
        _log.exception("Job %d met an error in the program", job.job_id)
        running.finish(
            JobState.FAILED,
            f"{name} stopped at an error in the program ({type(exc).__name__}: {exc}). What was done is "
            "kept; start again to go on. The app's folder logs holds the details.",
        )
        raise
    except BaseException:  # the process is asked to end
        running.finish(
            JobState.INTERRUPTED,
            f"{name} was stopped from outside. What was done is kept; start again to do the rest.",
        )
        raise
    else:
        running.finish(JobState.DONE)
    finally:
        over.set()
        heart.join()


def run_queued(store: JobStore, run_one: Callable[[RunningJob], None]) -> int:
    """Run taggings until none waits, and return how many ran.

    While another process runs one, this one waits for its turn, so that a job
    behind a process that dies is not forgotten. A job that fails has its
    sentence and does not keep the next one from running.

    Args:
        store: holds the jobs.
        run_one: does the work of one.
    """
    ran = 0
    while True:
        job = store.claim_job(os.getpid(), host=platform.node())
        if job is not None:
            with contextlib.suppress(Exception), working(store, job) as running:
                run_one(running)
            ran += 1
        elif store.waiting_job() is None:
            return ran
        else:
            time.sleep(HEARTBEAT_S)


def job_named(store: JobStore, kind: JobKind, name: str) -> Job | None:
    """Return the newest job of a name as it is now; one whose process here is gone is interrupted at once."""
    job = store.latest_named(kind, name)
    if job is None or not job.live or _is_there(job):
        return job
    store.finish_job(job.job_id, JobState.INTERRUPTED, f"The {kind} process is gone.")
    return store.job(job.job_id)


def claim_named(store: JobStore, kind: JobKind, name: str) -> Job | None:
    """Return the waiting job of a name, now running in this process; None if there is none."""
    return store.claim_job(os.getpid(), kind=kind, name=name, host=platform.node())


def start_named(
    store: JobStore, kind: JobKind, name: str, command: Sequence[str], log: Path
) -> subprocess.Popen[bytes]:
    """Queue a job and start the process that will claim it.

    Raises:
        JobError: it could not be started.
    """
    job = store.queue_job(None, name, kind=kind)
    try:
        process = start_apart(command, log, purpose="training")
    except JobError:
        store.request_cancel(job.job_id)
        raise
    store.note_process(job.job_id, process.pid, platform.node())
    return process


def _is_there(job: Job) -> bool:
    """Return whether a job's process may be there still; only the heartbeat tells of other computers."""
    if job.pid is None or job.host != platform.node() or sys.platform == "win32":
        return True
    try:
        os.kill(job.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def lower_priority() -> None:
    """Make this process and its children give way to the pages; on Windows it was started so."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(10)


def start_apart(command: Sequence[str], log: Path, *, purpose: str) -> subprocess.Popen[bytes]:
    """Start a process that finds this package, and return it.

    Args:
        command: the program and its arguments.
        log: takes what the process prints; one that has grown long is set aside first.
        purpose: names the process in messages: "tagging", "training".

    Raises:
        JobError: it could not be started.
    """
    paths = [str(_PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            with contextlib.suppress(OSError):  # Windows: another process still writes to it
                log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.DEVNULL,
                stdout=output.fileno(),
                stderr=subprocess.STDOUT,
                **_apart(),
            )
    except OSError as exc:
        raise JobError(
            f"The {purpose} process could not be started ({exc}). Check that you may write to "
            f"{display_path(log.parent)}, and that enough memory is free; then start again."
        ) from exc
    threading.Thread(target=process.wait, name=f"{purpose}-process", daemon=True).start()  # leaves no zombie
    return process


def _apart() -> dict[str, Any]:
    """Return the options of `subprocess.Popen` that keep a process out of the server's terminal."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        return {"creationflags": flags | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}  # Ctrl+C in the server's terminal does not reach it
