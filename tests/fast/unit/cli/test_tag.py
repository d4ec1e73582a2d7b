"""``tag`` and the process of its jobs: what is said, what is kept when it ends early."""

from __future__ import annotations

import signal

import numpy as np
import pytest

from gallery.services import tagging as tagging_service
from gallery.services import wiring
from gallery.types import BatchPrediction, CollectionKind, JobState
from tests.fast.unit.cli.colour_place import RED, ColourClassifier, Place, Run, text


def test_tag_says_what_it_did_and_names_what_it_could_not_read(place: Place, run: Run) -> None:
    place.labelled()
    (place.photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    (place.photos / "clip.MP4").write_bytes(b"a film")
    code, said, _ = run("tag", place.photos)
    assert code == 0
    assert list(said) == [
        "photos", "tagged", "unchanged", "skipped", "gone", "seconds", "photos_per_second", "model_id",
        "others",
    ]  # fmt: skip
    assert (said["photos"], said["tagged"], said["unchanged"], said["model_id"]) == (5, 4, 0, "colours")
    assert said["others"] == {"video (.mp4)": 1}
    (skipped,) = said["skipped"]
    assert skipped["path"] == str(place.photos / "broken.jpg")
    assert skipped["reason"] == "damaged or truncated"
    assert skipped["detail"]


def test_tagging_again_finds_everything_unchanged(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    _, said, _ = run("tag", place.photos)
    assert (said["tagged"], said["unchanged"]) == (0, 4)


def test_tag_without_json_prints_a_sentence_and_a_bar_on_standard_error(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.labelled()
    code, out, err = text(place, capsys, "tag", place.photos)
    assert code == 0
    assert "4 photos, 4 tagged now with colours" in out
    assert "4/4" in err


def test_ctrl_c_ends_after_the_batch_and_keeps_it(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(ColourClassifier):
        def classify(self, images: np.ndarray) -> BatchPrediction:
            signal.raise_signal(signal.SIGINT)
            return super().classify(images)

    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: Interrupted())
    for n in range(40):
        place.photo(f"{n:02}.png", RED, side=n + 8)
    before = signal.getsignal(signal.SIGINT)
    code, said, err = run("tag", place.photos)
    assert code == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert "Stopping; what is tagged is kept" in err
    assert 0 < said["tagged"] < 40
    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: ColourClassifier())
    _, rest, _ = run("tag", place.photos)
    assert rest["tagged"] == 40 - said["tagged"]


def test_a_second_ctrl_c_stops_at_once_without_a_traceback(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(ColourClassifier):
        def classify(self, images: np.ndarray) -> BatchPrediction:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not reached")

    monkeypatch.setattr(wiring, "load_classifier", lambda models, model_id: Stuck())
    place.labelled()
    code, said, err = run("tag", place.photos)
    assert (code, said) == (130, {"error": "stopped"})
    assert "Traceback" not in err


def test_the_child_process_runs_the_jobs_that_wait(place: Place) -> None:
    place.labelled()
    with place.catalog() as catalog:
        collection = catalog.add_collection(place.photos.resolve(), CollectionKind.FOLDER)
        job = catalog.queue_job(collection.collection_id, "colours")
    assert tagging_service.run_waiting_jobs(place.settings) == 1
    with place.catalog() as catalog:
        done = catalog.job(job.job_id)
        assert (done.state, done.tagged, done.total) == (JobState.DONE, 4, 4)


def test_photos_that_left_the_folder_are_told_where_the_job_is_shown(place: Place, run: Run) -> None:
    place.labelled()
    run("tag", place.photos)
    next(place.photos.rglob("*.png")).unlink()
    with place.catalog() as catalog:
        (collection,) = catalog.collections()
        job = catalog.queue_job(collection.collection_id, "colours")
    tagging_service.run_waiting_jobs(place.settings)
    with place.catalog() as catalog:
        done = catalog.job(job.job_id)
        assert done.state is JobState.DONE
        assert done.message == "1 photo that was here is gone; its labels are kept."


def test_a_job_whose_model_is_gone_fails_with_its_sentence(place: Place) -> None:
    place.labelled()
    with place.catalog() as catalog:
        collection = catalog.add_collection(place.photos.resolve(), CollectionKind.FOLDER)
        job = catalog.queue_job(collection.collection_id, "no-such-model")
    tagging_service.run_waiting_jobs(place.settings)
    with place.catalog() as catalog:
        failed = catalog.job(job.job_id)
        assert failed.state == JobState.FAILED
        assert "There is no model called 'no-such-model'" in str(failed.message)
