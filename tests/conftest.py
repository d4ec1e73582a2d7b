"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.counts import EXAMPLES

REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST_FIRST = ("e2e", "ml", "research", "apps", "fast")
"""Folders in the order in which workers take their files: the short ones fill the end."""

hypothesis.settings.register_profile(  # a busy machine is slow at times, which is no fault of the code
    "gallery",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    max_examples=EXAMPLES,
)
hypothesis.settings.load_profile("gallery")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((at for at, name in enumerate(LONGEST_FIRST) if name in item.path.parts), -1)

    items.sort(key=place)


def _data_folder() -> Path | None:
    named = os.environ.get("GALLERY_TEST_DATA")
    for folder in ([Path(named)] if named else []) + [REPOSITORY.parent / "shared" / "data"]:
        if (folder / "photos.csv").is_file():
            return folder
    return None


@pytest.fixture(autouse=True)
def _home_stays() -> Iterator[None]:
    """A command's ``--home`` is its process's: no later test may see it."""
    before = os.environ.get("GALLERY_HOME")
    yield
    if before is None:
        os.environ.pop("GALLERY_HOME", None)
    else:
        os.environ["GALLERY_HOME"] = before


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def formats_of_the_field() -> Path:
    """Schemas and an example package of the field's formats, which lie beside the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "formats"
    if not folder.is_dir():
        pytest.skip("the schemas of Camtrap DP are not here: ../shared/formats")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The team's labelled photos; tests that use it are marked `real_photos`."""
    folder = _data_folder()
    if folder is None:
        if os.environ.get("GALLERY_REQUIRE_REAL_PHOTOS"):
            pytest.fail("GALLERY_REQUIRE_REAL_PHOTOS is set, but there is no folder of real photos")
        pytest.skip("no real photos here: set GALLERY_TEST_DATA to a folder with photos.csv")
    return folder
