"""Trainings as pages see them, with child processes that only pretend to train."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from gallery.jobs.lock import is_held, sole_process

from gallery.datasets.split import SplitPlan
from gallery.errors import JobError, TrainingError
from gallery.training import trainings as all_trainings
from gallery.training.history import Epoch, Progress, write_history, write_progress
from gallery.training.recipes import recipe_named
from gallery.training.request import TrainingRequest, remember
from gallery.training.trainings import (
    candidate_folder,
    discard,
    request_stop,
    searches,
    start_search_process,
    start_training_process,
    training_run,
    trainings,
)

PRETEND = (
    "import sys, pathlib\n"
    "from gallery.training.request import TrainingRequest\n"
    "from gallery.training.history import Progress, write_progress\n"
    "from gallery.jobs.lock import sole_process\n"
    "assert sys.argv[1::2] == ['--home', '--training'], sys.argv\n"
    "home, name = sys.argv[2::2]\n"
    "folder = pathlib.Path(home) / 'trainings' / name\n"
    "asked = TrainingRequest.from_folder(folder, cache=folder)\n"
    "with sole_process(folder):\n"
    "    write_progress(folder / 'progress.json', Progress('finished', 7, asked.recipe.epochs))\n"
)


def asked(home: Path, name: str = "owls") -> TrainingRequest:
    return TrainingRequest(
        data=home / "owls",
        recipe=recipe_named("cnn-small").changed(epochs=7),
        weights=None,
        model_id=name,
        folder=home / "trainings" / name,
        cache=home / "cache",
        plan=SplitPlan(0.2, 0.1, by_group=True),
    )


def test_a_request_is_found_again_as_it_was_asked(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    assert TrainingRequest.from_folder(request.folder, cache=request.cache) == request
    (request.folder / "request.json").write_text("{}")
    with pytest.raises(TrainingError, match="no training in"):
        TrainingRequest.from_folder(request.folder, cache=request.cache)


def test_a_training_whose_process_is_gone_is_interrupted_and_can_go_on(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    assert training_run(request).state == "interrupted"
    write_progress(request.folder / "progress.json", Progress("training", 2, 7, 3, 9))
    write_history(request.folder / "history.csv", [Epoch(1, 1, 0.5, 1, 0.5, 1e-3, 4)])
    with sole_process(request.folder):
        run = training_run(request)
        assert (run.alive, run.state, run.resumable) == (True, "training", False)
    run = training_run(request)
    assert (run.alive, run.state, run.resumable) == (False, "interrupted", True)
    assert [row.epoch for row in run.history] == [1]
    write_progress(request.folder / "progress.json", Progress("finished", 7, 7))
    assert (training_run(request).state, training_run(request).resumable) == ("finished", False)


def test_all_trainings_are_listed_the_latest_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "old")):
        remember(asked(tmp_path, name))
        file = tmp_path / "trainings" / name / "request.json"
        os.utime(file, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "trainings" / "no training").mkdir()
    found = trainings(tmp_path / "trainings", cache=tmp_path / "cache")
    assert [run.request.model_id for run in found] == ["new", "old"]
    assert trainings(tmp_path / "none", cache=tmp_path) == []


def test_the_child_process_finds_its_request_and_reports(tmp_path: Path) -> None:
    request = asked(tmp_path)
    process = start_training_process(request, tmp_path, command=[sys.executable, "-c", PRETEND])
    assert process.wait(30) == 0, (tmp_path / "logs" / "training.log").read_text()
    run = training_run(request)
    assert (run.state, run.progress and run.progress.epochs) == ("finished", 7)


def test_what_runs_is_neither_started_again_nor_discarded(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    with sole_process(request.folder):
        assert is_held(request.folder)
        with pytest.raises(TrainingError, match="running already"):
            start_training_process(request, tmp_path, command=[sys.executable, "-c", "pass"])
        with pytest.raises(TrainingError, match="Stop it first"):
            discard(request.folder)
    request_stop(request.folder)
    assert (request.folder / "stop").exists()
    discard(request.folder)
    assert not request.folder.exists()


@pytest.mark.parametrize("end", ["finished", "failed"])
def test_what_ended_a_moment_after_its_start_is_discarded_or_started_again(tmp_path: Path, end: str) -> None:
    request = asked(tmp_path)
    code = (
        "import pathlib, time\n"
        "from gallery.training.history import Progress, write_progress\n"
        f"folder = pathlib.Path({str(request.folder)!r})\n"
        f"write_progress(folder / 'progress.json', Progress({end!r}, 7, 7))\n"
        "time.sleep(60)\n"  # as long as the libraries take to end, and far longer
    )
    process = start_training_process(request, tmp_path, command=[sys.executable, "-c", code])
    try:
        until = time.monotonic() + 30
        while training_run(request).state == "starting" and time.monotonic() < until:
            time.sleep(0.05)
        assert (training_run(request).state, training_run(request).live) == (end, False)
        again = start_training_process(request, tmp_path, command=[sys.executable, "-c", PRETEND])
        assert again.wait(30) == 0, (tmp_path / "logs" / "training.log").read_text()
        discard(request.folder)
        assert not request.folder.exists()
    finally:
        process.kill()
        process.wait(30)


def test_a_training_that_clears_up_after_its_end_is_waited_for_before_it_is_discarded(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    write_progress(request.folder / "progress.json", Progress("finished", 7, 7))
    held, let_go = threading.Event(), threading.Event()

    def clear_up() -> None:
        with sole_process(request.folder):
            held.set()
            assert let_go.wait(30)

    clearing = threading.Thread(target=clear_up)
    clearing.start()
    assert held.wait(30)
    threading.Timer(0.3, let_go.set).start()
    discard(request.folder)
    assert let_go.is_set()
    assert not request.folder.exists()
    clearing.join()


def test_a_first_report_while_somebody_looks_opens_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look at the lock and one at the report, a process may take the one and write the other."""
    request = asked(tmp_path)
    process = start_training_process(request, tmp_path, command=[sys.executable, "-c", "input()"])
    (request.folder / "started").write_text(f"{os.getpid()} {time.time()}", encoding="ascii")
    process.wait(30)
    report = request.folder / "progress.json"

    def looks_then_reports(folder: Path) -> bool:
        held = is_held(folder)
        write_progress(report, Progress("preparing"))
        return held

    monkeypatch.setattr(all_trainings, "is_held", looks_then_reports)
    with pytest.raises(TrainingError, match="Stop it first"):
        discard(request.folder)
    report.unlink(missing_ok=True)
    with pytest.raises(TrainingError, match="running already"):
        start_training_process(request, tmp_path)
    report.unlink(missing_ok=True)
    assert training_run(request).state == "starting"


