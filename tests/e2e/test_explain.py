"""Explain in a real browser: what clicks and keys do, and what is downloaded."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api")

from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.drawn_app import DrawnApp, downloaded, scrolls_sideways, served, settle, visit
from tests.e2e.server import Server


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(server, tmp_path_factory.mktemp("explain")) as app:
        yield app


@pytest.fixture(autouse=True)
def opened(page: Page, app: DrawnApp) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, f"{app.url}/explain?photo={app.gallery.photo_id('dog/1.png')}")


def test_a_deep_link_as_the_first_address_shows_the_photo_inside_the_frame(page: Page) -> None:
    expect(page.get_by_text("Predicted: Dog, 90.0 %")).to_be_visible()
    expect(page.get_by_role("link", name="Evaluate")).to_be_visible()
    pictures = page.get_by_test_id("stMain").locator("img:not([src*='/icon/'])")
    expect(pictures.first).to_be_visible()  # drawn after the sentence above it
    alternatives = [image.get_attribute("alt") for image in pictures.all()]
    assert alternatives
    assert all(alternatives)


def test_a_click_on_a_bar_explains_its_class(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Cow, ")).click()
    expect(page.get_by_text("Compared: Cow, 0.0 %")).to_be_visible()
    expect(page.get_by_text("No evidence for Cow in this photo")).to_be_visible()
    expect(page).to_have_url(re.compile("class=cow"))


def test_bars_can_be_reached_and_chosen_by_keyboard(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Spider, ")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Compared: Spider")).to_be_visible()


def test_the_strip_and_the_arrow_keys_lead_to_other_photos(page: Page) -> None:
    page.get_by_role("group", name="Neighbouring photos").get_by_role("button").nth(3).click()
    expect(page.get_by_text("4 of 6")).to_be_visible()
    expect(page.get_by_text("Predicted: Cat, 95.0 %")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("5 of 6")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("4 of 6")).to_be_visible()


def test_the_thumbnails_of_the_strip_come(page: Page) -> None:
    strip = page.get_by_role("group", name="Neighbouring photos")
    expect(strip.get_by_role("img")).to_have_count(6)
    settle(page)
    widths = strip.get_by_role("img").evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert all(width > 0 for width in widths)


def test_the_download_is_the_photo_with_its_heatmap_in_full_size(page: Page, app: DrawnApp) -> None:
    download = downloaded(page, page.get_by_role("button", name="Download PNG").first)
    assert download.suggested_filename == "1_dog_heatmap.png"
    pixels = np.asarray(Image.open(io.BytesIO(download.path().read_bytes())).convert("RGB"), np.int64)
    photo = np.asarray(Image.open(app.gallery.photos / "dog" / "1.png").convert("RGB"), np.int64)
    assert pixels.shape == photo.shape
    changed = np.abs(pixels - photo).max(axis=2) > 40  # more than JPEG's noise
    ys, xs = np.nonzero(changed)
    # the map's only hot cell is row 7 and column 7 of 14: just right of and below the middle
    assert abs(xs.mean() / photo.shape[1] - 7.5 / 14) < 0.04
    assert abs(ys.mean() / photo.shape[0] - 7.5 / 14) < 0.04


def test_nothing_scrolls_sideways_in_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    settle(page)
    assert not scrolls_sideways(page)
