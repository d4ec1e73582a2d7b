"""Make ``.venv`` and install what the app and its tests need, in the versions that the tests passed with."""

from __future__ import annotations

import venv

from _environment import VENV, run

if not VENV.is_dir():
    print("== making", VENV, flush=True)
    venv.create(VENV, with_pip=True)
run("pip", "install", "-q", "-r", "requirements-dev.txt", "-c", "constraints.txt")
