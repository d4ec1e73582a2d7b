"""Run the tests that need no browser and no TensorFlow; words given here go on to pytest."""

from __future__ import annotations

import sys

from _environment import run

run(
    "pytest", "-q", "-n", "auto", "--maxprocesses", "4", "-m", "not slow", "tests/fast", *sys.argv[1:],
    environment={"GALLERY_TEST_COUNTS": "few"},
)  # fmt: skip
