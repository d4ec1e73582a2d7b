"""Pictures for the report: small, real, and on one scale."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.errors import PhotoError
from gallery.photos import heatmap
from gallery.photos.report_pictures import HEAT_STEPS, HEATMAP_PX, ReportPictures
from gallery.photos.thumbnails import ThumbnailStore
from gallery.types import FloatArray


class Maps:
    """Keeps one photo's maps: nothing for class 0, a corner for class 1, the same four times as hot for 2."""

    def cams(self, photo_id: str, model_id: str) -> FloatArray | None:
        if photo_id != "a" * 64 or model_id != "m":
            return None
        cams = np.zeros((3, 14, 14), np.float32)
        cams[1, :7, :7] = 1
        cams[2, :7, :7] = 4
        return cams


def jpeg(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def pictures(tmp_path: Path) -> ReportPictures:
    def make(path: Path, photo_id: str) -> bytes:
        if photo_id == "c" * 64:
            raise PhotoError("It is gone.")
        return jpeg((100, 300))

    store = ThumbnailStore(tmp_path / "thumbnails")
    store.put("a" * 64, jpeg((320, 200)))
    ids = ["a" * 64, "b" * 64, "c" * 64]
    return ReportPictures(ids, [Path("x.jpg")] * 3, "m", Maps(), store, make)


def test_a_thumbnail_is_made_as_small_as_asked_and_keeps_its_shape(pictures: ReportPictures) -> None:
    found = pictures.thumbnail(0, 160, 60)
    assert found is not None
    with Image.open(io.BytesIO(found.jpeg)) as image:
        assert image.size == (found.width_px, found.height_px) == (160, 100)
    larger = pictures.thumbnail(0, 900, 60)
    assert larger is not None
    assert larger.width_px == 320  # never enlarged


def test_one_that_is_not_kept_is_made_and_a_gone_photo_has_none(pictures: ReportPictures) -> None:
    made = pictures.thumbnail(1, 150, 60)
    assert made is not None
    assert (made.width_px, made.height_px) == (50, 150)
    assert pictures.thumbnail(2, 150, 60) is None


def test_two_classes_share_one_scale_and_no_evidence_has_no_map(pictures: ReportPictures) -> None:
    assert pictures.heatmaps(1, [0]) is None
    found = pictures.heatmaps(0, [0, 1, 2])
    assert found is not None
    assert found[0] is None
    alphas = []
    for png in found[1:]:
        assert png is not None
        with Image.open(io.BytesIO(png)) as image:
            assert image.size == (HEATMAP_PX, HEATMAP_PX)
            alphas.append(np.asarray(image.convert("RGBA"))[..., 3])
    assert alphas[1][0, 0] == 255  # the strongest of both
    assert abs(int(alphas[0][0, 0]) - 64) <= 255 / 31  # a quarter of it, to one of 32 steps
    assert alphas[0][-1, -1] == alphas[1][-1, -1] == 0


def test_a_small_heatmap_has_the_colours_of_a_large_one_to_its_step() -> None:
    cam = np.linspace(0, 3, 196).reshape(14, 14)
    png = heatmap.heatmap_png(cam, size_px=(HEATMAP_PX, HEATMAP_PX), peak=3.0, steps=HEAT_STEPS)
    with Image.open(io.BytesIO(png)) as image:
        small = np.asarray(image.convert("RGBA"), np.int64)
    heat = heatmap.cam_to_heatmap(cam, size_px=(HEATMAP_PX, HEATMAP_PX), peak=3.0)
    full = heatmap.coloured_with_alpha(heat).astype(np.int64)
    assert np.abs(small - full).max() <= 24
    assert len(png) < 1000
