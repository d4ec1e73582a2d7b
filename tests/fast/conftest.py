"""The fast tests load no TensorFlow: one that does fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

HEAVY = {"tensorflow", "keras"}


@pytest.fixture(scope="session")
def loaded_by_others(request: pytest.FixtureRequest) -> bool:
    """Whether tests of other folders run too, whose modules load TensorFlow when they are collected."""
    return any("fast" not in item.path.parts for item in request.session.items)


@pytest.fixture(autouse=True)
def no_tensorflow(loaded_by_others: bool) -> Iterator[None]:
    """Fail a test in whose process TensorFlow is loaded, by the test itself or when it was collected."""
    before = HEAVY & set(sys.modules) if loaded_by_others else set()
    yield
    assert not (HEAVY & set(sys.modules)) - before
