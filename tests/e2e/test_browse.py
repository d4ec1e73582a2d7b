"""Browse in a real browser: open a folder, see it sorted, correct it, take it away."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Browser, Page, expect

from gallery.services import wiring
from gallery.settings import LIGHT_MODEL_ID, Settings
from tests.e2e.drawn_app import downloaded
from tests.e2e.server import serving
from tests.photo_fixtures import striped_photo

PHOTOS = 30

CELLS_READY = """() => {
  const roots = [...document.querySelectorAll('*')].map((one) => one.shadowRoot).filter(Boolean);
  const all = roots.map((root) => root.querySelector('.photo-grid .all')).find(Boolean);
  return all && all.children.length > 0 && [...all.children].every((one) => one.classList.contains('loaded'));
}"""
"""Every cell that is drawn shows its photo."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder of photos: real ones where they are, generated ones otherwise; and one damaged file."""
    root = tmp_path_factory.mktemp("photos") / "field trip"
    root.mkdir()
    from tests.conftest import _data_folder

    data = _data_folder()
    if data is not None:
        for path in sorted((data / "photos" / "popular-animals").rglob("*.jpg"))[:: 551 // PHOTOS][:PHOTOS]:
            shutil.copy(path, root / path.name)
    else:
        for number in range(PHOTOS):
            striped_photo(root / f"photo_{number:03d}.jpg", number)
    (root / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 this is no photo")
    return root


@pytest.fixture(scope="module")
def app_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app as people start it: ``streamlit run app.py``. The light model tags."""
    place = tmp_path_factory.mktemp("gallery")
    wiring.model_store(Settings.from_environment(place / "home")).activate(LIGHT_MODEL_ID)
    with serving(
        "app.py", place / "server.log", {"GALLERY_HOME": str(place / "home"), "GALLERY_USER": "tester"}
    ) as url:
        yield url


@pytest.fixture(scope="module")
def tagged(browser, app_url: str, folder: Path) -> str:  # type: ignore[no-untyped-def]
    """The address of the folder's collection, opened through the page and tagged to the end."""
    window = browser.new_page(viewport={"width": 1440, "height": 900})
    window.set_default_timeout(60_000)
    window.goto(app_url)
    open_folder(window, folder)
    card = window.locator(".st-key-job_card")
    expect(card).to_contain_text(re.compile(rf"\d+ / {PHOTOS + 1} photos"), timeout=60_000)
    window.wait_for_function(CELLS_READY)
    expect(card).to_contain_text("Up to date", timeout=180_000)
    address = window.url
    window.close()
    return address


def open_folder(window: Page, folder: Path) -> None:
    window.get_by_role("button", name="Open a folder").first.click()
    box = window.get_by_role("combobox", name="Folder")
    box.fill(str(folder.parent) + "/fie")
    expect(window.get_by_role("option", name="field trip")).to_be_visible()
    box.press("Tab")
    opener = window.get_by_role("dialog").get_by_role("button", name="Open", exact=True)
    expect(opener).to_be_enabled()
    opener.click()


def show(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function(CELLS_READY)


def badge(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_role("option", name=re.compile(f"^{re.escape(name)}: "))


def first_name(page: Page) -> str:
    label = page.get_by_role("option").first.get_attribute("aria-label")
    assert label is not None
    return label.partition(": ")[0]


@pytest.mark.timeout(400)
def test_a_folder_is_opened_tagged_and_sorted_into_shelves(page: Page, tagged: str) -> None:
    show(page, tagged)
    assert "collection=" in tagged
    expect(page.get_by_text(f"{PHOTOS} photos", exact=True)).to_be_visible()
    shelves = page.locator(".shelf .count").all_inner_texts()
    assert int(shelves[0]) == PHOTOS
    assert sum(int(count) for count in shelves[1:]) == PHOTOS + 1, "with the damaged file"


@pytest.mark.timeout(200)
def test_a_shelf_opens_and_its_address_opens_it_again(page: Page, tagged: str) -> None:
    show(page, tagged)
    shelf = page.locator(".shelf:not([disabled])").nth(1)
    name = shelf.get_attribute("data-name")
    count = shelf.locator(".count").inner_text()
    shelf.click()
    page.wait_for_url(re.compile(re.escape(urlencode({"shelf": name}))))
    expect(page.locator(".bar .count")).to_have_text(re.compile(f"^{count} photo"))
    show(page, page.url)
    expect(page.locator(f".shelf[data-name='{name}']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".bar .count")).to_have_text(re.compile(f"^{count} photo"))


@pytest.mark.timeout(200)
def test_a_shelf_whose_cover_does_not_load_shows_its_icon_alone(page: Page, tagged: str) -> None:
    page.goto(tagged)
    covers = page.locator(".shelf .photo:visible")
    expect(covers.first).to_be_visible()
    page.route("**/gallery/thumb/*", lambda route: route.fulfill(status=200, body="no picture"))
    page.goto(tagged)
    expect(page.locator(".cell.broken").first).to_be_attached()
    expect(covers).to_have_count(0)
    expect(page.locator(".shelf .icon:visible").first).to_be_visible()


@pytest.mark.timeout(200)
def test_the_unreadable_file_is_listed_with_its_reason(page: Page, tagged: str) -> None:
    show(page, tagged)
    page.locator(".shelf[data-name=unreadable]").click()
    expect(page.get_by_text("These files are left out.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()


@pytest.mark.timeout(200)
def test_a_photo_opens_large_with_bars_heatmap_and_facts(page: Page, tagged: str) -> None:
    show(page, tagged)
    page.get_by_role("option").first.click()
    large = page.get_by_role("dialog", name=re.compile("^Photo "))
    expect(large.locator(".share")).to_have_count(5)
    expect(large.locator("img.over")).to_have_class(re.compile("loaded"))
    large.press("h")
    expect(large.get_by_role("button", name=re.compile("Heatmap"))).to_have_attribute("aria-pressed", "true")
    expect(large.locator(".evidence")).to_have_text(re.compile("^(Evidence for|No evidence)"))
    large.locator(".share").nth(2).click()
    expect(large.locator(".share").nth(2)).to_have_attribute("aria-pressed", "true")
    expect(large.locator(".place")).to_have_text(f"1 / {PHOTOS}")
    page.keyboard.press("ArrowRight")
    expect(large.locator(".place")).to_have_text(f"2 / {PHOTOS}")
    page.wait_for_url(re.compile("photo="))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys in the large view")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(large).not_to_be_visible()
    page.wait_for_url(lambda url: "photo=" not in url)


@pytest.mark.timeout(200)
def test_a_correction_by_key_shows_at_once_and_is_there_after_a_reload(page: Page, tagged: str) -> None:
    show(page, tagged)
    name = first_name(page)
    badge(page, name).click()
    page.keyboard.press("0")
    large = page.get_by_role("dialog", name=f"Photo {name}")
    expect(large.locator(".tag")).to_have_text(re.compile("Elephant.*labelled by a person"))
    page.keyboard.press("Escape")
    expect(badge(page, name)).to_have_attribute("aria-label", f"{name}: Elephant, labelled by a person")
    expect(page.locator(".shelf[data-name=elephant] .count")).not_to_have_text("0")
    show(page, tagged)
    expect(badge(page, name)).to_have_attribute("aria-label", f"{name}: Elephant, labelled by a person")
    badge(page, name).click()
    expect(large.locator("dl")).to_contain_text("tester")
    page.keyboard.press("Backspace")
    expect(large.locator(".tag")).to_have_text(re.compile("by the model"))
    expect(page.locator(".shelf[data-name=elephant]")).to_have_attribute("title", re.compile("^(?!.*people)"))


@pytest.mark.timeout(200)
def test_twenty_keys_in_quick_succession_all_arrive(page: Page, tagged: str) -> None:
    show(page, tagged)
    names = [cell.get_attribute("aria-label") or "" for cell in page.get_by_role("option").all()[:20]]
    page.get_by_role("option").first.click()
    large = page.get_by_role("dialog", name=re.compile("^Photo "))
    expect(large.locator(".share")).to_have_count(5)
    large.get_by_role("checkbox", name=re.compile("Go on to the next")).check()
    for _ in names:
        page.keyboard.press("7")
    expect(large.locator(".place")).to_have_text(f"21 / {PHOTOS}")
    large.get_by_role("checkbox", name=re.compile("Go on to the next")).uncheck()
    page.keyboard.press("Escape")
    expect(page.locator(".shelf[data-name=sheep]")).to_have_attribute(
        "title", re.compile("20 labelled by people")
    )
    show(page, tagged)
    for label in names:
        name = label.partition(": ")[0]
        expect(badge(page, name)).to_have_attribute("aria-label", f"{name}: Sheep, labelled by a person")


@pytest.mark.timeout(200)
def test_a_selection_downloads_as_zip_and_as_table(page: Page, tagged: str, folder: Path) -> None:
    show(page, tagged)
    cells = page.get_by_role("option")
    cells.nth(1).click(modifiers=["ControlOrMeta"])
    cells.nth(4).click(modifiers=["Shift"])
    expect(page.locator(".selection-bar")).to_contain_text("4 selected")
    chosen = {(cells.nth(at).get_attribute("aria-label") or "").partition(": ")[0] for at in range(1, 5)}
    download = downloaded(page, page.get_by_role("button", name="Download as zip"))
    with zipfile.ZipFile(download.path()) as archive:
        entries = {Path(name).name: archive.read(name) for name in archive.namelist()}
    assert set(entries) == chosen
    assert all(entries[name] == (folder / name).read_bytes() for name in chosen), "copies, byte for byte"
    download = downloaded(page, page.get_by_role("button", name="Download CSV"))
    table = io.StringIO(Path(download.path()).read_text("utf-8-sig")).getvalue()
    assert len(table.splitlines()) == 5
    menu = page.locator(".selection-bar .menu.formats")
    page.get_by_role("button", name="More formats…").click()
    download = downloaded(page, menu.get_by_role("button", name="MegaDetector results (JSON)"))
    assert {one["file"] for one in json.loads(Path(download.path()).read_text("utf-8"))["images"]} == chosen
    page.keyboard.press("Escape")


@pytest.mark.timeout(200)
def test_two_browsers_at_once_see_each_others_labels(page: Page, browser, tagged: str) -> None:  # type: ignore[no-untyped-def]
    other = browser.new_page()
    try:
        show(page, tagged)
        show(other, tagged)
        name = first_name(page)
        badge(page, name).click()
        page.keyboard.press("8")
        expect(page.locator(".large .tag")).to_have_text(re.compile("Cow.*labelled by a person"))
        page.keyboard.press("Escape")
        expect(badge(other, name)).to_have_attribute("aria-label", f"{name}: Cow, labelled by a person")
        badge(page, name).click()
        page.keyboard.press("Backspace")
        expect(page.locator(".large .tag")).to_have_text(re.compile("by the model"))
    finally:
        other.close()


@pytest.mark.timeout(200)
def test_the_keyboard_alone_moves_selects_and_opens(page: Page, tagged: str) -> None:
    show(page, tagged)
    grid = page.get_by_role("listbox", name="Photos")
    grid.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".selection-bar")).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator(".selection-bar")).not_to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=re.compile("^Photo "))).to_be_visible()
    page.keyboard.press("Escape")
    expect(grid).to_be_focused()


@pytest.mark.timeout(200)
def test_files_are_uploaded_through_the_drop_zone(
    page: Page, tagged: str, folder: Path, tmp_path: Path
) -> None:
    photos = [*sorted(folder.glob("*.jpg"))[:3], tmp_path / "notes.txt"]
    photos[-1].write_text("no photo")
    page.goto(tagged)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator(".upload-zone input[type=file]").first.set_input_files([str(path) for path in photos])
    expect(page.get_by_role("dialog")).not_to_be_visible(timeout=30_000)
    page.wait_for_url(lambda url: url != tagged)
    expect(page.locator(".bar .count")).to_have_text(re.compile("^[23] photos"), timeout=60_000)
    page.wait_for_function(CELLS_READY)
    page.get_by_role("button", name="1 file left out: see why").click()
    expect(page.get_by_role("dialog")).to_contain_text("What the upload left out")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".st-key-collection button").first.click()
    page.get_by_text(folder.name, exact=True).last.click()
    expect(page.locator(".st-key-collection_line")).to_contain_text(f"{PHOTOS} photos in {folder.name}")


def test_a_folder_opened_before_is_opened_again_with_one_click(
    page: Page, app_url: str, tagged: str, folder: Path
) -> None:
    page.goto(app_url)
    page.get_by_role("button", name="Open a folder").first.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile(re.escape(folder.name))).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_function(CELLS_READY)
    expect(page).to_have_url(re.compile("collection="))


@pytest.mark.timeout(200)
def test_a_dialog_and_the_typed_path_outlive_the_end_of_a_tagging(
    page: Page, app_url: str, tagged: str, folder: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(folder, tmp_path / "known photos")
    page.goto(app_url)
    page.get_by_role("button", name="Open a folder").first.click()
    box = page.get_by_role("combobox", name="Folder")
    box.fill(f'"{copied}" ')
    page.get_by_role("dialog").get_by_role("button", name="Open", exact=True).click()
    expect(page.locator(".st-key-collection_line")).to_contain_text("photos in known photos")
    page.get_by_role("button", name="Open a folder").first.click()
    box.fill("/half a pa")
    expect(page.locator(".st-key-job_card")).to_contain_text("Up to date", timeout=60_000)
    expect(box).to_have_value("/half a pa")
    page.reload()
    page.get_by_role("button", name="Open a folder").first.click()
    expect(box).to_have_value("/half a pa")
