"""Check style, format, types and the examples in docstrings: all of them, or those named."""

from __future__ import annotations

import sys

from _environment import run

STEPS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "doctests": ("pytest", "-q", "--doctest-modules", "gallery"),
}

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(STEPS)
    if unknown := set(chosen) - set(STEPS):
        sys.exit(f"There is no step {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}.")
    for name in chosen:
        run(*STEPS[name])
