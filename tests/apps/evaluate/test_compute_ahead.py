"""What Evaluate computes before its slow tabs are opened, and when it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gallery.evaluation import Evaluation, LabelSource
from gallery.jobs.task import State
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
    assert all(task.wait(30) for task in wiring.tasks().kept(evaluate.AHEAD))
    shown = evaluate.find(collection.collection_id, MODEL_ID, LabelSource.FOLDERS).unseen
    assert shown.report.n == 4, "what is shown is looked at: without the photo that was trained on"
    assert "slices" in vars(shown)
    assert {"curves", "bins_after", "coverage", "suspects"} <= set(vars(shown.diagnosis))
    assert set(shown.diagnosis._area_intervals) == {0, 1}  # dog and cat


def test_nothing_is_computed_ahead_of_few_photos_or_while_a_tagging_runs(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(evaluate, "_compute_parts", lambda shown, tell: begun.append(shown))
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
    assert all(task.wait(30) for task in wiring.tasks().kept(evaluate.AHEAD))
    assert begun == [folder]


def test_what_another_evaluation_replaces_is_computed_no_further(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def parts(shown: Evaluation) -> Iterator[object]:
        reached.set()
        yield go_on.wait(20)

    monkeypatch.setattr(evaluate, "MANY", 1)
    monkeypatch.setattr(evaluate, "FIRST_S", 0.0)
    monkeypatch.setattr(evaluate, "_parts_in_order", parts)
    collection = gallery.tag(SAID)
    folder = evaluate.find(collection.collection_id, MODEL_ID, LabelSource.FOLDERS)
    evaluate.compute_ahead(folder)
    assert reached.wait(20)
    (first,) = wiring.tasks().kept(evaluate.AHEAD)
    evaluate.compute_ahead(folder.only(range(2)))
    go_on.set()
    (second,) = wiring.tasks().kept(evaluate.AHEAD)
    assert first.wait(20)
    assert second.wait(20)
    assert (first.state, second.state) == (State.STOPPED, State.DONE)