def test_what_ends_while_it_is_looked_at_is_not_told_as_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(tmp_path)
    remember(request)
    write_progress(request.folder / "progress.json", Progress("measuring", 7, 7))

    def ends(folder: Path) -> bool:
        write_progress(folder / "progress.json", Progress("finished", 7, 7))
        return False

    monkeypatch.setattr(all_trainings, "is_held", ends)
    assert training_run(request).state == "finished"


def test_a_training_can_be_discarded_while_others_look_at_the_list(tmp_path: Path) -> None:
    done = threading.Event()
    seen: list[BaseException] = []

    def look() -> None:
        try:
            while not done.is_set():
                trainings(tmp_path / "trainings", cache=tmp_path / "cache")
        except BaseException as exc:
            seen.append(exc)

    looker = threading.Thread(target=look)
    looker.start()
    for _ in range(60):
        request = asked(tmp_path)
        remember(request)
        write_progress(request.folder / "progress.json", Progress("finished", 7, 7))
        with sole_process(request.folder):
            pass
        discard(request.folder)
        assert not request.folder.exists()
    done.set()
    looker.join(30)
    assert not seen
    discard(asked(tmp_path).folder)  # a second click: it is gone already


def test_one_that_does_not_end_clearing_up_is_told_apart_from_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_trainings, "_CLEARING_S", 0.1)
    request = asked(tmp_path)
    remember(request)
    write_progress(request.folder / "progress.json", Progress("finished", 7, 7))
    with sole_process(request.folder), pytest.raises(TrainingError, match="still clearing up"):
        discard(request.folder)
    assert request.folder.exists()


