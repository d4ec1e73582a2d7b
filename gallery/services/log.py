"""The log file, to which mistakes of the program go with their traceback."""

from __future__ import annotations

import functools
import logging
import logging.handlers
from pathlib import Path

from gallery.services import wiring


def log_bug(error: Exception) -> Path:
    """Write down an error that should not have happened, and return the file; without one, on stderr."""
    file = wiring.settings().logs / "gallery.log"
    _logger(file).error("a bug reached the page", exc_info=error)
    return file


@functools.cache
def _logger(file: Path) -> logging.Logger:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            file, maxBytes=2_000_000, backupCount=3, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger(f"gallery.bugs.{file}")
    logger.addHandler(handler)
    return logger
