"""From a cell to its photos to a verdict to the changed matrix, in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from gallery.services import wiring
from tests.e2e.drawn_app import DrawnApp, click_cell, downloaded, open_tab, served, settle
from tests.e2e.server import Server
from tests.e2e.test_accessibility import violations

SAID = {
    "dog/1.png": {"dog": 0.9, "cat": 0.1},
    "dog/2.png": {"cat": 0.98, "dog": 0.02},  # suspicious: most of its neighbours are cats
    "dog/3.png": {"cat": 0.95, "dog": 0.05},  # suspicious too
    "cat/1.png": {"cat": 0.9, "dog": 0.1},
    "cat/2.png": {"cat": 0.9, "dog": 0.1},
    "cat/3.png": {"cat": 0.9, "dog": 0.1},
    "cat/4.png": {"cat": 0.9, "dog": 0.1},
    "cat/5.png": {"dog": 0.6, "cat": 0.4},
}
DOG, CAT = 0, 1
TAB = "Labels"
SLOW_MS = 90_000
"""A busy machine of two cores needs half a minute for the first page; nothing here waits without need."""

pytestmark = [pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GALLERY_USER", "tester")
        with served(server, tmp_path_factory.mktemp("verdicts"), SAID) as app:
            yield app


@pytest.fixture(autouse=True)
def nothing_said_yet(app: DrawnApp) -> None:
    catalog = wiring.catalog()
    for photo_id, label in catalog.standing_verdicts():
        while catalog.take_back_verdict(photo_id, label, person="tester"):
            pass


def given(app: DrawnApp) -> dict[str, tuple[str, str | None]]:
    """The verdicts that stand, by the photos' paths below the folder."""
    paths = {app.gallery.photo_id(path): path for path in SAID}
    return {
        paths[photo]: (one.verdict.value, one.other)
        for (photo, _), one in wiring.catalog().standing_verdicts().items()
    }


def open_desk(page: Page, app: DrawnApp, which: str | None = None) -> Any:
    """Open the tab, and the desk with all contradicted labels if asked."""
    page.set_default_timeout(SLOW_MS)
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(f"{app.url}/evaluate?collection={app.collection_id}")
    open_tab(page, TAB)
    desk = page.locator(".verdict-panel")
    expect(desk).to_be_visible()
    if which:
        page.get_by_role("button", name=which).or_(page.get_by_role("radio", name=which)).first.click()
    return desk


def expect_kept(page: Page, judged: str) -> None:
    expect(page.get_by_text(judged, exact=True)).to_be_visible()
    expect(page.get_by_text("all saved", exact=True)).to_be_visible()


def test_from_a_cell_to_its_photos_to_a_verdict_to_the_changed_matrix(page: Page, app: DrawnApp) -> None:
    page.set_default_timeout(SLOW_MS)
    page.set_viewport_size({"width": 1440, "height": 1500})
    page.goto(f"{app.url}/evaluate?collection={app.collection_id}")
    click_cell(page, "evaluate_confusion", CAT, DOG, "True Cat, predicted Dog: 1 photo")
    settle(page)
    click_cell(page, "evaluate_confusion", DOG, CAT, "True Dog, predicted Cat: 2 photos")
    page.get_by_role("button", name="Review these labels").click()
    desk = page.locator(".verdict-panel")
    expect(desk).to_be_in_viewport()
    expect(page.get_by_text("0 of 2 reviewed")).to_be_visible()
    expect(desk.locator("img.over.loaded")).to_have_count(1)
    expect(desk.locator(".near li > img")).to_have_count(7)
    expect(desk.get_by_text("Of the 7 nearest photos: 5 Cat, 2 Dog.")).to_be_visible()
    desk.focus()
    page.keyboard.press("l")
    expect_kept(page, "1 of 2 reviewed")
    expect(
        page.get_by_text("Changed cells: true Dog, predicted Cat: 2 → 1; true Cat, correct: 4 → 5")
    ).to_be_visible()
    expect(page.get_by_text("1 label wrong. 1 photo moved to another class, 0 left out.")).to_be_visible()
    expect(page.get_by_text("After the verdicts (75.0 % of 8)")).to_be_visible()  # 5 of 8 were right before
    click_cell(page, "evaluate_judged_after", CAT, CAT, "After the verdicts: true Cat, correct: 5 photos")
    assert given(app) == {"dog/2.png": ("label wrong", "cat")}
    assert (app.gallery.photos / "dog" / "2.png").is_file()

    page.reload()
    open_tab(page, TAB)
    expect(page.get_by_text("1 of 2 reviewed")).to_be_visible()
    expect(page.get_by_text("Accuracy after the verdicts")).to_be_visible()
    expect(page.get_by_text("2 → 1")).to_be_visible()


