"""A heatmap lies in [0, 1], whatever the map."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gallery.photos import heatmap as heat

CAMS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=16),
    elements=st.floats(0, 2.0**100, width=32),
)
SIZES = st.tuples(st.integers(1, 64), st.integers(1, 64))


@given(cam=CAMS, size_px=SIZES, peak=st.one_of(st.none(), st.floats(0, 1e30)))
def test_heatmaps_lie_between_zero_and_one(
    cam: np.ndarray, size_px: tuple[int, int], peak: float | None
) -> None:
    heatmap = heat.cam_to_heatmap(cam, size_px=size_px, peak=peak)
    assert heatmap.shape == (size_px[1], size_px[0])
    assert heatmap.dtype == np.float32
    assert np.isfinite(heatmap).all()
    assert heatmap.min() >= 0
    assert heatmap.max() <= 1
    if not heat.has_evidence(cam):
        assert not heatmap.any()


@given(cam=CAMS)
def test_at_its_own_size_a_map_with_evidence_reaches_one(cam: np.ndarray) -> None:
    heatmap = heat.cam_to_heatmap(cam, size_px=(cam.shape[1], cam.shape[0]))
    assert heatmap.max() == (1.0 if heat.has_evidence(cam) else 0.0)


@given(cam=CAMS, exponent=st.integers(-40, 40))
def test_scaling_a_map_by_a_power_of_two_changes_nothing(cam: np.ndarray, exponent: int) -> None:
    first = heat.cam_to_heatmap(cam, size_px=(20, 20))
    second = heat.cam_to_heatmap(cam.astype(np.float64) * 2.0**exponent, size_px=(20, 20))
    np.testing.assert_array_equal(first, second)
