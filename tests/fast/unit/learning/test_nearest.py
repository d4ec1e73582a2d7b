"""The nearest stored vectors, by reading all and from an index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.learning.nearest import VectorIndex, Vectors, nearest
from tests.counts import examples


def made(count: int, channels: int = 24, seed: int = 0) -> Vectors:
    """Vectors in clusters, none below zero, as a network's features are."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, 1, (8, channels))
    held = centres[random.integers(0, 8, count)] + random.normal(0, 0.4, (count, channels))
    return np.maximum(held, 0).astype(np.float16)


def cosine(one: Vectors, other: Vectors) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(a @ b / lengths) if lengths else 0.0


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 99))
@settings(max_examples=examples(60), deadline=None)
def test_reading_all_finds_what_a_plain_loop_finds(count: int, wanted: int, seed: int) -> None:
    vectors = made(count, seed=seed)
    asked = made(1, seed=seed + 100)[0] + np.float16(0.01)
    rows, cosines = nearest(vectors, asked.astype(np.float32), wanted)
    expected = sorted((cosine(vector, asked) for vector in vectors), reverse=True)[:wanted]
    assert len(set(rows.tolist())) == len(rows) == min(count, wanted)
    assert cosines.tolist() == pytest.approx(expected, abs=1e-4)
    assert [cosine(vectors[row], asked) for row in rows] == pytest.approx(expected, abs=1e-4)


def test_an_index_names_the_nearest_among_a_few_more() -> None:
    pytest.importorskip("faiss")
    vectors = made(3000)
    index = VectorIndex(vectors[:2000])
    index.take_in(vectors)
    assert len(index) == 3000
    for row in (0, 1500, 2999):
        asked = vectors[row].astype(np.float32)
        best, _ = nearest(vectors, asked, 20)
        named = index.nearest(asked, 80)
        assert set(best.tolist()) <= set(named.tolist())
        assert row in named[:3]
    assert sorted(index.nearest(vectors[0].astype(np.float32), 5000).tolist()) == list(range(3000))
