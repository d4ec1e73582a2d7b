"""What the processor's own words say of bfloat16; no TensorFlow here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gallery.network import precision

SAPPHIRE_RAPIDS = "processor : 0\nflags\t\t: fpu sse2 avx512f avx512_bf16 amx_bf16 amx_tile\nbugs\t: none\n"
SKYLAKE = "processor : 0\nflags\t\t: fpu sse2 avx2 avx512f\nmodel name : not amx_bf16\n"


@pytest.fixture(autouse=True)
def nothing_found_yet() -> Iterator[None]:
    """No test sees what the processor was found to be before it, and none leaves its own."""
    precision._found_precision.cache_clear()
    yield
    precision._found_precision.cache_clear()


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "expected"),
    [
        (SAPPHIRE_RAPIDS, "x86_64", True),
        (SKYLAKE, "x86_64", False),
        ("Features : fp asimd bf16\n", "aarch64", None),  # units, but not every TensorFlow uses them
        (None, "AMD64", None),
        (None, "arm64", None),
        ("", "x86_64", None),
    ],
)
def test_flags_of_the_processor_decide_where_there_are_any(
    cpuinfo: str | None, machine: str, expected: bool | None
) -> None:
    assert precision.has_bfloat16_units(cpuinfo, machine) is expected


@pytest.mark.parametrize("named", ["bfloat16", "float32", " Float32 "])
def test_environment_variable_settles_the_question(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv(precision.OVERRIDE, named)
    assert precision.best_precision() == named.strip().lower()


def no_word_but_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose processor has the units, without a GPU and without the environment variable."""
    monkeypatch.delenv(precision.OVERRIDE, raising=False)
    monkeypatch.setattr(precision, "_read_cpuinfo", lambda: SAPPHIRE_RAPIDS)
    monkeypatch.setattr(precision.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(precision, "_has_gpu", lambda: False)


def test_environment_variable_counts_after_the_processor_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    no_word_but_the_processors(monkeypatch)
    assert precision.best_precision() == "bfloat16"
    monkeypatch.setenv(precision.OVERRIDE, "float32")
    assert precision.best_precision() == "float32"


def test_processor_with_units_needs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    no_word_but_the_processors(monkeypatch)
    assert precision.best_precision() == "bfloat16"


def test_gpu_beside_a_processor_with_units_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(precision.OVERRIDE, raising=False)
    monkeypatch.setattr(precision, "_read_cpuinfo", lambda: SAPPHIRE_RAPIDS)
    monkeypatch.setattr(precision.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(precision, "_has_gpu", lambda: True)
    monkeypatch.setattr(precision, "trial_speedup", lambda: 0.0)
    assert precision.best_precision() == "float32"


@pytest.mark.parametrize(("speedup", "expected"), [(6.0, "bfloat16"), (1.2, "float32"), (0.0, "float32")])
def test_trial_decides_where_the_processor_says_nothing(
    monkeypatch: pytest.MonkeyPatch, speedup: float, expected: str
) -> None:
    monkeypatch.delenv(precision.OVERRIDE, raising=False)
    monkeypatch.setattr(precision, "_read_cpuinfo", lambda: None)
    monkeypatch.setattr(precision, "trial_speedup", lambda: speedup)
    assert precision.best_precision() == expected
