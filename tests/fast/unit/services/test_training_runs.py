"""Trainings as pages see them, with child processes that only pretend to train."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gallery.datasets.split import SplitPlan
from gallery.errors import JobError, TrainingError
from gallery.jobs.process import claim_named, job_named, working
from gallery.jobs.progress import Progress
from gallery.services import training_runs, training_sets, wiring
from gallery.training.history import Epoch, write_history
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.trainings import TrainingRun, candidate_folder
from gallery.types import JobKind, JobState

SEARCHES = """
import sys
from pathlib import Path
from gallery.jobs.process import claim_named, working
from gallery.services import training_sets, wiring
from gallery.settings import Settings
assert sys.argv[1::2] == ['--home', '--training'], sys.argv
home, name = sys.argv[2::2]
with wiring.composed(Settings.from_environment(Path(home))) as parts:
    from gallery.training.request import TrainingRequest
    request = TrainingRequest.from_folder(Path(home) / 'trainings' / name, cache=Path(home))
    job = claim_named(parts.catalog, request.kind, name)
    print('claimed', job and (str(job.kind), job.model_id))
    with working(parts.catalog, job):
        pass
"""
"""What ``train-job`` does, without the training."""

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("GALLERY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GALLERY_MODEL_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("GALLERY_ROOTS", raising=False)
    return wiring.settings().home


def asked(home: Path, name: str = "owls", *, suffix: str = "") -> TrainingRequest:
    return TrainingRequest(
        data=home / "owls",
        recipe=recipe_named("cnn-small").changed(epochs=7),
        weights=None,
        model_id=name,
        folder=home / "trainings" / f"{name}{suffix}",
        cache=home / "training_cache",
        plan=SplitPlan(0.2, 0.1, by_group=True),
    )


def run_of(request: TrainingRequest) -> TrainingRun:
    return training_runs.run_of(request)


def claim(request: TrainingRequest, kind: JobKind = JobKind.TRAINING) -> int:
    """Queue the job of a training and take it in this process."""
    remember(request)
    wiring.catalog().queue_job(None, request.folder.name, kind=kind)
    job = claim_named(wiring.catalog(), kind, request.folder.name)
    assert job is not None
    return job.job_id


@pytest.fixture
def sleeper(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a training that never gets to its work."""
    process = training_runs.start(asked(home), command=SLEEPS)
    yield process
    process.kill()
    process.wait(30)


def log(home: Path) -> str:
    return (home / "logs" / "training.log").read_text()


def test_a_request_is_found_again_as_it_was_asked(home: Path) -> None:
    request = asked(home)
    remember(request)
    assert TrainingRequest.from_folder(request.folder, cache=request.cache) == request
    (request.folder / "request.json").write_text("{}")
    with pytest.raises(TrainingError, match="no training in"):
        TrainingRequest.from_folder(request.folder, cache=request.cache)


def test_a_training_is_seen_at_work_and_then_finished(home: Path) -> None:
    request = asked(home)
    job_id = claim(request)
    write_history(request.folder / "history.csv", [Epoch(1, 1, 0.5, 1, 0.5, 1e-3, 4)])
    assert (run_of(request).state, run_of(request).live) == ("starting", True)
    with working(wiring.catalog(), wiring.catalog().job(job_id)) as running:
        running.report(Progress("preparing", 3, 9))
        assert run_of(request).state == "preparing"
        running.report(Progress("training", 200, 700, rate=50.0))
        run = run_of(request)
        assert (run.state, run.resumable, run.epoch, run.progress.remaining_s) == ("training", False, 2, 10.0)
    run = run_of(request)
    assert (run.state, run.live, run.resumable) == ("finished", False, False)
    assert [row.epoch for row in run.history] == [1]


def test_a_training_of_an_older_version_is_finished_if_its_model_waits_else_it_can_go_on(home: Path) -> None:
    request = asked(home)
    remember(request)
    assert (run_of(request).state, run_of(request).resumable) == ("interrupted", True)
    (candidate_folder(request.folder) / "owls").mkdir(parents=True)
    assert (run_of(request).state, run_of(request).candidate) == (
        "finished", candidate_folder(request.folder) / "owls",
    )  # fmt: skip


def test_a_failure_is_its_sentence_and_can_be_taken_up(home: Path) -> None:
    request = asked(home)
    job = wiring.catalog().job(claim(request))
    with pytest.raises(TrainingError), working(wiring.catalog(), job):
        raise TrainingError("The disk is full.")
    run = run_of(request)
    assert (run.state, run.message, run.resumable) == ("failed", "The disk is full.", True)


def test_all_trainings_are_listed_the_latest_first(home: Path) -> None:
    for age, name in enumerate(("new", "old")):
        remember(asked(home, name))
        file = home / "trainings" / name / "request.json"
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    (home / "trainings" / "no training").mkdir()
    assert [run.request.model_id for run in training_runs.trainings()] == ["new", "old"]


@pytest.mark.parametrize("kind", [JobKind.TRAINING, JobKind.SEARCH])
def test_the_child_process_finds_what_is_asked(home: Path, kind: JobKind) -> None:
    search = kind is JobKind.SEARCH
    request = asked(home, suffix=training_runs.SEARCH_SUFFIX if search else "")
    trials = 9 if search else None
    process = training_runs.start(request, trials=trials, command=(sys.executable, "-c", SEARCHES))
    assert process.wait(60) == 0, log(home)
    assert f"claimed ('{kind}', '{request.folder.name}')" in log(home)
    assert run_of(request).state == "finished"
    assert (request.folder / "trials.txt").exists() is search
    listed = [run.request.model_id for run in training_runs.trainings()]
    searched = [run.request.model_id for run in training_runs.searches()]
    assert (listed, searched) == (([], ["owls"]) if search else (["owls"], []))


