"""Explain with a real network in a real browser: rectangles over the photo and another method.

The network is small and made by hand: red is a cat, without red it is a dog.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api")

from PIL import Image
from playwright.sync_api import Page, expect

from gallery.model_files import ModelStore
from tests.browser.drawn_app import _process, free_port, scrolls_sideways, settle, visit
from tests.pages.red_network import red_card, red_weights
from tests.pages.small_gallery import SmallGallery

LOADING_MS = 240_000  # TensorFlow on a slow machine that has other work

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class RedApp:
    url: str
    gallery: SmallGallery
    collection_id: int


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedApp]:
    """Two cats with red on the left, and a dog that is taken for a cat."""
    with pytest.MonkeyPatch.context() as environment:
        gallery = SmallGallery.make(tmp_path_factory.mktemp("red"), environment)
        ModelStore(gallery.folder / "none", gallery.store).save(red_card(), red_weights())
        pixels = np.full((120, 180, 3), (124, 117, 104), np.uint8)
        pixels[40:80, 20:80] = (250, 0, 0)
        for number, path in enumerate(("cat/1.png", "cat/2.png", "dog/1.png")):
            pixels[119, number] = 255
            (gallery.photos / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(gallery.photos / path)
        said = {path: {"cat": 0.75, "dog": 0.25} for path in ("cat/1.png", "cat/2.png", "dog/1.png")}
        collection = gallery.tag(said, model_id="red-network")
        with _process(free_port()) as url:
            yield RedApp(url, gallery, collection.collection_id)


@pytest.fixture
def opened(page: Page, app: RedApp) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1000})
    return visit(page, f"{app.url}/explain?photo={app.gallery.photo_id('cat/1.png')}")


def greyed(page: Page) -> Page:
    """Open the photo to draw on, when the network is ready."""
    page.get_by_role("tab", name="Grey out a part").click()
    expect(page.get_by_text("to hide a part of it")).to_be_visible(timeout=LOADING_MS)
    page.locator(".grey-out .stage").scroll_into_view_if_needed()
    settle(page)
    return page


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of the photo to another, as shares of it."""
    box = page.locator(".grey-out .stage").bounding_box()
    assert box is not None
    for place, act in ((start, page.mouse.down), (end, page.mouse.up)):
        page.mouse.move(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"], steps=3)
        act()


def test_a_rectangle_off_the_red_changes_nothing_and_several_add_up(opened: Page) -> None:
    page = greyed(opened)
    drag(page, (0.6, 0.1), (0.9, 0.9))
    expect(page.get_by_text("With 1 rectangle greyed out: The answer stays Cat")).to_be_visible()
    drag(page, (0.05, 0.25), (0.5, 0.75))
    expect(page.get_by_text("With 2 rectangles greyed out: The answer turns from Cat")).to_be_visible()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("With 1 rectangle greyed out: The answer stays Cat")).to_be_visible()


def test_rectangles_stay_when_another_part_of_the_page_is_looked_at(opened: Page) -> None:
    page = greyed(opened)
    drag(page, (0.05, 0.25), (0.5, 0.75))
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    page.get_by_role("tab", name="Why this and not that").click()
    expect(page.get_by_text("speaks for Dog", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Grey out a part").click()
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    expect(page.get_by_role("group", name=re.compile("^Rectangle 1"))).to_be_visible()


def test_another_method_shows_its_map_says_whose_it_is_and_how_long_it_took(opened: Page) -> None:
    page = opened
    page.get_by_role("combobox", name=re.compile("Method")).click()
    page.get_by_role("option", name=re.compile("^Occlusion")).click()
    expect(page).to_have_url(re.compile("method=occlusion"))
    expect(page.get_by_text("Occlusion (Zeiler and Fergus 2014)")).to_be_visible()
    expect(page.get_by_text("Strongest spot: 100 % of the shared scale").first).to_be_visible(
        timeout=LOADING_MS
    )
    expect(page.get_by_text(re.compile(r"It took [\d.]+ s here"))).to_be_visible()
    expect(page.get_by_text("14 x 14 places").first).to_be_visible()
    expect(page.get_by_text("strongest in the middle left")).to_be_visible()  # where the red is
    assert not scrolls_sideways(page)
