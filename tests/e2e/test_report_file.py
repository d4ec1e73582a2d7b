"""The report opened from disk: no server, no network; its numbers lead to photos that are really shown."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("playwright.sync_api")

from axe_core_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from gallery.exchange.report.file import html_report, write_html_report
from gallery.photos.heatmap import heatmap_png
from gallery.photos.report_pictures import SmallPicture
from tests.e2e.drawn_app import served
from tests.e2e.server import Server
from tests.fast.unit.exchange.made_report import contents, evaluation

SHADES = ((200, 40, 40), (40, 160, 60), (50, 70, 200))
"""Photos are of one colour by their label, so that a picture of the page shows which one is there."""

PATIENCE_MS = 120_000
"""For the app's first page and a report with plotly in it on a machine that has other things to do."""


class DrawnPictures:
    """Real JPEGs and PNGs; the evidence for every class lies in the left upper quarter."""

    def __init__(self) -> None:
        self._labels = evaluation().report.y_true

    def thumbnail(self, row: int, max_px: int, quality: int) -> SmallPicture:
        buffer = io.BytesIO()
        Image.new("RGB", (max_px, max_px // 2), SHADES[self._labels[row]]).save(
            buffer, "JPEG", quality=quality
        )
        return SmallPicture(buffer.getvalue(), max_px, max_px // 2)

    def heatmaps(self, row: int, classes: Sequence[int]) -> list[bytes | None] | None:
        cam = np.zeros((14, 14))
        cam[:7, :7] = 1
        return [heatmap_png(cam, size_px=(28, 28), steps=32) for _ in classes]

    def average_map(self, heat: NDArray[np.floating]) -> bytes:
        return heatmap_png(heat, size_px=(28, 28), steps=32)

    def heat_colours(self) -> list[str]:
        return ["#000004", "#bc3754", "#fcffa4"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ["dog/<script>window.hurt = 1</script>.jpg", *(f"dog/{row:02}.jpg" for row in range(1, 60))]
    made = contents(names=names, maps=np.ones((60, 2, 14, 14), np.float32), full_path="/photos/" + "x" * 200)
    place = tmp_path_factory.mktemp("report") / "report.html"
    write_html_report(place, html_report(made, DrawnPictures()))
    return place


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    """The file in a window without a network; complaints of the browser fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if not _inside(asked.url) else None)
    page.goto(file.as_uri(), timeout=PATIENCE_MS)
    yield page
    context.close()
    assert complaints == []


def _inside(url: str) -> bool:
    return url.startswith(("file:", "data:"))


def colour_at(page: Page, selector: str, x: float, y: float) -> tuple[int, int, int]:
    """The colour that the screen shows at a place of an element, given as shares of its sides."""
    element = page.locator(selector)
    element.scroll_into_view_if_needed()
    with Image.open(io.BytesIO(element.screenshot())) as image:
        found = image.convert("RGB").getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


def near(a: tuple[int, int, int], b: tuple[int, int, int]) -> bool:
    return max(abs(p - q) for p, q in zip(a, b, strict=True)) <= 12


def test_a_number_of_the_matrix_leads_to_its_photos(opened: Page) -> None:
    opened.get_by_role("link", name="5 photos: labelled Dog, predicted Cat").click()
    assert opened.url.endswith("#cell-0-1")
    expect(opened.get_by_role("heading", name="Dog predicted as Cat: 5 photos")).to_be_in_viewport()
    worst = int(evaluation().report.cell(0, 1)[0])
    expect(opened.locator(f"#photo-{worst}")).to_be_in_viewport()
    expect(opened.locator("#cell-0-1 figure")).to_have_count(5)
    opened.locator("#cell-0-1").get_by_role("link", name="Back to the matrix").click()
    expect(opened.get_by_role("heading", name="Confusion matrix", exact=True)).to_be_in_viewport()


def test_the_photo_and_its_heatmaps_are_really_drawn(opened: Page) -> None:
    worst = int(evaluation().report.cell(0, 1)[0])
    picture = f"#photo-{worst} .picture:nth-child({{}}) svg"
    expect(opened.locator(f"#photo-{worst} .picture svg")).to_have_count(3)
    assert near(colour_at(opened, picture.format(1), 0.5, 0.5), SHADES[0])
    for map_of_class in (2, 3):
        assert near(colour_at(opened, picture.format(map_of_class), 0.9, 0.9), SHADES[0])
        assert not near(colour_at(opened, picture.format(map_of_class), 0.2, 0.2), SHADES[0])


def test_small_pictures_in_other_sections_show_the_photo_and_lead_to_it(opened: Page) -> None:
    small = opened.locator("#labels ~ .evidence a.small").first
    target = small.get_attribute("href")
    assert target is not None
    label = evaluation().report.y_true[int(target.removeprefix("#photo-"))]
    assert near(
        colour_at(opened, f"#labels ~ .evidence a.small[href='{target}'] svg", 0.5, 0.5), SHADES[label]
    )
    small.click()
    expect(opened.locator(target)).to_be_in_viewport()


def test_the_keyboard_reaches_the_photos_and_the_tables(opened: Page) -> None:
    link = opened.get_by_role("link", name="3 photos: labelled Guinea pig, predicted Cat")
    link.focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", name="Guinea pig predicted as Cat: 3 photos")).to_be_in_viewport()
    summary = opened.get_by_text("The curve as a table")
    summary.focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("table", name="What a threshold on the confidence keeps")).to_be_visible()


def test_a_hostile_name_is_text(opened: Page) -> None:
    expect(opened.get_by_text("dog/<script>window.hurt = 1</script>.jpg").first).to_be_attached()
    assert opened.evaluate("window.hurt === undefined")


def test_the_table_of_photos_is_saved_from_the_file(opened: Page) -> None:
    with opened.expect_download() as download:
        opened.get_by_role("link", name="Table of all photos (CSV)").click()
    assert download.value.suggested_filename == "photos.csv"
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 61


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(opened: Page, theme: Any) -> None:
    opened.emulate_media(color_scheme=theme)
    opened.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(opened)["violations"]] == []


def test_it_prints_dark_on_white_whatever_the_theme(opened: Page) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    colours = opened.evaluate("(() => { const s = getComputedStyle(document.body);"
                              " return [s.backgroundColor, s.color] })()")  # fmt: skip
    assert colours == ["rgb(255, 255, 255)", "rgb(22, 32, 28)"]
    expect(opened.get_by_role("navigation")).to_be_hidden()


@pytest.mark.timeout(420)
def test_evaluate_hands_out_the_report_which_opens_from_disk(
    page: Page, browser: Browser, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(server, tmp_path_factory.mktemp("report_app")) as app:
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{app.url}/evaluate?collection={app.collection_id}")
        page.get_by_role("button", name="Download", exact=True).click()
        link = page.get_by_role("link", name="Report (HTML)")
        link.wait_for()
        with page.expect_download() as download:
            link.click()  # opens a tab, which the browser closes again when it sees what comes
        saved = tmp_path_factory.mktemp("saved") / download.value.suggested_filename
        download.value.save_as(saved)
    assert saved.name == "photos_report.html"
    context = browser.new_context(offline=True)
    file_page = context.new_page()
    file_page.goto(saved.as_uri())
    expect(file_page.get_by_role("link", name="2 photos: labelled Dog, predicted Cat")).to_be_visible()
    context.close()
