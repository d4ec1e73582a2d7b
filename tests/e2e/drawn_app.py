"""The app, served with a gallery of drawn photos whose predictions are known; no network runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Download, Locator, Page, TimeoutError, expect

from tests.apps.small_gallery import SmallGallery, model_card
from tests.e2e.server import Server

SAID = {
    "dog/1.png": {"dog": 0.9, "cat": 0.1},
    "dog/2.png": {"cat": 0.8, "dog": 0.2},  # the surest error
    "dog/3.png": {"cat": 0.6, "dog": 0.4},
    "gatto/1.png": {"cat": 0.95, "horse": 0.05},
    "gatto/2.png": {"cat": 0.7, "cow": 0.3},
    "mucca/1.png": {"cow": 0.55, "sheep": 0.45},
}
CLICKS = 4
"""A canvas that is drawn anew at that moment may lose a click, so a test tries as a person would."""


@dataclass(frozen=True)
class DrawnApp:
    """A running app and what it shows."""

    url: str
    gallery: SmallGallery
    collection_id: int


@contextlib.contextmanager
def served(
    server: Server, folder: Path, said: Mapping[str, Mapping[str, float]] = SAID
) -> Iterator[DrawnApp]:
    """Show drawn photos in labelled folders, by default six in three, and two models.

    Args:
        server: the running app.
        folder: gets the home, the models and the photos.
        said: what the model predicts of each photo, by its path.
    """
    with pytest.MonkeyPatch.context() as environment:
        gallery = SmallGallery.make(folder, environment)
        gallery.add_model(
            evaluation={"confusion_matrix": (np.eye(10, dtype=int) * 9 + 1).tolist()},
            training_photos=["f" * 64],
        )
        gallery.add_model(model_card("second-model"), own=True)
        for shade, path in enumerate(said):
            gallery.draw(path, (40 * shade % 256, 120, (220 - 30 * shade) % 256))
        collection = gallery.tag({path: dict(shares) for path, shares in said.items()})
        server.show()
        yield DrawnApp(server.url, gallery, collection.collection_id)


def visit(page: Page, url: str) -> Page:
    """Open a page and wait until it stands still."""
    page.goto(url)
    page.get_by_test_id("stApp").wait_for()
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until the script has run and its pictures have come."""
    page.wait_for_selector("[data-test-script-state='notRunning']", timeout=30_000)
    page.wait_for_load_state("networkidle")


STILL = """(forMs) => {
  const roots = [document];
  let elements = 0;
  for (const root of roots)
    for (const one of root.querySelectorAll("*")) {
      elements += 1;
      if (one.shadowRoot) roots.push(one.shadowRoot);
    }
  if (window.counted?.elements !== elements) window.counted = {elements, since: performance.now()};
  return performance.now() - window.counted.since >= forMs;
}"""


def stand_still(page: Page) -> None:
    """Wait until no component has drawn or taken away an element for a while."""
    page.wait_for_function(STILL, arg=400, polling=100)


def open_tab(page: Page, name: str | re.Pattern[str]) -> None:
    """Open a tab; again where a run of the page drew the tabs anew and lost the click."""
    for left in reversed(range(CLICKS)):
        page.get_by_role("tab", name=name).first.click()
        page.locator("[data-test-script-state='notRunning']").first.wait_for()
        stand_still(page)
        try:
            expect(page.get_by_role("tab", name=name, selected=True).first).to_be_visible(timeout=5_000)
        except AssertionError:
            if not left:
                raise
        else:
            return


def downloaded(page: Page, button: Locator) -> Download:
    """Press a button of a file that is written when asked for, again where a run took its place."""
    for left in reversed(range(CLICKS)):
        settle(page)
        stand_still(page)
        try:
            with page.expect_download(timeout=20_000 if left else 120_000) as download:
                button.click()
        except TimeoutError:
            if not left:
                raise
        else:
            return download.value
    raise AssertionError("no try was made")


def click_until(
    target: Locator,
    x: float,
    y: float,
    seen: Callable[[], object],
) -> None:
    """Click a place on a canvas, once it stands still, until what the click shows is seen.

    Args:
        target: the canvas.
        x: px from its left edge.
        y: px from its top edge.
        seen: fails, after waiting, where the click has had no effect.
    """
    for left in reversed(range(CLICKS)):
        target.hover(position={"x": x - 3, "y": y - 3})  # waits until it stands still, under nothing else
        target.hover(position={"x": x, "y": y})
        try:
            target.click(position={"x": x, "y": y})
            seen()
        except AssertionError:
            if not left:
                raise
        else:
            return


def scrolls_sideways(page: Page) -> bool:
    return bool(
        page.evaluate(
            "() => { const m = document.querySelector('[data-testid=stMain]');"
            " return m.scrollWidth > m.clientWidth + 1 || document.body.scrollWidth > innerWidth + 1 }"
        )
    )


def cell(page: Page, table: str, true: int, said: int) -> Locator:
    """A cell of a confusion matrix of ten classes; row and column 10 are the sums."""
    return page.locator(f".st-key-{table} tbody tr").nth(true).locator(".cell").nth(said)


def click_cell(page: Page, table: str, true: int, said: int, shown: str) -> None:
    """Click a cell of a matrix and expect its sentence."""
    cell(page, table, true, said).click()
    expect(page.get_by_text(shown)).to_be_visible()
    expect(cell(page, table, true, said)).to_have_attribute("aria-current", "true")


def choose(page: Page, box: Locator, option: str | re.Pattern[str]) -> None:
    """Choose from a list: one that opens while the page still scrolls closes again, so it is tried again."""
    wanted = page.get_by_role("option", name=option)
    box.scroll_into_view_if_needed()
    for left in reversed(range(CLICKS)):
        settle(page)
        box.click()
        try:
            expect(wanted).to_be_visible(timeout=5000)
            break
        except AssertionError:
            if not left:
                raise
            page.keyboard.press("Escape")
    wanted.click()
