"""Starts the process that tags, apart from the server: it survives a closed browser and a stopped server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.errors import JobError
from gallery.types import display_path

_LOG_LIMIT_BYTES = 2_000_000
_PACKAGE_PARENT = Path(__file__).resolve().parent.parent.parent


def start_job_process(
    home: Path,
    *,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = (sys.executable, "-m", "gallery", "tag-job"),
) -> subprocess.Popen[bytes]:
    """Start the process that runs the waiting jobs, and return it.

    Call it after `Catalog.queue_job`, also when the job was there already: a
    process too many finds nothing to do and ends.

    Args:
        home: the app's directory; what the process prints goes to logs/tagging.log there.
        environment: variables for it, besides this process's own.
        command: what to start; ``--home`` and the directory are added.

    Raises:
        JobError: it could not be started.
    """
    log = home / "logs" / "tagging.log"
    variables = {**os.environ, **(environment or {})}
    paths = [str(_PACKAGE_PARENT), *filter(None, [variables.get("PYTHONPATH")])]
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            with contextlib.suppress(OSError):  # Windows: another process still writes to it
                log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            process = _spawn([*command, "--home", str(home)], variables, output.fileno())
    except OSError as exc:
        raise JobError(
            f"The tagging process could not be started ({exc}). Check that you may write to "
            f"{display_path(log.parent)}, and that enough memory is free; then start again."
        ) from exc
    threading.Thread(target=process.wait, name="tagging-process", daemon=True).start()  # leaves no zombie
    return process


def _spawn(command: Sequence[str], variables: Mapping[str, str], output: int) -> subprocess.Popen[bytes]:
    if sys.platform == "win32":
        return subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
            | subprocess.CREATE_NO_WINDOW,
        )
    return subprocess.Popen(
        command,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl+C in the server's terminal does not reach it
    )


def lower_priority() -> None:
    """Make this process and its children give way to the pages; on Windows it was started so."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(10)
