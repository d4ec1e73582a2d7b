"""Starts the process that tags, apart from the server: it survives a closed browser and a stopped server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gallery.jobs.child_process import start_apart


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
    return start_apart(
        [*command, "--home", str(home)],
        home / "logs" / "tagging.log",
        purpose="tagging",
        environment=environment,
    )


def lower_priority() -> None:
    """Make this process and its children give way to the pages; on Windows it was started so."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(10)