@pytest.mark.parametrize("stops", [True, False])
def test_a_stop_while_the_process_starts_is_heeded_and_an_old_one_is_not(tmp_path: Path, stops: bool) -> None:
    request = asked(tmp_path)
    remember(request)
    request_stop(request.folder)
    code = (
        "import pathlib, time\n"
        "from gallery.training.run import forget_old_stop\n"
        f"folder = pathlib.Path({str(request.folder)!r})\n"
        "while not (folder / 'go').exists(): time.sleep(0.02)\n"
        "forget_old_stop(folder)\n"
    )
    process = start_training_process(request, tmp_path, command=[sys.executable, "-c", code])
    if stops:
        request_stop(request.folder)
    (request.folder / "go").touch()
    assert process.wait(60) == 0, (tmp_path / "logs" / "training.log").read_text()
    assert (request.folder / "stop").exists() is stops


def test_a_longer_training_is_taken_up_as_long_as_it_was_asked(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    longer = dataclasses.replace(request, recipe=request.recipe.changed(epochs=33))
    assert remember(longer)
    taken_up = TrainingRequest.from_folder(request.folder, cache=request.cache)
    assert taken_up.recipe.epochs == 33


def test_a_process_that_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="could not be started"):
        start_training_process(asked(tmp_path), tmp_path, command=[str(tmp_path / "no such program")])
    other = dataclasses.replace(asked(tmp_path), weights="none")
    with pytest.raises(TrainingError, match="another weights"):
        start_training_process(other, tmp_path, command=[sys.executable, "-c", "pass"])


def test_a_search_is_started_with_what_was_asked_and_is_no_training(tmp_path: Path) -> None:
    request = asked(tmp_path, "owls")
    request = dataclasses.replace(request, folder=tmp_path / "trainings" / "owls-search")
    print_words = "import sys; print(' '.join(sys.argv[1:]))"
    process = start_search_process(
        request, tmp_path, trials=9, command=[sys.executable, "-c", print_words, "tune"]
    )
    assert process.wait(30) == 0
    said = (tmp_path / "logs" / "training.log").read_text().split()
    pairs = dict(zip(said[1:-1:2], said[2:-1:2], strict=True))
    assert (said[0], said[-1]) == ("tune", "--by-group")
    assert pairs == {
        "--home": str(tmp_path), "--data": str(tmp_path / "owls"), "--out": "owls", "--trials": "9",
        "--epochs": "7", "--batch": "32", "--seed": "0", "--balance": "none",
        "--validation": "0.2", "--test": "0.1",
    }  # fmt: skip
    remember(asked(tmp_path, "other"))
    found = searches(tmp_path / "trainings", cache=tmp_path / "cache")
    assert [run.request.model_id for run in found] == ["owls"]
    assert [run.request.model_id for run in trainings(tmp_path / "trainings", cache=tmp_path / "cache")] == [
        "other"
    ]


def test_a_process_that_has_just_been_started_is_starting_until_it_is_gone(tmp_path: Path) -> None:
    request = asked(tmp_path)
    process = start_training_process(
        request, tmp_path, command=[sys.executable, "-c", "import time; time.sleep(60)"]
    )
    try:
        run = training_run(request)
        assert (run.state, run.live, run.resumable) == ("starting", True, False)
        with pytest.raises(TrainingError, match="running already"):
            start_training_process(request, tmp_path)
        with pytest.raises(TrainingError, match="Stop it first"):
            discard(request.folder)
    finally:
        process.kill()
        process.wait(30)
    if sys.platform != "win32":
        assert training_run(request).state == "interrupted"


def test_a_model_waits_beside_its_training_until_it_is_kept(tmp_path: Path) -> None:
    request = asked(tmp_path)
    remember(request)
    write_progress(request.folder / "progress.json", Progress("finished", 7, 7))
    assert training_run(request).candidate is None
    place = candidate_folder(request.folder) / "owls"
    place.mkdir(parents=True)
    assert training_run(request).candidate == place
