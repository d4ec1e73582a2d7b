"""A gallery of drawn photos, with jobs that are queued and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.services import tagging, wiring
from gallery.types import Job
from tests.apps.small_gallery import MODEL_ID, SmallGallery


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """A cat and a dog that a model has tagged."""

    def queue(collection_id: int, model_id: str | None = None) -> Job:
        return wiring.catalog().queue_job(collection_id, model_id or MODEL_ID)

    monkeypatch.setattr(tagging, "start_job", queue)
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    made.draw("trip/a.png", (200, 30, 40))
    made.draw("trip/b.png", (20, 130, 40))
    made.tag({"trip/a.png": {"cat": 0.9}, "trip/b.png": {"dog": 0.8}})
    return made
