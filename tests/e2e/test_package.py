"""The wheel holds the whole app: what is installed from it shows the pages, the theme and the models."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

from tests.e2e.drawn_app import visit
from tests.e2e.server import REPOSITORY, free_port, wait_for

PROGRAM = "import sys; from gallery.cli import smart_gallery; sys.exit(smart_gallery())"
FOREIGN = """[server]
address = "0.0.0.0"
[theme.light]
primaryColor = "#ff0000"
backgroundColor = "#ffff00"
"""


def environment() -> dict[str, str]:
    """This process's environment without what it says to the app."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GALLERY_")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what pip installs of this package."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    wheel.unlink()
    return folder / "site-packages"


@pytest.fixture(scope="module")
def port(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the installed program answers that was started in a folder with settings of its own."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".streamlit").mkdir()
    (elsewhere / ".streamlit" / "config.toml").write_text(FOREIGN, "utf-8")
    number, log = free_port(), elsewhere / "log"
    options = ["--server.port", str(number), "--server.headless", "true"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *options],
            cwd=elsewhere,
            env={**environment(), "PYTHONPATH": str(installed), "GALLERY_HOME": str(elsewhere / "home")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(f"http://127.0.0.1:{number}", process, log)
        yield number
    finally:
        process.kill()
        process.wait()


def test_the_installed_program_opens_the_app_with_its_theme_and_its_models(page: Page, port: int) -> None:
    visit(page, f"http://127.0.0.1:{port}/models")
    expect(page.get_by_role("heading", name=re.compile("^Ten animals"))).to_have_count(2, timeout=60_000)
    colour = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert colour == "rgb(255, 255, 255)"


def test_it_listens_on_this_machine_only(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        pass
    if sys.platform != "linux":
        pytest.skip("only Linux has a second address of this machine that needs no network")
    with pytest.raises(ConnectionRefusedError):  # 0.0.0.0 would answer here
        socket.create_connection(("127.0.0.2", port), timeout=10).close()


def test_its_command_line_finds_the_models_inside(installed: Path, tmp_path: Path) -> None:
    def printed(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", *words],
            cwd=tmp_path, env={**environment(), "PYTHONPATH": str(installed)},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert printed(PROGRAM, "learn", "--help").startswith("usage: smart-gallery learn")
    asked = "from gallery.settings import Settings; print(Settings.from_environment().shipped_models)"
    store = Path(printed(asked).strip())
    assert store == (installed / "gallery" / "site" / "model_store").resolve()
    assert [one.name for one in sorted(store.iterdir()) if one.is_dir()] == [
        one.name for one in sorted((REPOSITORY / "model_store").iterdir()) if one.is_dir()
    ]
