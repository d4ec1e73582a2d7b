"""Evaluate in a real browser: every number in the matrix opens its photos."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from tests.e2e.drawn_app import (
    CLICKS,
    DrawnApp,
    cell,
    click_cell,
    click_until,
    downloaded,
    open_tab,
    scrolls_sideways,
    served,
    settle,
    stand_still,
    visit,
)
from tests.e2e.server import Server

CLASSES = 10
MATRIX = "evaluate_confusion"
DOG, CAT, COW, ALL = 0, 1, 7, CLASSES


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(server, tmp_path_factory.mktemp("evaluate")) as app:
        yield app


@pytest.fixture(autouse=True)
def opened(page: Page, app: DrawnApp) -> None:
    page.set_viewport_size({"width": 1440, "height": 1500})
    visit(page, f"{app.url}/evaluate?collection={app.collection_id}")


def expect_thumbnails(page: Page, photo_ids: set[str]) -> None:
    """Expect just these photos in the grid beside the matrix, heatmaps left out."""
    thumbnail = ".st-key-evaluate_photos img[src*='/gallery/thumb/{}']"
    for photo_id in photo_ids:
        expect(page.locator(thumbnail.format(photo_id)).first).to_be_attached()
    others = "".join(f":not([src*='{photo_id}'])" for photo_id in photo_ids)
    expect(page.locator(thumbnail.format("") + others)).to_have_count(0)


def test_the_largest_error_is_open_with_its_photos(page: Page, app: DrawnApp) -> None:
    expect(page.get_by_text("True Dog, predicted Cat: 2 photos")).to_be_visible()
    expect_thumbnails(page, {app.gallery.photo_id("dog/2.png"), app.gallery.photo_id("dog/3.png")})


def test_a_click_on_a_cell_opens_its_photos_and_the_address_keeps_it(page: Page, app: DrawnApp) -> None:
    click_cell(page, MATRIX, COW, COW, "True Cow, correct: 1 photo")
    expect(page).to_have_url(re.compile("true=cow&said=cow"))
    expect_thumbnails(page, {app.gallery.photo_id("mucca/1.png")})
    page.reload()
    expect(page.get_by_text("True Cow, correct: 1 photo")).to_be_visible()


def test_a_click_on_a_sum_opens_the_row_and_the_column(page: Page) -> None:
    click_cell(page, MATRIX, DOG, ALL, "True Dog: 3 photos")
    settle(page)
    click_cell(page, MATRIX, ALL, CAT, "Predicted Cat: 4 photos")
    settle(page)
    click_cell(page, MATRIX, ALL, ALL, "All photos: 6 photos")


def test_a_second_click_on_the_same_cell_keeps_it(page: Page) -> None:
    click_cell(page, MATRIX, CAT, CAT, "True Cat, correct: 2 photos")
    settle(page)
    click_cell(page, MATRIX, CAT, CAT, "True Cat, correct: 2 photos")
    page.wait_for_timeout(800)
    settle(page)
    expect(page.get_by_text("True Cat, correct: 2 photos")).to_be_visible()


def test_back_to_a_cell_after_another_door(page: Page) -> None:
    click_cell(page, MATRIX, CAT, CAT, "True Cat, correct: 2 photos")
    settle(page)
    page.get_by_role("button", name="2 wrong").click()
    expect(page.get_by_text("Misclassified photos, highest confidence first: 2 photos")).to_be_visible()
    settle(page)
    click_cell(page, MATRIX, CAT, CAT, "True Cat, correct: 2 photos")


def test_each_photo_shows_the_heatmaps_of_its_true_and_its_predicted_class(page: Page) -> None:
    heatmaps = page.locator(".st-key-evaluate_photos img[src*='/gallery/heatmap/']")
    heatmaps.first.wait_for()
    addresses = [str(image.get_attribute("src")) for image in heatmaps.all()]
    assert any(re.search(r"/dog(\?|$)", address) for address in addresses)
    assert any(re.search(r"/cat(\?|$)", address) for address in addresses)


def test_the_names_of_the_matrix_open_a_row_and_a_column(page: Page) -> None:
    matrix = page.locator(f".st-key-{MATRIX}")
    matrix.get_by_role("button", name="True Dog: 3 photos").first.click()
    expect(page.get_by_text("True Dog: 3 photos")).to_be_visible()
    settle(page)
    matrix.get_by_role("button", name="Predicted Cat: 4 photos").first.click()
    expect(page.get_by_text("Predicted Cat: 4 photos")).to_be_visible()


def test_the_keyboard_walks_over_the_matrix_and_opens_a_cell(page: Page) -> None:
    matrix = page.locator(f".st-key-{MATRIX}")
    expect(matrix.locator("button[tabindex='0']")).to_have_count(1)  # the Tab key stops at it once
    cell(page, MATRIX, DOG, CAT).focus()  # as Tab does: the chosen cell
    page.keyboard.press("ArrowDown")
    expect(cell(page, MATRIX, CAT, CAT)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("True Cat, correct: 2 photos")).to_be_visible()
    settle(page)
    expect(cell(page, MATRIX, CAT, CAT)).to_be_focused()  # drawing the page anew leaves it where it was
    expect(page.locator(f".st-key-{MATRIX} .tip")).to_contain_text("True Cat, correct2 photos (100.0 % of")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_text("True Cat: 2 photos")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # the corner is no place
    page.keyboard.press("ArrowRight")
    expect(cell(page, MATRIX, DOG, DOG)).to_be_focused()


def test_a_click_frames_its_cell_at_once_also_under_the_pointer(page: Page) -> None:
    pressed = cell(page, MATRIX, CAT, CAT)
    pressed.click()
    shadow = pressed.evaluate("one => getComputedStyle(one).boxShadow")
    assert "3px" in shadow
    page.mouse.move(0, 0)
    assert pressed.evaluate("one => getComputedStyle(one).boxShadow") == shadow


LARGE = """(cells) => cells.map((cell) => {
  cell.textContent = "12,345";
  const text = document.createRange();
  text.selectNodeContents(cell);
  return text.getBoundingClientRect().width > cell.clientWidth;
}).filter(Boolean).length"""


def test_numbers_have_the_room_they_need(page: Page) -> None:
    page.set_viewport_size({"width": 480, "height": 1500})
    settle(page)
    matrix = page.locator(f".st-key-{MATRIX} .matrix")
    cells = page.locator(f".st-key-{MATRIX} .cell")
    matrix.evaluate(
        "one => one.style.setProperty('--cell', 'calc(6ch + 4px)')"
    )  # as for numbers of six signs
    assert cells.evaluate_all(LARGE) == 0
    assert matrix.evaluate("one => one.scrollWidth > one.clientWidth"), "it scrolls in its frame"
    assert not scrolls_sideways(page)


def test_pointing_at_a_cell_says_what_it_counts(page: Page) -> None:
    tip = page.locator(f".st-key-{MATRIX} .tip")
    expect(tip).to_be_hidden()
    cell(page, MATRIX, DOG, CAT).hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("True Dog, predicted Cat")
    expect(tip).to_contain_text("2 photos (66.7 % of the class)")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    cell(page, MATRIX, DOG, DOG).hover()
    expect(tip).to_contain_text("True Dog, correct")


def test_a_row_of_the_report_opens_the_photos_of_its_class(page: Page) -> None:
    table = page.locator(".st-key-evaluate_report").get_by_test_id("stDataFrame")
    click_until(  # the box before the first row, dog
        table,
        15,
        35 + 17,
        lambda: expect(page.get_by_text("True Dog: 3 photos, worst first")).to_be_visible(timeout=10_000),
    )
    expect(page.locator(".st-key-evaluate_report_grid img[src*='/gallery/thumb/']").first).to_be_attached()


def test_the_report_opens_correct_and_misclassified_photos_and_the_menu_hands_out_tables(page: Page) -> None:
    which = page.locator(".st-key-evaluate_report_which")
    which.get_by_text("4 correct").click()
    expect(page.get_by_text("All photos, correct: 4 photos, lowest confidence first")).to_be_visible()
    which.get_by_text("2 misclassified").click()
    expect(page.get_by_text("All photos, misclassified: 2 photos, highest")).to_be_visible()
    page.get_by_role("button", name="Download", exact=True).click()
    download = downloaded(page, page.get_by_role("button", name="Predictions (CSV)"))
    lines = download.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 6
    assert lines[0].startswith("file,true,predicted,correct,confidence,probability_dog")


def open_curves(page: Page) -> None:
    open_tab(page, "Confidence")
    page.get_by_role("radio", name="Precision, recall and ROC").click()
    expect(page.get_by_text("area under the ROC curve")).to_be_visible()
    settle(page)


def test_the_open_tab_stays_open_when_the_page_runs_again_and_after_another_page(page: Page) -> None:
    expect(page.get_by_role("tab")).to_have_count(5)
    open_tab(page, "Confidence")
    expect(page.get_by_text("Does accuracy match confidence?")).to_be_visible()
    page.get_by_role("button", name="4 correct").click()  # the whole page runs again
    expect(page.get_by_text("lowest confidence first: 4 photos")).to_be_visible()
    settle(page)
    expect(page.get_by_role("tab", selected=True)).to_have_text("Confidence")
    expect(page.get_by_text("Does accuracy match confidence?")).to_be_visible()
    page.get_by_role("link", name="Explain").first.click()
    expect(page.get_by_role("heading", name="Explain")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Does accuracy match confidence?")).to_be_visible()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Confidence")


def test_the_mark_is_on_the_open_tab_also_when_a_button_opens_another_at_once(page: Page) -> None:
    cell(page, MATRIX, DOG, CAT).click()
    settle(page)
    for _ in range(3):
        page.get_by_role("tab", name="Confidence").click()
        page.get_by_role("button", name="Review these labels").click()
        settle(page)
        expect(page.get_by_role("tab", selected=True)).to_have_text("Labels")
        expect(page.get_by_text("Does accuracy match confidence?")).to_have_count(0)


def test_another_class_shows_its_curves(page: Page) -> None:
    open_curves(page)
    page.locator(".st-key-evaluate_curve_class").get_by_text("Dog").click()
    expect(page.get_by_text("Dog: 3 photos of it")).to_be_visible()


def click_point(page: Page, key: str, x: float, y: float, hover: str, shown: str) -> None:
    """Click a place of a chart, given as shares of its width and height, and expect its sentence."""
    figure = page.locator(f".st-key-{key} .js-plotly-plot")
    for left in reversed(range(CLICKS)):  # what comes above it meanwhile moves it
        settle(page)
        figure.scroll_into_view_if_needed()
        area = figure.locator(".nsewdrag").bounding_box()
        assert area is not None
        place = area["x"] + x * area["width"], area["y"] + y * area["height"]
        page.mouse.move(place[0] - 2, place[1] - 2)
        page.mouse.move(*place)
        try:
            expect(figure.locator(".hoverlayer")).to_contain_text(hover, timeout=5_000)
            page.mouse.down()
            page.mouse.up()
            expect(page.get_by_text(shown)).to_be_visible(timeout=20_000)
        except AssertionError:
            if not left:
                raise
        else:
            return


def test_the_threshold_for_the_accuracy_asked_for_sorts_the_unsure_shelf_of_browse(
    page: Page, app: DrawnApp
) -> None:
    unsure = page.locator(".shelf[data-name=unsure] .count")
    visit(page, f"{app.url}/?collection={app.collection_id}")
    expect(unsure).to_have_text("1")  # the cow, with 55 %
    visit(page, f"{app.url}/evaluate?collection={app.collection_id}")
    open_tab(page, "Confidence")
    # surest first: .95 right, .9 right, .8 wrong: 95 % right needs .9, which leaves out four
    expect(page.get_by_text("leaves 4 of 6 photos")).to_be_visible()
    page.get_by_role("button", name="4 below").click()
    expect(page.get_by_text("Confidence below 90.0 %: 4 photos")).to_be_visible()
    page.get_by_role("button", name="Use it for the Unsure shelf").click()
    expect(page.get_by_text("Unsure shelf now: 90.0 %")).to_be_visible()
    visit(page, f"{app.url}/?collection={app.collection_id}")
    expect(unsure).to_have_text("4")
    visit(page, f"{app.url}/evaluate?collection={app.collection_id}")
    open_tab(page, "Confidence")
    page.get_by_role("button", name="Back to 60 %").click()
    expect(page.get_by_text("Unsure shelf now: 60.0 %")).to_be_visible()
    visit(page, f"{app.url}/?collection={app.collection_id}")
    expect(unsure).to_have_text("1")


def test_a_bar_of_the_reliability_diagram_and_a_point_of_the_coverage_open_their_photos(page: Page) -> None:
    open_tab(page, "Confidence")
    # from -0.02 to 1.02: the bar between 13/15 and 14/15, near its foot; the whole column answers
    click_point(
        page, "evaluate_reliability", 0.92 / 1.04, 0.9, "Confidence 87 to 93 %",
        "Confidence 87 to 93 %: 1 photo",
    )  # fmt: skip
    # the surest photo alone is one of six, and right: at the top
    click_point(
        page, "evaluate_coverage", (1 / 6 + 0.02) / 1.04, 0.02, "Threshold 95.0 %",
        "Confidence of 95.0 % or more, lowest first: 1 photo",
    )  # fmt: skip
    expect(
        page.locator(".st-key-evaluate_confidence_grid img[src*='/gallery/thumb/']").first
    ).to_be_attached()


def test_a_slice_opens_its_photos(page: Page) -> None:
    open_tab(page, "By site, time, quality")
    page.locator(".st-key-evaluate_slices_by").get_by_text("Folder", exact=True).click()
    expect(page.get_by_text("Folder: dog: 3 photos")).to_be_visible()  # the worst one is open
    settle(page)
    # three rows; the second folder is all right, at the right end
    click_point(page, "evaluate_slices_chart", 1.02 / 1.04, 1.6 / 3.2, "gatto", "Folder: gatto: 2 photos")
    expect(page.locator(".st-key-evaluate_slice_grid img[src*='/gallery/thumb/']").first).to_be_attached()


def test_a_point_of_a_class_s_curve_opens_its_photos(page: Page) -> None:
    open_curves(page)
    page.locator(".st-key-evaluate_curve_class").get_by_text("Dog").click()
    expect(page.get_by_text("Dog: 3 photos of it, 3 others")).to_be_visible()
    settle(page)
    # all three dogs found and nothing else, at 20 %: recall 1, precision 1
    click_point(
        page,
        "evaluate_precision_recall",
        1.02 / 1.04,
        0.02 / 1.04,
        "Threshold 20.0 %",
        "3 above the threshold",
    )


def test_the_keyboard_chooses_a_threshold_of_a_curve(page: Page) -> None:
    open_curves(page)
    page.locator(".st-key-evaluate_curve_class").get_by_text("Dog").click()
    expect(page.get_by_text("Dog: 3 photos of it, 3 others")).to_be_visible()
    settle(page)
    page.locator(".st-key-evaluate_curve_threshold").get_by_role("slider").focus()
    for _ in range(11):
        page.keyboard.press("ArrowLeft")  # from 50 to 39 %, and the dog of 40 % is above it
    expect(page.get_by_text("2 above the threshold")).to_be_visible()


def test_a_narrow_window_draws_the_charts_one_below_the_other(page: Page) -> None:
    page.set_viewport_size({"width": 700, "height": 1500})
    settle(page)
    open_curves(page)
    first, second = (
        page.locator(f".st-key-evaluate_{name} .nsewdrag").bounding_box()
        for name in ("precision_recall", "roc")
    )
    assert first is not None
    assert second is not None
    assert second["y"] > first["y"] + 300
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("width", [700, 1000, 1440])
def test_nothing_scrolls_sideways_and_every_class_is_written_at_the_matrix(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    settle(page)
    stand_still(page)
    assert not scrolls_sideways(page)
    for axis in ("thead", "tbody"):
        names = page.locator(f".st-key-{MATRIX} {axis} .name")
        expect(names).to_have_count(CLASSES + 1)
        for name in names.all():
            expect(name).to_be_visible()
            assert name.evaluate("one => one.querySelector('.title').scrollWidth <= one.clientWidth")
