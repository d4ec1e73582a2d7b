"""The fast tests load no TensorFlow: the first one that does fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

HEAVY = {"tensorflow", "keras"}


@pytest.fixture(autouse=True)
def no_tensorflow() -> Iterator[None]:
    """Fail a test in which TensorFlow is loaded (tests of other folders may have loaded it before)."""
    before = HEAVY & set(sys.modules)
    yield
    assert not (HEAVY & set(sys.modules)) - before


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail a run of fast tests alone whose modules load TensorFlow when they are imported."""
    if all("fast" in item.path.parts for item in session.items) and HEAVY & set(sys.modules):
        raise pytest.UsageError("A module of tests/fast imports TensorFlow: it belongs to tests/ml.")
