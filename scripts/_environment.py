"""Run commands with the Python of this repository's environment, the same on every system."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
VENV = REPOSITORY / ".venv"


def python() -> str:
    """Return the Python of ``.venv``, or the one that runs this script where there is no ``.venv``."""
    in_venv = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return str(in_venv) if in_venv.is_file() else sys.executable


def run(*words: str, environment: Mapping[str, str] = {}, must_pass: bool = True) -> None:
    """Run ``python -m`` with these words from the root; exit with its code if it fails and must not."""
    print("==", "python -m", *words, flush=True)
    code = subprocess.call([python(), "-m", *words], cwd=REPOSITORY, env={**os.environ, **environment})
    if code and must_pass:
        sys.exit(code)
