"""Which arithmetic is fast on this machine's processor.

In bfloat16 VGG16 runs six to eight times as fast where the processor has units
for it (AMX, AVX-512 BF16), and many times slower where it has none: TensorFlow
then emulates it. So it is used only where the units are known or measured.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import time
from pathlib import Path
from typing import Literal, cast

Precision = Literal["bfloat16", "float32"]

OVERRIDE = "GALLERY_PRECISION"
"""Environment variable that settles the question: bfloat16 or float32."""

WORTHWHILE = 1.5
"""bfloat16 costs accuracy in the third digit; it must be this much faster in the trial to be chosen."""


def best_precision() -> Precision:
    """Return the arithmetic for the convolutions on this machine.

    GALLERY_PRECISION decides, else the processor's flags, else (where there are
    none to read: Windows, macOS, Arm; or a GPU would do the work) a trial of
    about half a second.
    """
    named = os.environ.get(OVERRIDE, "").strip().lower()
    if named in ("bfloat16", "float32"):
        return cast(Precision, named)
    return _found_precision()


@functools.cache
def _found_precision() -> Precision:
    known = has_bfloat16_units(_read_cpuinfo(), platform.machine())
    if known is None or (known and _has_gpu()):
        known = trial_speedup() >= WORTHWHILE
    return "bfloat16" if known else "float32"


def likely_precision() -> Precision:
    """Return what `best_precision` will most likely be, without loading TensorFlow: for estimates of time."""
    named = os.environ.get(OVERRIDE, "").strip().lower()
    if named in ("bfloat16", "float32"):
        return cast(Precision, named)
    return "bfloat16" if has_bfloat16_units(_read_cpuinfo(), platform.machine()) else "float32"


def has_bfloat16_units(cpuinfo: str | None, machine: str) -> bool | None:
    """Return whether the processor computes in bfloat16, None where only a trial can tell.

    Args:
        cpuinfo: the text of Linux's /proc/cpuinfo, None elsewhere.
        machine: `platform.machine()`.

    Example:
        >>> has_bfloat16_units("flags : fpu avx512f avx512_bf16", "x86_64")
        True
        >>> has_bfloat16_units("flags : fpu avx2", "x86_64")
        False
        >>> has_bfloat16_units(None, "arm64") is None
        True
    """
    if cpuinfo is None or machine.lower() not in ("x86_64", "amd64", "i686"):
        return None
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo, flags=re.MULTILINE)
    if flags is None:
        return None
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags.group(1).split())


def trial_speedup() -> float:
    """Return how many times as fast a convolution of VGG16's kind is in bfloat16 as in float32.

    0 where bfloat16 does not run at all.
    """
    from gallery.network.engine import tf

    def best_of_three(dtype: tf.DType) -> float:
        image = tf.ones((4, 28, 28, 256), dtype)
        kernel = tf.ones((3, 3, 256, 256), dtype)
        convolve = tf.function(lambda: tf.nn.conv2d(image, kernel, 1, "SAME"))
        convolve()  # tracing and the choice of kernels are not what is measured
        times_s = []
        for _ in range(3):
            started = time.perf_counter()
            convolve().numpy()
            times_s.append(time.perf_counter() - started)
        return min(times_s)

    try:
        return best_of_three(tf.float32) / best_of_three(tf.bfloat16)
    except (tf.errors.OpError, NotImplementedError):
        return 0.0


def _has_gpu() -> bool:
    from gallery.network.engine import tf

    return bool(tf.config.list_physical_devices("GPU"))


def _read_cpuinfo() -> str | None:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
