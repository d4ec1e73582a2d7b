"""A process that serves the app, and how a test tells it which home to show."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 120
"""A machine of two cores that runs other tests meanwhile needs half a minute."""


def gallery_variables() -> dict[str, str]:
    """What the environment says to the app now."""
    return {name: value for name, value in os.environ.items() if name.startswith("GALLERY_")}


@dataclass(frozen=True)
class Server:
    """A running app that shows one home after another."""

    url: str

    def show(self) -> None:
        """Let the app work with the home that this process's environment names."""
        request = urllib.request.Request(
            f"{self.url}/tests/environment", json.dumps(gallery_variables()).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=30):
            pass


@contextlib.contextmanager
def serving(script: str, log: Path, environment: Mapping[str, str] = {}) -> Iterator[str]:
    """Run ``streamlit run`` with a script of the repository and give its address."""
    started = Started(script, log, environment)
    try:
        yield started.url
    finally:
        started.process.terminate()
        try:
            started.process.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()


class Started:
    """A server that can be killed and started again at the same address."""

    def __init__(self, script: str, log: Path, environment: Mapping[str, str] = {}) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._script, self._log, self._environment = script, log, environment
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "streamlit", "run", self._script, "--server.headless", "true"]
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--server.port", str(self._port), "--server.address", "127.0.0.1"],
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **self._environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(self.url, self.process, self._log)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers; fail with its log where it ends instead."""
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
            return
        time.sleep(0.2)
    pytest.fail("the app did not start:\n" + log.read_text("utf-8", "replace")[-3000:])
