"""A real Chromium before a real server with a home of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

REPOSITORY = Path(__file__).resolve().parents[2]
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
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


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
def gallery_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the tests' server."""
    return tmp_path_factory.mktemp("gallery_home")


@pytest.fixture(scope="session")
def app_url(browser: Browser, gallery_home: Path) -> Iterator[str]:
    """The address of a running ``streamlit run app.py``."""
    with _free_port() as port:
        pass
    log = (gallery_home / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
         "--server.port", str(port), "--server.address", "127.0.0.1"],
        cwd=REPOSITORY, env={**os.environ, "GALLERY_HOME": str(gallery_home), "GALLERY_USER": "tester"},
        stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, gallery_home / "server.log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window of 1440 x 900; an error in a script of ours fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    window = context.new_page()
    window.set_default_timeout(60_000)
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    yield window
    context.close()
    assert not errors, errors


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    pytest.fail("the server did not start:\n" + log.read_text("utf-8", "replace")[-3000:])


class _free_port:
    """A port that was free a moment ago."""

    def __enter__(self) -> int:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _no_browser(reason: str) -> None:
    if os.environ.get("GALLERY_REQUIRE_BROWSER"):
        pytest.fail(f"GALLERY_REQUIRE_BROWSER is set, but {reason}")
    pytest.skip(reason)
