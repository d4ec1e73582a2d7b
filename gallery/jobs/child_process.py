"""Starts processes apart from the server: they survive a closed browser and a stopped server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gallery.errors import JobError
from gallery.types import display_path

_LOG_LIMIT_BYTES = 2_000_000
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def start_apart(
    command: Sequence[str], log: Path, *, purpose: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that finds this package, and return it.

    Args:
        command: the program and its arguments.
        log: takes what the process prints; one that has grown long is set aside first.
        purpose: names the process in messages: "tagging", "training".
        environment: variables for it, besides this process's own.

    Raises:
        JobError: it could not be started.
    """
    variables = {**os.environ, **(environment or {})}
    paths = [str(_PACKAGE_PARENT), *filter(None, [variables.get("PYTHONPATH")])]
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            with contextlib.suppress(OSError):  # Windows: another process still writes to it
                log.replace(log.with_suffix(".old.log"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=variables,
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
