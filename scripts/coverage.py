"""Measure which lines of the package the tests without a browser run, in the processes that they start too.

Whether the tests pass is not asked here: a few look at what a process imports, and coverage imports more.
Words given here go on to pytest.
"""

from __future__ import annotations

import sys

from _environment import run

run("coverage", "erase")
tests = ("pytest", "-q", "-n", "2", "-m", "not browser", "--timeout", "600", *sys.argv[1:])
run("coverage", "run", "-m", *tests, must_pass=False)
run("coverage", "combine", "--quiet")
run("coverage", "report", "--skip-covered", "--sort=miss")
