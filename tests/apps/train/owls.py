"""Drawn owls to train on: their data set, a training of them, and the Train page as tests use it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from gallery.jobs.process import claim_named
from gallery.services import training_sets, wiring
from gallery.training.data_sets import DataSet
from gallery.training.history import Epoch, write_history
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.types import Job, JobKind
from gallery.ui.components import folder_box
from tests.apps.small_gallery import open_page


def draw(path: Path, number: int) -> Path:
    """Write a picture unlike that of any other number."""
    cells = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells.repeat(12, 0).repeat(12, 1)).save(path)
    return path


def looked_at(chosen: DataSet) -> None:
    """Wait for the inspection of a set."""
    assert training_sets.inspection(chosen).wait(60)


def give_path(monkeypatch: pytest.MonkeyPatch, path: object) -> AppTest:
    """Open the page and give it a path, once, as the folder box does."""
    given = [str(path)]
    monkeypatch.setattr(folder_box, "show", lambda **_: given.pop() if given else None)
    page = open_page("train")
    assert not page.exception
    return page


def button(page: AppTest, label: str) -> Any:
    return next(one for one in page.button if one.label == label)


def labels(page: AppTest) -> list[str]:
    return [one.label for one in page.button]


def recipe_page(chosen: DataSet) -> AppTest:
    page = open_page("train", set=chosen.set_id, step="recipe")
    assert not page.exception
    return page


def draft(chosen: DataSet) -> Any:
    found = training_sets.read_draft(chosen)
    assert found is not None
    return found


def training(name: str = "owls", **changes: Any) -> TrainingRequest:
    """A training of the home whose process is gone."""
    here = wiring.settings()
    request = TrainingRequest(
        data=here.home.parent / "photos",
        recipe=recipe_named("cnn-small").changed(epochs=4, batch=10),
        weights="none",
        model_id=name,
        folder=here.trainings / name,
        cache=here.training_cache,
    )
    request = dataclasses.replace(request, **changes)
    remember(request)
    rows = [Epoch(1, 1.5, 0.5, 1.2, 0.55, 1e-3, 4.0), Epoch(2, 0.9, 0.7, 0.8, 0.75, 1e-3, 4.0)]
    write_history(request.folder / "history.csv", rows)
    return request


def job_of(request: TrainingRequest, kind: JobKind = JobKind.TRAINING) -> Job:
    """The job of a training or a search, at work in this process."""
    wiring.catalog().queue_job(None, request.folder.name, kind=kind)
    job = claim_named(wiring.catalog(), kind, request.folder.name)
    assert job is not None
    return job
