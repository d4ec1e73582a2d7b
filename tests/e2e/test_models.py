"""Models in a real browser: choosing one, and what follows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from tests.e2e.drawn_app import DrawnApp, cell, scrolls_sideways, served, settle, visit
from tests.e2e.server import Server
from tests.e2e.test_accessibility import violations


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(server, tmp_path_factory.mktemp("models")) as app:
        yield app


@pytest.fixture(autouse=True)
def opened(page: Page, app: DrawnApp) -> None:
    page.set_viewport_size({"width": 1000, "height": 900})
    visit(page, f"{app.url}/models")


def test_every_model_has_a_card_with_its_state(page: Page) -> None:
    expect(page.get_by_role("heading", name="Model drawn-vgg16")).to_be_visible()
    expect(page.get_by_role("heading", name="Model second-model")).to_be_visible()
    expect(page.get_by_text("Weights verified")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"Active$"))).to_have_count(1)
    assert not scrolls_sideways(page)


def test_the_matrix_of_the_test_photos_unfolds(page: Page) -> None:
    page.get_by_text("Confusion matrix (").first.click()
    expect(cell(page, "model_matrix_drawn-vgg16", 0, 0)).to_be_visible()


def test_what_a_button_has_done_is_said(page: Page) -> None:
    page.get_by_role("button", name="Verify weights").last.click()
    expect(page.get_by_text("match its card")).to_be_visible()
    assert violations(page) == []


def test_using_another_model_is_kept_over_a_reload_and_offers_to_tag(page: Page) -> None:
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_text("has 6 photos that Model second-model has not tagged")).to_be_visible()
    settle(page)
    page.reload()
    expect(page.get_by_text("has 6 photos that Model second-model has not tagged")).to_be_visible()
    page.get_by_role("button", name="Use this model").click()
    expect(page.get_by_role("button", name="Tag them now")).to_have_count(0)


def test_on_a_narrow_window_the_menu_begins_closed(page: Page, app: DrawnApp) -> None:
    page.set_viewport_size({"width": 700, "height": 900})
    visit(page, f"{app.url}/models")
    page.get_by_text("Confusion matrix (").first.click()  # refused where something lies over it
    expect(cell(page, "model_matrix_drawn-vgg16", 0, 0)).to_be_visible()
    assert not scrolls_sideways(page)
