"""keras and tensorflow, imported once and quietly: the other modules here take them from this one."""

from __future__ import annotations

import contextlib
import gc
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


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Import without garbage collection, and keep later collections from visiting what was imported.

    The libraries make some 240,000 objects that stay: a collection that visits them takes half a second,
    in which no other thread runs.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


# 3 leaves only fatal errors: every other failure also arrives as a Python exception, with its sentence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whatever ~/.keras/keras.json says

with without_library_notes(), _without_collection():
    import keras
    import tensorflow as tf

keras.config.set_image_data_format("channels_last")  # likewise
tf.get_logger().setLevel("ERROR")  # a second model is a second tracing, not a fault

if "streamlit" in sys.modules:
    # Streamlit empties the state of Keras whenever a page has run, also of a network that is being built.
    keras.backend.clear_session = lambda *_, **__: None

__all__ = ["keras", "tf"]
