"""Run every check and every test with all its repetitions; the browser is required, real photos are not."""

from __future__ import annotations

import sys

from _environment import run
from check import STEPS

for step in STEPS.values():
    run(*step)
environment = {"GALLERY_TEST_COUNTS": "full", "GALLERY_REQUIRE_BROWSER": "1"}
run("pytest", "-q", "-n", "2", *sys.argv[1:], environment=environment)
