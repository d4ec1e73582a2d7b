"""Measure which lines of the package the tests without a browser run, in the processes that they start too.

Whether the tests pass is not asked here: a few look at what a process imports, and coverage imports more.
Words given here go on to pytest.
"""

from __future__ import annotations

import sys

from _environment import run

measured = ("--cov", "--cov-report", "term:skip-covered")
tests = ("-q", "-n", "2", "-m", "not browser", "--timeout", "600", *measured, *sys.argv[1:])
run("pytest", *tests, must_pass=False)
