"""Heatmaps: the arithmetic by hand, and the picture equal to what a browser composes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gallery.errors import CamError
from gallery.photos import heatmap as heat


def test_a_map_is_divided_by_its_own_peak() -> None:
    cam = np.array([[0.0, 1.0], [2.0, 4.0]], np.float32)
    assert heat.cam_to_heatmap(cam, size_px=(2, 2)).tolist() == [[0.0, 0.25], [0.5, 1.0]]


def test_a_tiny_map_is_as_bright_as_a_large_one() -> None:
    cam = np.array([[0.0, 1.0], [2.0, 4.0]])
    tiny = heat.cam_to_heatmap(cam * 1e-20, size_px=(2, 2))
    np.testing.assert_allclose(tiny, heat.cam_to_heatmap(cam, size_px=(2, 2)), atol=1e-6)


def test_two_maps_are_compared_on_one_peak() -> None:
    cam = np.array([[1.0, 2.0]])
    assert heat.cam_to_heatmap(cam, size_px=(2, 1), peak=4.0).tolist() == [[0.25, 0.5]]
    assert heat.cam_to_heatmap(cam, size_px=(2, 1), peak=1.0).tolist() == [[1.0, 1.0]]


def test_no_evidence_is_all_zeros_and_not_stretched_noise() -> None:
    nothing = np.zeros((14, 14), np.float32)
    assert not heat.has_evidence(nothing)
    assert not heat.cam_to_heatmap(nothing, size_px=(50, 40)).any()
    assert not heat.cam_to_heatmap(nothing, size_px=(50, 40), peak=0.0).any()
    assert heat.has_evidence(np.full((14, 14), 1e-30))


def test_evidence_against_a_class_counts_as_none() -> None:
    cam = np.array([[-5.0, 1.0]])
    assert heat.cam_to_heatmap(cam, size_px=(2, 1)).tolist() == [[0.0, 1.0]]
    assert not heat.has_evidence(-np.ones((2, 2)))


def keys(distance: float, a: float = -0.75) -> float:
    """Keys' cubic kernel (1981, eq. 4), with the parameter that OpenCV uses."""
    d = abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0


def test_enlarging_is_bicubic_between_the_centres_of_the_cells() -> None:
    row = np.array([0.0, 1.0, 0.25, 0.5, 0.0])
    got = heat.cam_to_heatmap(row[None], size_px=(20, 1))[0]
    for x in range(20):
        at = (x + 0.5) / 4 - 0.5
        value = sum(
            keys(at - cell) * row[min(max(cell, 0), 4)]
            for cell in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3)
        )
        assert got[x] == pytest.approx(min(max(value, 0.0), 1.0), abs=1e-5)


def test_the_size_is_width_by_height_and_heat_stays_where_it_is() -> None:
    cam = np.zeros((14, 14), np.float32)
    cam[3, 10] = 5.0
    heatmap = heat.cam_to_heatmap(cam, size_px=(280, 140))
    assert heatmap.shape == (140, 280)
    assert heatmap.dtype == np.float32
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert 30 <= row < 40
    assert 200 <= column < 220
    assert heat.cam_to_heatmap(cam, size_px=(7, 7)).shape == (7, 7)


@pytest.mark.parametrize(
    ("cam", "options"),
    [
        (np.zeros(4), {}),
        (np.zeros((2, 2, 2)), {}),
        (np.zeros((0, 2)), {}),
        (np.array([[np.nan, 1.0]]), {}),
        (np.array([[np.inf, 1.0]]), {}),
        (np.ones((2, 2)), {"peak": -1.0}),
        (np.ones((2, 2)), {"peak": float("nan")}),
        (np.ones((2, 2)), {"size_px": (0, 5)}),
    ],
)
def test_what_cannot_be_shown_is_refused(cam: np.ndarray, options: dict) -> None:
    with pytest.raises(CamError):
        heat.cam_to_heatmap(cam, **options)
    with pytest.raises(CamError):
        heat.cells(cam, **options)


@pytest.mark.parametrize(
    ("name", "cold", "hot"),
    [
        ("inferno", (0, 0, 4), (252, 255, 164)),
        ("viridis", (68, 1, 84), (253, 231, 37)),
        ("cividis", (0, 34, 78), (254, 232, 56)),
        ("jet", (0, 0, 128), (128, 0, 0)),
    ],
)
def test_colour_maps_end_where_matplotlibs_do(
    name: str, cold: tuple[int, int, int], hot: tuple[int, int, int]
) -> None:
    colours = heat.colour(np.array([[0.0, 1.0]], np.float32), name)
    assert np.abs(colours[0, 0].astype(int) - cold).max() <= 3
    assert np.abs(colours[0, 1].astype(int) - hot).max() <= 3


@pytest.mark.parametrize("name", ["inferno", "viridis", "cividis"])
def test_perceptual_maps_grow_ever_lighter(name: str) -> None:
    lightness = heat.colour_table(name) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > -1.0).all()
    assert lightness[-1] - lightness[0] > 150


def test_an_unknown_colour_map_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CamError, match=r"inferno, viridis, cividis, jet"):
        heat.colour(np.zeros((1, 1), np.float32), "rainbow")


def test_an_overlay_leaves_cold_places_alone_and_shows_hot_ones_at_the_opacity() -> None:
    image = np.full((1, 2, 3), 100, np.uint8)
    heatmap = np.array([[0.0, 1.0]], np.float32)
    mixed = heat.overlay(image, heatmap, opacity=0.5, colour_map="inferno")
    hot = heat.colour_table("inferno")[255]
    assert mixed[0, 0].tolist() == [100, 100, 100]
    assert np.abs(mixed[0, 1] - (100 + hot.astype(float)) / 2).max() <= 0.5
    np.testing.assert_array_equal(heat.overlay(image, heatmap, opacity=0.0), image)
    assert heat.overlay(image, heatmap, opacity=7.0)[0, 1].tolist() == hot.tolist()


def test_the_overlay_is_what_a_browser_makes_of_the_png() -> None:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    cam = rng.random((14, 14))
    layer = Image.open(io.BytesIO(heat.heatmap_png(cam, colour_map="viridis", size_px=(30, 20))))
    assert (layer.size, layer.format) == ((30, 20), "PNG")
    heatmap = heat.cam_to_heatmap(cam, size_px=(30, 20))
    rgba = layer.convert("RGBA")
    np.testing.assert_array_equal(np.asarray(rgba), heat.coloured_with_alpha(heatmap, "viridis"))
    composed = Image.alpha_composite(Image.fromarray(image).convert("RGBA"), rgba).convert("RGB")
    ours = heat.overlay(image, heatmap, opacity=1.0, colour_map="viridis")
    assert np.abs(np.asarray(composed).astype(int) - ours).max() <= 1


def test_an_overlay_of_another_size_is_refused() -> None:
    with pytest.raises(CamError, match="make them equal"):
        heat.overlay(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.float32))


def test_cells_are_even_rectangles_of_the_raw_map() -> None:
    cam = np.array([[0.0, 1.0], [2.0, 4.0]])
    picture = heat.cells(cam, size_px=(6, 4), colour_map="viridis")
    table = heat.colour_table("viridis")
    assert picture.shape == (4, 6, 3)
    assert (picture[:2, :3] == table[0]).all()
    assert (picture[:2, 3:] == table[64]).all()
    assert (picture[2:, :3] == table[128]).all()
    assert (picture[2:, 3:] == table[255]).all()


@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_holds_the_pixels_it_was_given(channels: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (5, 7, channels), np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(heat.png(image)))), image)
