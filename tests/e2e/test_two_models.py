"""Two models on the same photos, in a real browser: the choice, the numbers, and the photos behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from tests.e2e.drawn_app import SAID, DrawnApp, click_until, open_tab, scrolls_sideways, served, settle
from tests.e2e.server import Server
from tests.e2e.test_accessibility import violations

SECOND = "second-model"
SLOW_MS = 90_000
"""A busy machine of two cores needs half a minute for the first page; nothing here waits without need."""

pytestmark = [pytest.mark.timeout(400)]
SAID_BY_SECOND = SAID | {
    "dog/2.png": {"dog": 0.7, "cat": 0.3},  # only the second is right
    "dog/3.png": {"cow": 0.7, "dog": 0.3},  # both are wrong, in different ways
    "mucca/1.png": {"sheep": 0.6, "cow": 0.4},  # only the first is right
}


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(server, tmp_path_factory.mktemp("two_models")) as app:
        yield app


@pytest.fixture(scope="module")
def tagged_by_both(app: DrawnApp) -> DrawnApp:
    app.gallery.tag(SAID_BY_SECOND, SECOND)
    return app


def open_compare(page: Page, app: DrawnApp, other: str = "") -> None:
    page.set_default_timeout(SLOW_MS)
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(f"{app.url}/evaluate?collection={app.collection_id}{other}")
    open_tab(page, "Compare")
    expect(page.get_by_text("Compare with").first).to_be_visible()


def expect_photos(page: Page, count: int) -> None:
    """Expect so many photos in the tab's grid."""
    expect(page.locator(".st-key-evaluate_compare_grid").get_by_role("option")).to_have_count(count)


def test_both_scores_the_paired_test_and_every_count_with_its_photos(
    page: Page, tagged_by_both: DrawnApp
) -> None:
    app = tagged_by_both
    open_compare(page, app, f"&other={SECOND}")
    for text in ("Agreement", "McNemar's exact paired test: p = 1", "+0.0 points"):
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.get_by_text("The models disagree: 3 photos")).to_be_visible()
    expect_photos(page, 3)
    for name, sentence, path in (
        ("right_wrong", "Only Model drawn-vgg16 is right: 1 photo", "mucca/1.png"),
        ("wrong_right", "Only Model second-model is right: 1 photo", "dog/2.png"),
        ("wrong_wrong", "Both are wrong: 1 photo", "dog/3.png"),
    ):
        page.locator(f".st-key-evaluate_compare_{name}").get_by_role("button").click()
        expect(page.get_by_text(sentence)).to_be_visible()
        photo_id = app.gallery.photo_id(path)
        shown = page.locator(f".st-key-evaluate_compare_grid img[src*='/gallery/thumb/{photo_id}']")
        expect(shown.first).to_be_attached()
        expect_photos(page, 1)


def test_the_photos_are_shown_as_either_model_sees_them(page: Page, tagged_by_both: DrawnApp) -> None:
    open_compare(page, tagged_by_both, f"&other={SECOND}")
    page.locator(".st-key-evaluate_compare_wrong_wrong").get_by_role("button").click()
    grid = page.locator(".st-key-evaluate_compare_grid")
    expect(grid.get_by_role("option", name="3.png: Cat, 60 % confidence")).to_be_attached()
    page.get_by_text("predictions of Model second-model").click()
    expect(grid.get_by_role("option", name="3.png: Cow, 70 % confidence")).to_be_attached()
    expect(grid.locator(f"img[src*='/gallery/heatmap/{SECOND}/']").first).to_be_attached()


def test_a_row_of_the_classes_opens_the_photos_on_which_one_model_is_right(
    page: Page, tagged_by_both: DrawnApp
) -> None:
    open_compare(page, tagged_by_both, f"&other={SECOND}")
    table = page.locator(".st-key-evaluate_compare_classes").get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    click_until(  # the first row: cow, whose one photo only the first model names
        table,
        15,
        35 + 17,
        lambda: expect(page.get_by_text("True Cow, exactly one model is right: 1 photo")).to_be_visible(
            timeout=8000
        ),
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tab_has_no_serious_violation_and_scrolls_down_only(
    page: Page, tagged_by_both: DrawnApp, theme: Any
) -> None:
    page.emulate_media(color_scheme=theme)
    open_compare(page, tagged_by_both, f"&other={SECOND}")
    expect_photos(page, 3)
    settle(page)
    assert violations(page) == []
    assert not scrolls_sideways(page)
