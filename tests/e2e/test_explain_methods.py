"""Explain with a real network in a real browser: methods, trust, rectangles; and the average of a cell.

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
from playwright.sync_api import Locator, Page, expect

from gallery.models import ModelStore
from tests.apps.red_network import red_card, red_weights
from tests.apps.small_gallery import SmallGallery
from tests.e2e.drawn_app import choose, open_tab, scrolls_sideways, settle, visit
from tests.e2e.server import Server

LOADING_MS = 240_000  # TensorFlow on a slow machine that has other work

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class RedApp:
    url: str
    gallery: SmallGallery
    collection_id: int


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedApp]:
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
        server.show()
        yield RedApp(server.url, gallery, collection.collection_id)


@pytest.fixture
def opened(page: Page, app: RedApp) -> Page:
    page.set_viewport_size({"width": 1440, "height": 1000})
    return visit(page, f"{app.url}/explain?photo={app.gallery.photo_id('cat/1.png')}")


def greyed(page: Page) -> Page:
    """Open the photo to draw on, when the network is ready."""
    open_tab(page, "Grey out a part")
    expect(page.get_by_text("to hide a part of it")).to_be_visible(timeout=LOADING_MS)
    page.locator(".grey-out .stage").scroll_into_view_if_needed()
    settle(page)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator(".before-after tbody tr").filter(has_text=name)


def shares(page: Page, name: str) -> list[str]:
    """The cells of a class's row: whole, greyed, points."""
    return [text.strip() for text in row(page, name).locator("td").all_inner_texts()[1:]]


