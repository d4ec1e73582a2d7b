"""Two maps on one scale: what is drawn where, by construction."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.services import heatmaps
from gallery.services.heatmaps import MapPair
from gallery.types import FloatArray, RgbImage
from gallery.ui.explain.difference import caption, scale_html


def hot(row: int, column: int, value: float) -> FloatArray:
    cam = np.zeros((14, 14), np.float32)
    cam[row, column] = value
    return cam


@pytest.fixture
def picture() -> RgbImage:
    return np.full((140, 280, 3), 100, np.uint8)


def test_both_maps_share_the_stronger_ones_peak() -> None:
    pair = MapPair(hot(1, 1, 2.0), hot(5, 5, 8.0))
    assert pair.peak == 8.0
    assert pair.share_of_scale(pair.first) == 0.25
    assert pair.share_of_scale(pair.second) == 1.0


def test_the_weaker_map_is_fainter_on_the_shared_scale(picture: RgbImage) -> None:
    pair = MapPair(hot(3, 3, 8.0), hot(3, 3, 1.0))
    strong, weak = (
        np.abs(pair.overlay(picture, cam, opacity=1.0).astype(int) - 100).sum()
        for cam in (pair.first, pair.second)
    )
    assert strong > 4 * weak > 0


def test_a_contour_is_seen_on_a_black_and_on_a_white_photo_where_the_map_is_hot() -> None:
    pair = MapPair(hot(7, 7, 1.0), hot(0, 0, 0.1))
    for value in (0, 255):
        plain = np.full((140, 140, 3), value, np.uint8)
        laid = pair.overlay(plain, pair.first, opacity=0.1).astype(int)
        assert np.abs(laid - value).max() > 200
        assert np.abs(pair.overlay(plain, pair.second, opacity=0.1).astype(int) - value).max() < 50


def test_a_map_without_evidence_leaves_the_photo_alone(picture: RgbImage) -> None:
    pair = MapPair(hot(3, 3, 1.0), hot(0, 0, 0.0))
    assert np.array_equal(pair.overlay(picture, pair.second, opacity=1.0), picture)


def test_no_opacity_leaves_the_photo_alone(picture: RgbImage) -> None:
    pair = MapPair(hot(3, 3, 1.0), hot(4, 4, 0.5))
    assert np.array_equal(pair.overlay(picture, pair.first, opacity=0.0), picture)


def test_the_raw_map_has_the_photos_aspect_and_one_even_cell_a_position(picture: RgbImage) -> None:
    pair = MapPair(hot(0, 13, 1.0), hot(0, 0, 0.0))
    raw = pair.raw(pair.first, picture)
    assert raw.shape == (224, 448, 3)
    bright = raw.sum(axis=2) > raw[-1, 0].sum()
    assert bright[:16, 416:].all()  # the cell at the top right: 16 x 32 pixels
    assert bright.sum() == 16 * 32


def test_the_difference_is_orange_for_the_first_class_and_purple_for_the_second(picture: RgbImage) -> None:
    shown = MapPair(hot(3, 3, 1.0), hot(10, 10, 1.0)).difference(picture).astype(int)
    red, _, blue = shown[35, 70]  # the middle of cell (3, 3)
    assert red > blue + 40
    red, _, blue = shown[105, 210]  # the middle of cell (10, 10)
    assert blue > red + 20
    assert len(set(shown[0, 270])) == 1  # grey elsewhere


def test_two_empty_maps_have_no_scale_and_no_difference(picture: RgbImage) -> None:
    nothing = hot(0, 0, 0.0)
    pair = MapPair(nothing, nothing)
    assert pair.peak == 0.0
    assert pair.share_of_scale(nothing) == 0.0
    assert caption(pair, nothing, "cow") == "No evidence for Cow in this photo"
    assert np.ptp(pair.difference(picture), axis=2).max() == 0


@pytest.mark.parametrize("name", list(heatmaps.COLOUR_MAPS))
def test_every_offered_colour_map_can_be_drawn(name: str, picture: RgbImage) -> None:
    pair = MapPair(hot(3, 3, 1.0), hot(4, 4, 0.5), name)
    assert pair.overlay(picture, pair.first, opacity=0.5).shape == picture.shape
    scale = scale_html("none", "most", heatmaps.colour_steps(name), alt="Scale")
    assert scale.count("rgb(") == 12
