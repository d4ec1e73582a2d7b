"""Evaluate in a real browser: every number in the matrix opens its photos."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from tests.browser.drawn_app import DrawnApp, click_until, scrolls_sideways, served, settle, visit

CLASSES = 10
DOG, CAT, COW, ALL = 0, 1, 7, CLASSES


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(tmp_path_factory.mktemp("evaluate")) as app:
        yield app


@pytest.fixture(autouse=True)
def opened(page: Page, app: DrawnApp) -> None:
    page.set_viewport_size({"width": 1440, "height": 1500})
    visit(page, f"{app.url}/evaluate?collection={app.collection_id}")


def click_cell(page: Page, true: int, said: int, shown: str) -> None:
    """Click a cell of the matrix until its sentence is shown; row and column 10 are the sums."""
    area = page.locator(".st-key-evaluate_confusion .nsewdrag")
    area.hover()
    box = area.bounding_box()
    assert box is not None
    side_x, side_y = box["width"] / (CLASSES + 1), box["height"] / (CLASSES + 1)
    click_until(
        area,
        (said + 0.5) * side_x,
        (true + 0.5) * side_y,
        lambda: expect(page.get_by_text(shown)).to_be_visible(),
        lambda: expect(page.locator(".hovertext", has_text=shown.partition(":")[0])).to_be_visible(),
    )


def expect_thumbnails(page: Page, photo_ids: set[str]) -> None:
    """Expect just these photos in the grid beside the matrix, heatmaps left out."""
    thumbnail = ".st-key-evaluate_photos img[src*='/gallery/thumb/{}']"
    for photo_id in photo_ids:
        expect(page.locator(thumbnail.format(photo_id)).first).to_be_attached()
    others = "".join(f":not([src*='{photo_id}'])" for photo_id in photo_ids)
    expect(page.locator(thumbnail.format("") + others)).to_have_count(0)


def test_the_largest_error_is_open_with_its_photos(page: Page, app: DrawnApp) -> None:
    expect(page.get_by_text("True Dog, model says Cat: 2 photos")).to_be_visible()
    expect_thumbnails(page, {app.gallery.photo_id("dog/2.png"), app.gallery.photo_id("dog/3.png")})


def test_a_click_on_a_cell_opens_its_photos_and_the_address_keeps_it(page: Page, app: DrawnApp) -> None:
    click_cell(page, COW, COW, "True Cow, recognised: 1 photo")
    expect(page).to_have_url(re.compile("true=cow&said=cow"))
    expect_thumbnails(page, {app.gallery.photo_id("mucca/1.png")})
    page.reload()
    expect(page.get_by_text("True Cow, recognised: 1 photo")).to_be_visible()


def test_a_click_on_a_sum_opens_the_row_and_the_column(page: Page) -> None:
    click_cell(page, DOG, ALL, "True Dog: 3 photos")
    settle(page)
    click_cell(page, ALL, CAT, "Model says Cat: 4 photos")
    settle(page)
    click_cell(page, ALL, ALL, "All photos: 6 photos")


def test_a_second_click_on_the_same_cell_keeps_it(page: Page) -> None:
    click_cell(page, CAT, CAT, "True Cat, recognised: 2 photos")
    settle(page)
    click_cell(page, CAT, CAT, "True Cat, recognised: 2 photos")
    page.wait_for_timeout(800)
    settle(page)
    expect(page.get_by_text("True Cat, recognised: 2 photos")).to_be_visible()


def test_back_to_a_cell_after_another_door(page: Page) -> None:
    click_cell(page, CAT, CAT, "True Cat, recognised: 2 photos")
    settle(page)
    page.get_by_role("button", name="2 wrong").click()
    expect(page.get_by_text("Photos that the model got wrong, most certain first: 2 photos")).to_be_visible()
    settle(page)
    click_cell(page, CAT, CAT, "True Cat, recognised: 2 photos")


def test_each_photo_shows_the_heatmaps_of_its_true_and_its_predicted_class(page: Page) -> None:
    heatmaps = page.locator(".st-key-evaluate_photos img[src*='/gallery/heatmap/']")
    heatmaps.first.wait_for()
    addresses = [str(image.get_attribute("src")) for image in heatmaps.all()]
    assert any(re.search(r"/dog(\?|$)", address) for address in addresses)
    assert any(re.search(r"/cat(\?|$)", address) for address in addresses)


def test_the_twin_table_chooses_a_cell_by_keyboard(page: Page) -> None:
    page.get_by_text("The matrix as a table, for keyboard and screen reader").click()
    table = page.locator(".st-key-evaluate_confusion_table").get_by_test_id("stDataFrame")
    click_until(  # somewhere in the first row, when the expander has unfolded
        table, 150, 53, lambda: expect(page).to_have_url(re.compile("true=dog"))
    )
    settle(page)
    page.keyboard.press("ArrowDown")
    expect(page).to_have_url(re.compile("true=cat"))


def test_a_row_of_the_report_opens_the_photos_of_its_class(page: Page) -> None:
    table = page.locator(".st-key-evaluate_report").get_by_test_id("stDataFrame")
    click_until(  # the box before the first row, dog
        table,
        15,
        35 + 17,
        lambda: expect(page.get_by_text("True Dog: 3 photos, worst first")).to_be_visible(timeout=10_000),
    )
    expect(page.locator(".st-key-evaluate_class_grid img[src*='/gallery/thumb/']").first).to_be_attached()


def test_the_tabs_hold_correct_and_incorrect_photos_and_downloads(page: Page) -> None:
    page.get_by_role("tab", name="Correct (4)").click()
    expect(page.get_by_text("Least certain first: the first ones nearly went wrong.")).to_be_visible()
    page.get_by_role("tab", name="Incorrect (2)").click()
    expect(page.get_by_text("here the model was sure and wrong")).to_be_visible()
    page.get_by_role("tab", name="Downloads").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Predictions (CSV)").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 6
    assert lines[0].startswith("file,true,predicted,correct,confidence,probability_dog")


def test_a_door_on_top_opens_its_photos(page: Page) -> None:
    page.get_by_role("button", name="4 right").click()
    expect(
        page.get_by_text("Photos that the model recognised, least certain first: 4 photos")
    ).to_be_visible()


@pytest.mark.parametrize("width", [1000, 1440])
def test_nothing_scrolls_sideways_and_every_class_is_written_at_the_matrix(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(500)
    settle(page)
    assert not scrolls_sideways(page)
    expect(page.locator(".st-key-evaluate_confusion .xtick text")).to_have_count(CLASSES + 1)
    expect(page.locator(".st-key-evaluate_confusion .ytick text")).to_have_count(CLASSES + 1)
    for label in page.locator(".st-key-evaluate_confusion .xtick text").all():
        expect(label).to_be_visible()