def test_what_runs_is_neither_started_again_nor_discarded(home: Path) -> None:
    request = asked(home)
    job_id = claim(request)
    with pytest.raises(TrainingError, match="running already"):
        training_runs.start(request, command=SLEEPS)
    with pytest.raises(TrainingError, match="Stop it first"):
        training_runs.discard(run_of(request))
    wiring.catalog().finish_job(job_id, JobState.DONE)
    training_runs.discard(run_of(request))
    assert not request.folder.exists()
    training_runs.discard(run_of(request))  # a second click: it is gone already


def test_a_training_whose_process_was_killed_is_interrupted_at_once_and_can_go_on(home: Path) -> None:
    request = asked(home)
    remember(request)
    wiring.catalog().queue_job(None, "owls", kind=JobKind.TRAINING)
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gallery.catalog import Catalog\n"
        "from gallery.jobs.process import claim_named\n"
        "from gallery.types import JobKind\n"
        "with Catalog.open(Path(sys.argv[1])) as catalog:\n"
        "    claim_named(catalog, JobKind.TRAINING, 'owls')\n"
        "    print('claimed', flush=True)\n"
        "    time.sleep(60)\n"
    )
    folder = str(wiring.settings().catalog_dir)
    with subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"claimed\n"
        assert (run_of(request).live, run_of(request).resumable) == (True, False)
        process.kill()
    if sys.platform != "win32":  # elsewhere its heartbeat tells, within seconds
        assert (run_of(request).state, run_of(request).resumable) == ("interrupted", True)
        process = training_runs.start(request, command=(sys.executable, "-c", SEARCHES))
        assert process.wait(60) == 0, log(home)
        assert run_of(request).state == "finished"


def test_a_process_that_has_just_been_started_is_starting_until_it_is_gone(
    home: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    request = asked(home)
    run = run_of(request)
    assert (run.state, run.live, run.resumable) == ("starting", True, False)
    with pytest.raises(TrainingError, match="running already"):
        training_runs.start(request, command=SLEEPS)
    with pytest.raises(TrainingError, match="Stop it first"):
        training_runs.discard(run)
    sleeper.kill()
    sleeper.wait(30)
    if sys.platform != "win32":
        assert run_of(request).state == "interrupted"


def test_a_stop_while_the_process_starts_is_heeded_and_an_old_one_is_not(
    home: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    request = asked(home)
    training_runs.stop(run_of(request))
    assert claim_named(wiring.catalog(), JobKind.TRAINING, "owls") is None
    assert run_of(request).resumable
    job_id = claim(request)  # started again
    assert not wiring.catalog().cancel_requested(job_id)
    training_runs.stop(run_of(request))
    assert wiring.catalog().cancel_requested(job_id)
    assert training_runs.is_stopping(run_of(request))


def test_a_training_can_be_discarded_while_others_read_the_list(home: Path) -> None:
    done = threading.Event()
    seen: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                training_runs.trainings()
        except BaseException as exc:
            seen.append(exc)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        request = asked(home)
        wiring.catalog().finish_job(claim(request), JobState.DONE)
        training_runs.discard(run_of(request))
        assert not request.folder.exists()
    done.set()
    reader.join(30)
    assert not seen


def test_a_longer_training_is_taken_up_as_long_as_it_was_asked(home: Path) -> None:
    request = asked(home)
    remember(request)
    longer = dataclasses.replace(request, recipe=request.recipe.changed(epochs=33))
    assert remember(longer)
    taken_up = TrainingRequest.from_folder(request.folder, cache=request.cache)
    assert taken_up.recipe.epochs == 33


def test_a_process_that_cannot_start_says_so_and_leaves_nothing_waiting(home: Path) -> None:
    with pytest.raises(JobError, match="could not be started"):
        training_runs.start(asked(home), command=[str(home / "no such program")])
    job = job_named(wiring.catalog(), JobKind.TRAINING, "owls")
    assert job is not None
    assert job.state is JobState.CANCELLED
    other = dataclasses.replace(asked(home), weights="none")
    with pytest.raises(TrainingError, match="another weights"):
        training_runs.start(other, command=SLEEPS)


def test_two_processes_do_not_train_in_one_folder(home: Path) -> None:
    request = asked(home)
    claim(request)
    with pytest.raises(TrainingError, match="running already"):
        training_runs.train_now(wiring.settings(), request, on_progress=lambda _: None)


def test_a_training_in_this_process_that_fails_says_why_where_it_is_watched(home: Path) -> None:
    request = asked(home)
    with pytest.raises(TrainingError, match="no file"):
        training_runs.train_now(
            wiring.settings(), dataclasses.replace(request, weights="nowhere.npz"), on_progress=lambda _: None
        )
    run = training_runs.run_of(TrainingRequest.from_folder(request.folder, cache=request.cache))
    assert run.state == "failed"
    assert "There is no file nowhere.npz" in run.message


def test_a_set_that_cannot_be_trained_on_is_inspected_again_when_somebody_asks(
    home: Path, tmp_path: Path
) -> None:

    (tmp_path / "photos" / "cat").mkdir(parents=True)
    chosen = training_sets.open_folder(str(tmp_path / "photos"))
    task = training_sets.inspection(chosen)
    assert task.wait(30)
    assert "photo" in task.problem
    assert training_sets.inspection(chosen) is task  # a page that is drawn again does not read all again
    training_sets.forget(chosen)
    until = time.monotonic() + 30
    again = training_sets.inspection(chosen)
    assert again is not task
    assert again.wait(until - time.monotonic())
