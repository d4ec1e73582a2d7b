"""A training's states on the Train page, its result, and what becomes of the new model."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from gallery.errors import JobError
from gallery.jobs.process import working
from gallery.jobs.progress import Progress
from gallery.models import ModelStore
from gallery.services import training_runs, wiring
from gallery.training.request import TrainingRequest
from gallery.training.trainings import candidate_folder
from gallery.types import JobState
from tests.apps.small_gallery import MODEL_ID, SmallGallery, model_card, open_page, texts
from tests.apps.train.owls import button, job_of, labels, training
from tests.stored_splits import read_split


def test_a_running_training_tells_how_far_it_is_and_can_be_stopped(gallery: SmallGallery) -> None:
    request = training()
    catalog, job = wiring.catalog(), job_of(request)
    with working(catalog, job) as running:
        # 2.5 epochs of 120 photos are done, 1.5 are left at 30 a second
        running.report(Progress("training", 300, 480, rate=30.0))
        page = open_page("train")  # an address without words leads to what is running
        assert not page.exception
        shown = texts(page)
        assert "epoch 3 of at most 4 · 30 photos/s · about 5 s left at most" in shown
        assert "best so far 75.0 % in epoch 2" in shown
        assert "Discard it for good" not in labels(page)
        button(page, "Stop and keep the best").click().run()
        assert catalog.cancel_requested(job.job_id)
        assert "Stopping ..." in labels(open_page("train"))


def test_an_interrupted_and_a_failed_training_can_be_resumed_or_discarded(
    gallery: SmallGallery, started: list[TrainingRequest]
) -> None:
    request = training()
    job = job_of(request)
    wiring.catalog().finish_job(job.job_id, JobState.INTERRUPTED)
    page = open_page("train", step="run")
    assert "Resume continues after the last whole epoch" in texts(page)
    button(page, "Resume").click().run()
    assert [one.model_id for one in started] == ["owls"]
    wiring.catalog().finish_job(job_of(request).job_id, JobState.FAILED, "The disk is full. Free some.")
    page = open_page("train", step="run", training="owls")
    assert "The disk is full. Free some." in texts(page)
    page = button(page, "Discard it for good").click().run()
    assert not page.exception
    assert not request.folder.exists()
    assert "Nothing has been trained yet" in texts(open_page("train", step="run"))


def test_a_training_that_cannot_be_resumed_says_why(
    gallery: SmallGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise JobError("The training process could not be started (no memory). Free some.")

    wiring.catalog().finish_job(job_of(training()).job_id, JobState.INTERRUPTED)
    monkeypatch.setattr(training_runs, "start", fail)
    page = button(open_page("train", step="run"), "Resume").click().run()
    assert not page.exception
    assert "could not be started" in page.error[0].value


@pytest.fixture
def finished(gallery: SmallGallery) -> TrainingRequest:
    """A finished training, and what it and the active model said of six photos held back.

    The new model is right on all six, the active one on one of them.
    """
    request = training()
    wiring.catalog().finish_job(job_of(request).job_id, JobState.DONE)
    card = model_card(
        "owls", class_names=("cat", "dog"), tested_on={"part": "validation", "n": 6, "accuracy": 1.0}
    )
    candidates = ModelStore(request.folder / "none", candidate_folder(request.folder))
    candidates.save(card, {"predictions/kernel": np.ones((2, 2), np.float16)})
    held = {gallery.photo_id(f"barn_owl/{number}.png"): f"barn_owl/{number}.png" for number in range(6)}
    with (request.folder / "split.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("photo_id", "path", "label", "group", "part"))
        for number, (photo_id, path) in enumerate(held.items()):
            rows.writerow((photo_id, path, "cat" if number < 3 else "dog", "g", "validation"))
    truth = {photo_id: "cat" if number < 3 else "dog" for number, photo_id in enumerate(held)}
    said = {photo_id: "cow" if number else "cat" for number, photo_id in enumerate(held)}
    for store, model_id, answers in ((candidates, "owls", truth), (wiring.models(), MODEL_ID, said)):
        name = f"{model_id}-{store.card(model_id).weights_sha256[:8]}"
        (request.folder / f"said-{name}.json").write_text(json.dumps(answers))
    return request


def test_a_new_model_is_compared_kept_and_activated(finished: TrainingRequest) -> None:
    page = open_page("train", step="run", training="owls")
    assert not page.exception
    shown = texts(page)
    assert "owls: 100.0 % correct on 6 validation photos" in shown.replace("*", "")
    numbers = {metric.label.replace("\\", ""): metric.value for metric in page.metric}
    assert numbers["New: owls"] == "100.0\u00a0%"
    assert numbers[f"Active: {MODEL_ID}"] == "16.7\u00a0%"
    assert numbers["Difference (second minus first)"] == "+83.3 points"
    kinds = page.segmented_control(key="train_differing").options
    assert kinds == [
        "Only the new one is right (5)",
        "Only the active one is right (0)",
        "Both are wrong (0)",
    ]
    assert "may be chance" in shown  # five of five: p = 2 / 2^5 = 0.0625
    assert "p = 0.062" in shown
    assert "The best epoch was chosen on these photos" in shown
    pictures = [str(one.value) for one in page.get("html") if "train-photos" in str(one.value)]
    assert pictures[-1].count("<img") == 5
    assert wiring.models().active_id() == MODEL_ID
    page = button(page, "Keep this model").click().run()
    assert not page.exception
    assert "owls" in [entry.model_id for entry in wiring.models().entries()]
    assert training_runs.run_of(finished).candidate is None
    assert wiring.models().active_id() == MODEL_ID
    page = button(page, "Use it for tagging").click().run()
    assert not page.exception
    assert wiring.models().active_id() == "owls"


def test_a_new_model_that_is_discarded_leaves_nothing_and_its_name_is_free(finished: TrainingRequest) -> None:
    page = open_page("train", step="run", training="owls")
    assert "Its model is not kept" in texts(page)
    page = button(page, "Discard it for good").click().run()
    assert not page.exception
    assert not finished.folder.exists()
    assert not wiring.models().taken("owls")


def test_photos_that_a_model_was_trained_on_are_said(
    gallery: SmallGallery, finished: TrainingRequest
) -> None:
    known = [gallery.photo_id(f"barn_owl/{number}.png") for number in range(4)]
    gallery.add_model(model_card("other"), own=True, training_photos=known)
    wiring.models().activate("other")
    sha = wiring.models().card("other").weights_sha256[:8]
    answers = dict.fromkeys(read_split(finished.folder / "split.csv"), "cat")
    (finished.folder / f"said-other-{sha}.json").write_text(json.dumps(answers))
    request = json.loads((finished.folder / "request.json").read_text())
    request["weights"] = str(wiring.models().entry("other").folder)
    (finished.folder / "request.json").write_text(json.dumps(request))
    shown = texts(open_page("train", step="run", training="owls"))
    assert "The active model was trained on 4 of these 6 photos." in shown
    assert "starting weights were trained on 4 of these 6 photos" in shown
