"""keras and tensorflow, imported once and quietly: the other modules here take them from this one."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

_NOTE = re.compile(
    rb"(WARNING: All log messages before absl|[IW]0000 |To enable the following instructions)[^\n]*\n?"
)


@contextlib.contextmanager
def without_library_notes() -> Iterator[None]:
    """Hold back the notes of native libraries on standard error; whatever else is written comes out after.

    TensorFlow's notes on CPU features and missing GPUs are written before any
    of its settings is read, so the file descriptor itself is caught. A process
    started meanwhile by another thread keeps the caught one.
    """
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (AttributeError, OSError, ValueError):  # no standard error, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            caught.seek(0)
            rest = _NOTE.sub(b"", caught.read())
            if rest:
                os.write(2, rest)


# 3 leaves only fatal errors: every other failure also arrives as a Python exception, with its sentence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever ~/.keras/keras.json says

with without_library_notes():
    import keras
    import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # a second model is a second tracing, not a fault

__all__ = ["keras", "tf"]