def test_rapid_keys_all_arrive_and_are_taken_back_in_their_order(page: Page, app: DrawnApp) -> None:
    open_desk(page, app, "All 3 contradicted")
    expect(page.get_by_text("0 of 3 reviewed")).to_be_visible()
    page.locator(".verdict").first.focus()  # as after Tab: the button goes with its photo, the keys stay
    for key in ("l", "b", "m"):
        page.keyboard.press(key)
    expect_kept(page, "3 of 3 reviewed")
    assert given(app) == {
        "dog/2.png": ("label wrong", "cat"),
        "dog/3.png": ("both animals in it", "cat"),
        "cat/5.png": ("model wrong", None),
    }
    for key in ("Control+z", "Control+z", "u"):  # back to the second, which nobody can tell after all
        page.keyboard.press(key)
    expect_kept(page, "2 of 3 reviewed")
    assert given(app) == {"dog/2.png": ("label wrong", "cat"), "dog/3.png": ("cannot tell", None)}

    page.reload()  # what was said before can be taken back in a new window too
    open_tab(page, TAB)
    expect(page.get_by_text("2 of 2 reviewed")).to_be_visible()  # of those that are probably wrong
    page.locator(".verdict-panel").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.get_by_text("0 of 2 reviewed")).to_be_visible()
    expect(page.get_by_text("None yet: both numbers are the same.")).to_be_visible()
    assert given(app) == {}


def test_arrows_move_and_never_decide_and_other_keys_stay_with_the_desk(page: Page, app: DrawnApp) -> None:
    desk = open_desk(page, app)
    desk.focus()
    expect(desk.get_by_text("1 / 2", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(desk.get_by_text("2 / 2", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(desk.get_by_text("1 / 2", exact=True)).to_be_visible()
    for key in ("c", "r", "h", "?"):  # c and r are Streamlit's own; h and ? the desk's
        page.keyboard.press(key)
    expect(page.get_by_text("Keys for verdicts")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(desk.locator("img.heat[src]")).to_have_count(1)
    expect(page.get_by_text("0 of 2 reviewed")).to_be_visible()
    assert given(app) == {}


def test_the_mouse_gives_every_verdict_too_and_the_table_has_them(page: Page, app: DrawnApp) -> None:
    desk = open_desk(page, app, "All 3 contradicted")
    expect(page.get_by_text("0 of 3 reviewed")).to_be_visible()
    desk.get_by_role("button", name="Sheep").click()  # neither the label nor what is predicted
    expect_kept(page, "1 of 3 reviewed")
    desk.get_by_role("button", name="Cannot tell").click()
    expect_kept(page, "2 of 3 reviewed")
    desk.get_by_role("button", name="None of these").click()
    expect_kept(page, "3 of 3 reviewed")
    desk.get_by_role("button", name="Undo").click()
    expect_kept(page, "2 of 3 reviewed")
    desk.get_by_role("button", name="Both animals in it").click()
    expect_kept(page, "3 of 3 reviewed")
    expect(desk.get_by_role("button", name="Both animals in it")).to_have_attribute("aria-pressed", "true")
    settle(page)
    download = downloaded(page, page.get_by_role("button", name="Verdicts (CSV)"))
    rows = list(csv.DictReader(io.StringIO(download.path().read_text("utf-8-sig"))))
    found = {(Path(row["path"]).name, row["verdict"]): row["label_after"] for row in rows}
    assert found == {
        ("2.png", "label wrong"): "sheep",
        ("3.png", "cannot tell"): "",
        ("5.png", "both animals in it"): "cat",
    }
    assert {row["person"] for row in rows} == {"tester"}


def test_digits_set_the_right_class_and_the_label_itself_means_that_the_model_is_wrong(
    page: Page, app: DrawnApp
) -> None:
    desk = open_desk(page, app)
    desk.focus()
    page.keyboard.press("7")
    page.keyboard.press("1")
    expect_kept(page, "2 of 2 reviewed")
    assert given(app) == {"dog/2.png": ("label wrong", "sheep"), "dog/3.png": ("model wrong", None)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_desk_has_no_serious_violation(page: Page, app: DrawnApp, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    desk = open_desk(page, app)
    desk.focus()
    page.keyboard.press("l")
    expect_kept(page, "1 of 2 reviewed")
    settle(page)
    assert violations(page) == []
