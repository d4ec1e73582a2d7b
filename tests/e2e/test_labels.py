"""Labels set while the server is killed, pages reloaded and tabs closed: kept once each, and all undone."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, BrowserContext, Page, expect

from gallery.services import wiring
from tests.apps.small_gallery import CLASS_NAMES, SmallGallery
from tests.counts import count
from tests.e2e.server import Started

PHOTOS = [f"{number}.png" for number in range(8)]
UNSENT = "Object.keys(localStorage).filter((key) => key.startsWith('gallery.unsent.')).length"

pytestmark = [pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallGallery]:
    with pytest.MonkeyPatch.context() as environment:
        gallery = SmallGallery.make(tmp_path_factory.mktemp("labels"), environment)
        gallery.add_model()
        for number, name in enumerate(PHOTOS):
            gallery.draw(name, (30 * number, 120, 200 - 20 * number))
        gallery.tag({name: {"cat": 0.9, "dog": 0.1} for name in PHOTOS})
        yield gallery


@pytest.fixture(scope="module")
def own_server(gallery: SmallGallery, browser: object) -> Iterator[Started]:
    started = Started("app.py", gallery.folder / "server.log")
    yield started
    started.kill()


class Tab:
    """A tab in which a person walks through the photos and labels them."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(90_000)
        self.page.goto(url)
        self.wait()

    def wait(self) -> None:
        expect(self.page.locator(".cell.loaded")).to_have_count(len(PHOTOS), timeout=90_000)
        self.page.get_by_role("listbox", name="Photos").focus()
        self.at = 0

    def reload(self) -> None:
        self.page.reload()
        self.wait()

    def label(self, number: int) -> tuple[str, str]:
        """Go on to the next photo and set a class by its key; return both."""
        self.at = (self.at + 1) % len(PHOTOS)
        self.page.keyboard.press("ArrowRight" if self.at else "Home")
        self.page.keyboard.press(str((number + 1) % 10))
        return PHOTOS[self.at], CLASS_NAMES[number]


def test_a_change_of_a_whole_shelf_is_undone_from_another_one_after_a_reload(
    own_server: Started, page: Page, browser: Browser
) -> None:
    page.set_default_timeout(90_000)
    page.goto(own_server.url)
    page.locator(".shelf[data-name=cat]").click()
    page.wait_for_url(re.compile("shelf=cat"))
    page.get_by_role("listbox", name="Photos").focus()
    page.keyboard.press("Control+a")
    expect(page.locator(".selection-bar")).to_contain_text("8 selected")
    page.keyboard.press("5")
    expect(page.get_by_text("8 photos set to Butterfly")).to_be_visible()
    expect(page.get_by_text("No photos on the shelf Cat")).to_be_visible()
    page.locator(".shelf[data-name=butterfly]").click()
    page.wait_for_url(re.compile("shelf=butterfly"))
    page.reload()
    expect(page.locator(".cell.loaded")).to_have_count(len(PHOTOS), timeout=90_000)
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Undid: 8 photos set to Butterfly")).to_be_visible()
    expect(page.locator(".shelf[data-name=cat] .count")).to_have_text("8")

    page.locator(".shelf[data-name=all]").click()
    other = browser.new_page()
    broken: list[str] = []
    other.on("pageerror", lambda error: broken.append(str(error)))
    other.goto(own_server.url)
    expect(other.locator(".cell.loaded")).to_have_count(len(PHOTOS), timeout=90_000)
    page.get_by_role("button", name="Names").focus()  # as after Tab: the keys of the grid work there too
    page.keyboard.press("End")
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Name of the class or label").fill("Red fox")
    page.keyboard.press("Enter")
    expect(page.get_by_text("7.png set to Red fox")).to_be_visible()
    expect(other.locator(".shelf[data-name='Red fox'] .count")).to_have_text("1", timeout=90_000)
    assert not broken
    other.close()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undid: 7.png set to Red fox")).to_be_visible()
    expect(page.locator(".shelf[data-name='Red fox']")).to_have_count(0)


def test_no_label_is_lost_or_kept_twice_and_each_is_undone_in_order(
    gallery: SmallGallery, own_server: Started, browser: Browser, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(7)
    before = len(wiring.catalog().all_corrections())
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    request.addfinalizer(context.close)
    tabs = [Tab(context, own_server.url), Tab(context, own_server.url)]
    pressed: list[tuple[str, str]] = []
    labels = count(200)
    kinds = ["kill", "reload", "close"]
    events = {3 + n * 6: kinds[n % 3] for n in range(labels // 6)}
    for n in range(labels):
        tab = chance.choice(tabs)
        if events.get(n) == "kill":
            own_server.kill()
            for _ in range(2):
                pressed.append(tab.label(chance.randrange(10)))
            expect(tab.page.get_by_text(re.compile(r"\d labels not sent yet"))).to_be_visible()
            own_server.start()
        pressed.append(tab.label(chance.randrange(10)))
        if events.get(n) == "reload":
            tab.reload()
        elif events.get(n) == "close":
            tab.page.wait_for_timeout(80)
            tab.page.close()
            tabs[tabs.index(tab)] = Tab(context, own_server.url)
    for tab in tabs:
        tab.page.wait_for_function(f"() => {UNSENT} === 0", timeout=90_000)

    names = {gallery.photo_id(name): name for name in PHOTOS}
    kept = wiring.catalog().all_corrections()[before:]
    assert Counter((names[one.photo_id], one.label) for one in kept) == Counter(pressed)

    page = tabs[0].page
    for _ in kept:
        page.keyboard.press("Control+z")
    first = f"{names[kept[0].photo_id]} set to {(kept[0].label or '').capitalize()}"
    expect(page.get_by_text(f"Undid: {first}")).to_be_visible(timeout=90_000)
    page.wait_for_function(f"() => {UNSENT} === 0")
    undone = wiring.catalog().all_corrections()[before + len(kept) :]
    assert [one.photo_id for one in undone] == [one.photo_id for one in reversed(kept)]
    assert wiring.catalog().labels(list(names)) == {}
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Nothing to undo in this collection")).to_be_visible()
