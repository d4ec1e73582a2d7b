"""What the workers of the cluster tests run: fakes, imported by name in another process."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from gallery.tagging.cluster import Shard, classified
from tests.fast.unit.tagging import fakes

SLOW_S = 0.15
"""How long the worker called slow takes over a shard."""


def work(notes: Path, paths: Sequence[Path]) -> Shard:
    """Tag a shard, after noting which process began it; one whose number lies there as .slow is slow."""
    with (notes / f"{os.getpid()}.began").open("a") as file:
        file.write("\n".join(map(str, paths)) + "\n")
    time.sleep(SLOW_S if (notes / f"{os.getpid()}.slow").exists() else 0.01)
    return classified(paths, fakes.Decoder(), fakes.Classifier, contextlib.nullcontext())


def fit() -> str | None:
    return None


def refusing(pid: int | None) -> str | None:
    """Refuse the process of that number; every one for None."""
    return "it runs another version." if pid in (None, os.getpid()) else None
