"""A real Chromium, and a server a worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)


def chromium_path() -> str | None:
    """Return where a Chromium is: as GALLERY_CHROMIUM says, on the path, or Playwright's own."""
    named = os.environ.get("GALLERY_CHROMIUM")
    if named:
        return named
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium; the tests skip where there is none, unless GALLERY_REQUIRE_BROWSER is set."""
    try:
        from playwright.sync_api import Error, expect, sync_playwright
    except ImportError:
        _no_browser("Playwright is not installed (pip install -r requirements-dev.txt)")
    expect.set_options(timeout=20_000)  # a busy machine of two cores answers late, but it answers
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        except Error as error:
            _no_browser(f"no Chromium starts here; set GALLERY_CHROMIUM to one ({error.message[:200]})")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started once for all files of a worker; each file shows it a home of its own."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    with serving("tests/e2e/served_app.py", log) as url:
        yield Server(url)


BLOWN_UP = """icons => icons.filter(icon => icon.getBoundingClientRect().width > 48)
    .map(icon => icon.parentElement.outerHTML.slice(0, 300))"""
"""No class icon is drawn wider than 48 px."""

BROKEN = """pictures => pictures.filter(picture => picture.complete && !picture.naturalWidth)
    .map(picture => picture.src)"""
"""Pictures from Streamlit's store that the page shows broken."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window of 1440 x 900.

    A script's error, one that the browser logs, a blown-up icon and a broken picture fail the test.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    window = context.new_page()
    window.set_default_timeout(60_000)
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    window.on("console", lambda message: _is_ours(message) and errors.append(_told(message)))
    yield window
    blown_up = [] if window.is_closed() else window.locator("img.icon").evaluate_all(BLOWN_UP)
    broken = [] if window.is_closed() else window.locator('img[src*="/media/"]').evaluate_all(BROKEN)
    context.close()
    assert not errors, errors
    assert not broken, broken
    assert not blown_up, f"class icons drawn over the width of what they stand in: {blown_up}"


def _told(message: ConsoleMessage) -> str:
    """Return what the browser logs, and of which address."""
    return f"{message.text} {message.location.get('url', '')}"


def _is_ours(message: ConsoleMessage) -> bool:
    """Whether the browser logs an error of ours.

    Not ours: Streamlit's first question below a page's address, and a picture that it has dropped because
    the page that showed it was left meanwhile. One that still stands on the page is found by `BROKEN`.
    """
    address = message.location.get("url", "")
    return message.type == "error" and "/_stcore/" not in address and "/media/" not in address


def _no_browser(reason: str) -> None:
    if os.environ.get("GALLERY_REQUIRE_BROWSER"):
        pytest.fail(f"GALLERY_REQUIRE_BROWSER is set, but {reason}")
    pytest.skip(reason)
