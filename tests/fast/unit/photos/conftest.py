"""What several tests of the photos room need."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users may look into, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def become_ordinary_user() -> Iterator[Callable[[], None]]:
    """A function after which permissions count, also where root runs the tests."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    root = os.geteuid() == 0
    yield lambda: os.seteuid(65534) if root else None
    if root:
        os.seteuid(0)
