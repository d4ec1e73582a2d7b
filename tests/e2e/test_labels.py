"""Labels set while the server is killed, pages reloaded and tabs closed: kept once each, and all undone."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import BrowserContext, Page, expect

from gallery.services import wiring
from tests.apps.small_gallery import CLASS_NAMES, SmallGallery
from tests.counts import count
from tests.e2e.server import Started

PHOTOS = [f"{number}.png" for number in range(8)]
UNSENT = "Object.keys(localStorage).filter((key) => key.startsWith('gallery.unsent.')).length"

pytestmark = [pytest.mark.timeout(1200)]


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    gallery.add_model()
    for number, name in enumerate(PHOTOS):
        gallery.draw(name, (30 * number, 120, 200 - 20 * number))
    gallery.tag({name: {"cat": 0.9, "dog": 0.1} for name in PHOTOS})
    return gallery


@pytest.fixture
def server(gallery: SmallGallery, browser: object) -> Iterator[Started]:
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


def test_no_label_is_lost_or_kept_twice_and_each_is_undone_in_order(
    gallery: SmallGallery, server: Started, browser, request: pytest.FixtureRequest
) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(7)
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    request.addfinalizer(context.close)
    tabs = [Tab(context, server.url), Tab(context, server.url)]
    pressed: list[tuple[str, str]] = []
    labels = count(200)
    kinds = ["kill", "reload", "close"]
    events = {3 + n * 6: kinds[n % 3] for n in range(labels // 6)}
    for n in range(labels):
        tab = chance.choice(tabs)
        if events.get(n) == "kill":
            server.kill()
            for _ in range(2):
                pressed.append(tab.label(chance.randrange(10)))
            expect(tab.page.get_by_text(re.compile(r"\d labels not sent yet"))).to_be_visible()
            server.start()
        pressed.append(tab.label(chance.randrange(10)))
        if events.get(n) == "reload":
            tab.reload()
        elif events.get(n) == "close":
            tab.page.wait_for_timeout(80)
            tab.page.close()
            tabs[tabs.index(tab)] = Tab(context, server.url)
    for tab in tabs:
        tab.page.wait_for_function(f"() => {UNSENT} === 0", timeout=90_000)

    names = {gallery.photo_id(name): name for name in PHOTOS}
    kept = wiring.catalog().all_corrections()
    assert Counter((names[one.photo_id], one.label) for one in kept) == Counter(pressed)

    page = tabs[0].page
    for _ in kept:
        page.keyboard.press("Control+z")
    first = f"{names[kept[0].photo_id]} set to {(kept[0].label or '').capitalize()}"
    expect(page.get_by_text(f"Undid: {first}")).to_be_visible(timeout=90_000)
    page.wait_for_function(f"() => {UNSENT} === 0")
    undone = wiring.catalog().all_corrections()[len(kept) :]
    assert [one.photo_id for one in undone] == [one.photo_id for one in reversed(kept)]
    assert wiring.catalog().labels(list(names)) == {}
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Nothing to undo in this collection")).to_be_visible()
