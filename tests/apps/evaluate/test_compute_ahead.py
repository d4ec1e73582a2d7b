"""What Evaluate computes before its slow tabs are opened, and when it does not."""

from __future__ import annotations

import threading

import pytest

from gallery.evaluation import LabelSource
from gallery.services import evaluate, wiring
from gallery.types import JobState
from tests.apps.evaluate.five_photos import SAID
from tests.apps.small_gallery import MODEL_ID, SmallGallery, open_page


def test_of_many_photos_the_slow_tabs_are_computed_before_they_are_opened(
    empty: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "MANY", 1)
    monkeypatch.setattr(evaluate, "FIRST_S", 0.0)
    for shade, path in enumerate(SAID):
        empty.draw(path, (30 * shade, 90, 200))
    empty.add_model(training_photos=[empty.photo_id("Cats/2.png")])
    collection = empty.tag(SAID)
    open_page("evaluate", collection=str(collection.collection_id))
    for thread in threading.enumerate():
        if thread.name == "compute-ahead":
            thread.join(30)
    shown = evaluate.find(collection.collection_id, MODEL_ID, LabelSource.FOLDERS).unseen
    assert shown.report.n == 4, "what is shown is looked at: without the photo that was trained on"
    assert "slices" in vars(shown)
    assert {"curves", "bins_after", "coverage", "suspects"} <= set(vars(shown.diagnosis))
    assert set(shown.diagnosis._area_intervals) == {0, 1}  # dog and cat


def test_nothing_is_computed_ahead_of_few_photos_or_while_a_tagging_runs(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(evaluate, "_compute_parts", begun.append)
    monkeypatch.setattr(evaluate, "_newest", [])
    collection = gallery.tag(SAID)
    folder = evaluate.find(collection.collection_id, MODEL_ID, LabelSource.FOLDERS)
    evaluate.compute_ahead(folder)
    assert not begun
    monkeypatch.setattr(evaluate, "MANY", 1)
    job = wiring.catalog().queue_job(collection.collection_id, MODEL_ID)
    evaluate.compute_ahead(folder)
    assert not begun
    wiring.catalog().finish_job(job.job_id, JobState.DONE)
    evaluate.compute_ahead(folder)
    evaluate.compute_ahead(folder)  # as on the next run of the page
    for thread in threading.enumerate():
        if thread.name == "compute-ahead":
            thread.join(30)
    assert begun == [folder]
