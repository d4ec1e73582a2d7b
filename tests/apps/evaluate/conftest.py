"""The gallery of five photos that the Evaluate page opens, and the page with them evaluated."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gallery.services import tagging as tagging_service
from tests.apps.evaluate.five_photos import SAID
from tests.apps.small_gallery import SmallGallery, open_page


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    monkeypatch.setattr(tagging_service, "start_job", lambda collection_id: gallery.tag(SAID))
    return gallery


@pytest.fixture
def gallery(empty: SmallGallery) -> SmallGallery:
    """Five photos in an Italian and an English folder; two dogs are taken for cats: 3 of 5 are right."""
    empty.add_model()
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    return empty


@pytest.fixture
def evaluated(gallery: SmallGallery) -> AppTest:
    collection = gallery.tag(SAID)
    page = open_page("evaluate", collection=str(collection.collection_id))
    assert not page.exception
    return page
