"""Axe-core over every page, light and dark: no serious and no critical violation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.drawn_app import DrawnApp, served, settle, stand_still, visit
from tests.e2e.server import Server

NOT_OURS: dict[str, str] = {}
"""Selectors of elements that Streamlit draws and no page can mend, each with the reason."""


@pytest.fixture(scope="module")
def app(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnApp]:
    with served(server, tmp_path_factory.mktemp("accessibility")) as app:
        yield app


def addresses(app: DrawnApp) -> dict[str, str]:
    photo = app.gallery.photo_id("dog/2.png")
    return {
        "browse": f"{app.url}/",
        "review": f"{app.url}/review",
        "explain": f"{app.url}/explain?photo={photo}&class=cow",
        "evaluate": f"{app.url}/evaluate?collection={app.collection_id}",
        "evaluate, choosing": f"{app.url}/evaluate",
        "train": f"{app.url}/train",
        "models": f"{app.url}/models",
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["browse", "review", "explain", "evaluate", "evaluate, choosing", "train", "models"]
)
def test_a_page_has_no_serious_violation(page: Page, app: DrawnApp, name: str, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    visit(page, addresses(app)[name])
    stand_still(page)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_charts_and_the_matrices_have_no_serious_violation(page: Page, app: DrawnApp, theme: Any) -> None:
    page.emulate_media(color_scheme=theme)
    visit(page, addresses(app)["evaluate"])
    for role, part in (
        ("tab", "Confidence"),
        ("radio", "Precision, recall and ROC"),
        ("tab", "By site, time, quality"),
    ):
        page.get_by_role(role, name=part, exact=True).click()
        page.get_by_role("slider").last.wait_for()
        settle(page)
        assert violations(page, "evaluate_tabs") == [], part
    visit(page, addresses(app)["models"])
    page.get_by_text("Confusion matrix (").first.click()
    page.locator("table[aria-label^='Confusion matrix']").wait_for()
    settle(page)
    assert violations(page) == []


def violations(page: Page, *containers: str) -> list[str]:
    """Serious and critical violations, one line an element.

    Args:
        page: stands still.
        containers: keys of those that are new to the checks; the whole page if none are given.
    """
    inside = {"include": [[f".st-key-{key}"] for key in containers]} if containers else {}
    found = Axe().run(
        page,
        context={"exclude": [[selector] for selector in NOT_OURS], **inside},
        options={"resultTypes": ["violations"]},  # of what is right it need not name every element
    )
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:300]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