def share(text: str) -> float:
    """The number of a share as the page writes it, '> 99.9 %' or '12.3 %'."""
    return float(text.lstrip("<> ").split()[0])


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of the photo to another, as shares of it."""
    box = page.locator(".grey-out .stage").bounding_box()
    assert box is not None
    for place, act in ((start, page.mouse.down), (end, page.mouse.up)):
        page.mouse.move(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"], steps=3)
        act()


def test_a_rectangle_over_the_red_moves_the_bars_and_clearing_brings_them_back(opened: Page) -> None:
    page = greyed(opened)
    assert shares(page, "Cat")[2] == "0.0"
    drag(page, (0.05, 0.25), (0.5, 0.75))
    expect(page.get_by_text("With 1 rectangle greyed out")).to_be_visible()
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    expect(row(page, "Cat").locator("td").last).to_contain_text("−")  # the table comes after the sentence
    whole, grey, points = shares(page, "Cat")
    assert share(whole) > 90 > 20 > share(grey)
    assert points.startswith("−")
    assert shares(page, "Dog")[2].startswith("+")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("to hide a part of it")).to_be_visible()
    expect(row(page, "Cat").locator("td").last).to_have_text("0.0")


def test_a_rectangle_off_the_red_changes_nothing_and_several_add_up(opened: Page) -> None:
    page = greyed(opened)
    drag(page, (0.6, 0.1), (0.9, 0.9))
    expect(page.get_by_text("With 1 rectangle greyed out: The answer stays Cat")).to_be_visible()
    drag(page, (0.05, 0.25), (0.5, 0.75))
    expect(page.get_by_text("With 2 rectangles greyed out: The answer turns from Cat")).to_be_visible()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("With 1 rectangle greyed out: The answer stays Cat")).to_be_visible()


def test_a_rectangle_is_added_moved_resized_and_removed_by_keyboard(opened: Page) -> None:
    page = greyed(opened)
    address = page.url
    page.get_by_role("button", name="Add a rectangle").focus()
    page.keyboard.press("Enter")
    rectangle = page.get_by_role("group", name=re.compile("^Rectangle 1: from 35 % to 65 % across"))
    expect(rectangle).to_be_focused()
    for key, times in (("ArrowLeft", 15), ("ArrowUp", 5), ("Shift+ArrowRight", 6), ("Shift+ArrowDown", 10)):
        for _ in range(times):
            page.keyboard.press(key)
    there = "^Rectangle 1: from 5 % to 47 % across, from 25 % to 75 % down"
    expect(page.get_by_role("group", name=re.compile(there))).to_be_focused()
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    assert page.url == address  # the page's own arrows lead to other photos
    page.keyboard.press("Delete")
    expect(page.get_by_text("to hide a part of it")).to_be_visible()


def test_rectangles_stay_when_another_part_of_the_page_is_looked_at(opened: Page) -> None:
    page = greyed(opened)
    drag(page, (0.05, 0.25), (0.5, 0.75))
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    open_tab(page, "Difference of both classes")
    expect(page.get_by_text("supports Dog", exact=True)).to_be_visible()
    open_tab(page, "Grey out a part")
    expect(page.get_by_text("The answer turns from Cat")).to_be_visible()
    expect(page.get_by_role("group", name=re.compile("^Rectangle 1"))).to_be_visible()


def test_another_method_shows_its_map_says_whose_it_is_and_how_long_it_took(opened: Page) -> None:
    page = opened
    choose(page, page.get_by_role("combobox", name=re.compile("Method")), re.compile("^Occlusion"))
    expect(page).to_have_url(re.compile("method=occlusion"))
    expect(page.get_by_text("Occlusion (Zeiler and Fergus 2014)")).to_be_visible()
    expect(page.get_by_text("Maximum: 100 % of the shared scale").first).to_be_visible(timeout=LOADING_MS)
    expect(page.get_by_text(re.compile(r"It took [\d.]+ s here"))).to_be_visible()
    expect(page.get_by_text("14 x 14 cells").first).to_be_visible()
    expect(page.get_by_text("strongest in the middle left")).to_be_visible()  # where the red is
    assert not scrolls_sideways(page)


def test_a_heatmap_is_tested_and_its_badge_has_numbers_and_curves(opened: Page) -> None:
    """Of a network this small, scrambled, nothing is left to compare with: the badge says so."""
    page = visit(opened, f"{opened.url}&method=layer-cam")
    open_tab(page, "Test the heatmap")
    page.get_by_role("button", name="Test this heatmap").click(timeout=LOADING_MS)
    expect(page.get_by_text("Doubtful: take this heatmap as a hint")).to_be_visible(timeout=LOADING_MS)
    for number in (
        "Deletion (area under the curve)",
        "Insertion (area under the curve)",
        "Randomised-network check",
    ):
        expect(page.get_by_text(number, exact=True)).to_be_visible()
    expect(page.get_by_text("not tested: the heatmaps")).to_be_visible()
    curves = page.get_by_role("figure", name=re.compile("^Deletion: .*this heatmap 0.*random 0"))
    expect(curves).to_be_visible()
    visit(page, page.url)  # kept on the disk
    open_tab(page, "Test the heatmap")
    expect(page.get_by_text("Doubtful: take this heatmap as a hint")).to_be_visible()


def test_a_cell_of_the_matrix_has_its_average_heatmaps_and_differences(page: Page, app: RedApp) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    visit(page, f"{app.url}/evaluate?collection={app.collection_id}&true=dog&said=cat")
    expect(page.get_by_text("Mean heatmap of 1 photo")).to_be_visible()
    for name in (r"predicted class \(cat\)", r"true class \(dog\)"):
        average = page.get_by_role("img", name=re.compile(f"^Average heatmap {name}"))
        expect(average).to_be_visible()
        assert average.evaluate("image => image.naturalWidth") == 168
    expect(page.get_by_text("supports Dog", exact=True)).to_be_visible()
    difference = page.locator(".cell .third img.heat")
    expect(difference).to_have_attribute("src", re.compile(r"/difference/red-network/[0-9a-f]{64}/cat/dog$"))
    expect(difference).to_have_js_property("naturalWidth", 224)


def test_the_heatmaps_of_a_whole_shelf_lie_over_the_grid_from_the_stored_maps(
    page: Page, app: RedApp
) -> None:
    visit(page, f"{app.url}/?collection={app.collection_id}&shelf=cat")
    page.get_by_role("button", name="Heatmaps").click()
    heat = page.locator(".cell .frame:not(.twin):not(.third) > img.heat")
    expect(heat).to_have_count(3)
    for number in range(3):
        expect(heat.nth(number)).to_have_js_property("naturalWidth", 224)
    page.get_by_role("button", name="Heatmaps").click()
    expect(page.locator(".cell img.heat[src]")).to_have_count(0)
