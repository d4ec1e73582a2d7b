"""The frame: which pages there are, and the one place where errors become sentences."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.errors import CatalogError
from gallery.services import wiring
from gallery.ui import frame
from tests.apps.small_gallery import REPOSITORY, SmallGallery, texts


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    return SmallGallery.make(tmp_path, monkeypatch)


def open_app() -> AppTest:
    return AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=30).run()


def test_the_app_opens_on_browse(gallery: SmallGallery) -> None:
    app = open_app()
    assert not app.exception
    assert "Open a folder and see it sorted" in texts(app)


def test_every_page_that_has_a_file_is_in_the_navigation(gallery: SmallGallery) -> None:
    files = {path.stem for path in (REPOSITORY / "pages").glob("*.py")}
    assert files <= set(frame.PAGES), "a page without a title"
    assert {"browse", "explain", "evaluate", "models"} <= files


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "pages").glob("*.py")))
def test_every_page_opens_in_an_empty_home(gallery: SmallGallery, name: str) -> None:
    page = open_app().switch_page(f"pages/{name}.py").run()
    assert not page.exception
    assert not page.error


def test_an_error_of_the_gallery_is_one_sentence_with_its_remedy(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise CatalogError("The catalog [x] is locked. Close the other program.")

    monkeypatch.setattr(wiring, "catalog", broken)
    page = open_app()
    assert not page.exception
    assert [error.value.replace("\\", "") for error in page.error] == [
        "The catalog [x] is locked. Close the other program."
    ]


def test_a_bug_is_logged_with_its_traceback_and_shown_as_a_sentence(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr(wiring, "catalog", broken)
    page = open_app()
    assert not page.exception
    (error,) = page.error
    assert "Something went wrong that should not have" in error.value
    assert "secret" not in error.value
    log = gallery.folder / "home" / "logs" / "gallery.log"
    assert str(log) in error.value.replace("\\", "")
    logged = log.read_text("utf-8")
    assert "Traceback" in logged
    assert "ZeroDivisionError: a secret detail" in logged
    _close_logs()


def test_a_damaged_catalog_is_a_sentence_not_a_traceback(gallery: SmallGallery) -> None:
    folder = gallery.folder / "home" / "catalog"
    folder.mkdir(parents=True)
    (folder / "catalog.sqlite3").write_bytes(b"this is no database" * 100)
    page = open_app()
    assert not page.exception
    assert len(page.error) == 1
    assert "Something went wrong" not in page.error[0].value


def _close_logs() -> None:
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("gallery.ui."):
            logger = logging.getLogger(name)
            for handler in list(logger.handlers):
                handler.close()
                logger.removeHandler(handler)
