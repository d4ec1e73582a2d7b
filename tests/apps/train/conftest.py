"""The owls in a gallery, opened as a data set, and what was asked to start training on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.services import training_runs, training_sets
from gallery.training.data_sets import DataSet
from gallery.training.request import TrainingRequest, remember
from tests.apps.small_gallery import SmallGallery
from tests.apps.train.owls import draw, looked_at

PER_CLASS = 8


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """Eight owls and sixteen of another kind, an empty file, and a model."""
    gallery = SmallGallery.make(tmp_path, monkeypatch)
    gallery.add_model()
    for number in range(PER_CLASS):
        draw(gallery.photos / "barn_owl" / f"{number}.png", number)
        for more in (100, 200):
            draw(gallery.photos / "tawny_owl" / f"{number + more}.png", number + more)
    (gallery.photos / "barn_owl" / "empty.png").touch()
    return gallery


@pytest.fixture
def opened(gallery: SmallGallery) -> DataSet:
    """The owls, opened and looked at."""
    chosen = training_sets.open_set(gallery.photos)
    looked_at(chosen)
    return chosen


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[TrainingRequest]:
    """What was asked to start; no process is."""
    asked: list[TrainingRequest] = []

    def start(request: TrainingRequest, *, trials: int | None = None) -> None:
        remember(request)
        asked.append(request)

    monkeypatch.setattr(training_runs, "start", start)
    return asked
