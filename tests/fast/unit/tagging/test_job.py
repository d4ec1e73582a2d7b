"""Jobs in this process and in a real child process, with fakes for photos and model."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gallery.catalog import Catalog
from gallery.errors import JobError
from gallery.jobs import process as job_process
from gallery.jobs.process import RunningJob, run_queued
from gallery.services import tagging as tagging_service
from gallery.settings import JOB_HEARTBEAT_S
from gallery.tagging import tag_as_job
from gallery.types import CollectionKind, Job, JobState
from tests.fast.unit.tagging import fakes

CHILD = Path(__file__).parent / "fake_job_process.py"


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_process, "HEARTBEAT_S", 0.02)


def run_jobs(
    studio, *, decoder: fakes.Decoder | None = None, load: Callable[[], fakes.Classifier] | None = None
) -> int:
    def run_one(running: RunningJob) -> None:
        collection = studio.catalog.collection(running.job.collection_id)
        tag_as_job(running, functools.partial(studio.run, decoder=decoder, load=load, collection=collection))

    return run_queued(studio.catalog, run_one)


def queue(studio) -> Job:
    return studio.catalog.queue_job(studio.collection.collection_id, fakes.MODEL)


def wait_for(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def start_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.Popen[bytes]]:
    """Start the process of the jobs, with a command of the test's own."""

    def start_one(*command: str) -> subprocess.Popen[bytes]:
        monkeypatch.setattr(tagging_service, "JOB_COMMAND", command)
        return tagging_service.start_job_process(tmp_path)

    return start_one


@pytest.fixture
def start(tmp_path: Path, repository: Path, studio, start_command):
    """Start child processes with fakes; what still runs at the end is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start_one(delay_s: float) -> subprocess.Popen[bytes]:
        process = start_command(sys.executable, str(CHILD), str(delay_s))
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_job_runs_to_its_end_and_says_what_it_did(studio) -> None:
    studio.photos(5)
    fakes.make_photo(studio.root / "bad.jpg", "purple")
    job = queue(studio)
    assert run_jobs(studio) == 1
    seen = studio.catalog.job(job.job_id)
    assert (seen.state, seen.total, seen.done, seen.tagged, seen.skipped) == (JobState.DONE, 6, 6, 5, 1)
    assert seen.started_at < seen.finished_at


def test_jobs_of_several_collections_run_in_turn(studio, tmp_path: Path) -> None:
    studio.photos(2)
    fakes.make_photo(tmp_path / "more" / "a.jpg", "blue")
    queue(studio)
    other = studio.catalog.add_collection(tmp_path / "more", CollectionKind.FOLDER)
    studio.catalog.queue_job(other.collection_id, fakes.MODEL)
    assert run_jobs(studio) == 2
    assert studio.catalog.latest_job(other.collection_id).state is JobState.DONE


def test_a_folder_that_vanished_fails_with_a_sentence_and_the_next_job_runs(
    studio, tmp_path: Path, caplog
) -> None:
    job = queue(studio)
    shutil.rmtree(studio.root)
    fakes.make_photo(tmp_path / "more" / "a.jpg", "blue")
    other = studio.catalog.add_collection(tmp_path / "more", CollectionKind.FOLDER)
    studio.catalog.queue_job(other.collection_id, fakes.MODEL)
    assert run_jobs(studio) == 2
    seen = studio.catalog.job(job.job_id)
    assert seen.state is JobState.FAILED
    assert "is not there (any more)" in seen.message
    assert seen.message in caplog.text
    assert "Traceback" not in caplog.text, "a folder that is gone is no bug"
    assert studio.catalog.latest_job(other.collection_id).state is JobState.DONE


def test_a_model_that_fails_fails_the_job_with_a_sentence(studio) -> None:
    studio.photos(3)
    job = queue(studio)
    run_jobs(studio, load=lambda: fakes.Classifier(fail_at_batch=0))
    seen = studio.catalog.job(job.job_id)
    assert (seen.state, seen.tagged) == (JobState.FAILED, 0)
    assert "failed on a batch" in seen.message


def test_an_error_in_the_program_fails_the_job_and_is_logged(studio, caplog) -> None:
    studio.photos(3)
    job = queue(studio)

    def broken() -> fakes.Classifier:
        raise ZeroDivisionError("a bug")

    run_jobs(studio, load=broken)
    seen = studio.catalog.job(job.job_id)
    assert seen.state is JobState.FAILED
    assert "ZeroDivisionError: a bug" in seen.message
    assert "Traceback" in caplog.text


def test_a_process_that_is_asked_to_end_leaves_its_job_interrupted(studio) -> None:
    job = queue(studio)

    def stopped(_: RunningJob) -> None:
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        run_queued(studio.catalog, stopped)
    assert studio.catalog.job(job.job_id).state is JobState.INTERRUPTED


def test_a_cancelled_job_stops_and_the_next_one_does_only_the_rest(studio) -> None:
    studio.photos(100)
    job = queue(studio)

    def cancel_late(path: Path) -> None:
        if path.name == "red060.jpg":
            studio.catalog.request_cancel(job.job_id)

    run_jobs(studio, decoder=fakes.Decoder(before=cancel_late))
    seen = studio.catalog.job(job.job_id)
    assert seen.state is JobState.CANCELLED
    assert 0 < seen.tagged < 100
    again = queue(studio)
    assert again.job_id != job.job_id
    decoder = fakes.Decoder()
    run_jobs(studio, decoder=decoder)
    assert len(decoder.read) == 100 - seen.tagged
    done = studio.catalog.job(again.job_id)
    assert (done.state, done.tagged, done.unchanged) == (JobState.DONE, 100 - seen.tagged, seen.tagged)


def test_the_heartbeat_goes_on_while_the_work_is_silent(tmp_path: Path) -> None:
    time_now = [0.0]
    with Catalog.open(tmp_path, now=lambda: time_now[0]) as catalog:
        catalog.add_collection(tmp_path, CollectionKind.FOLDER)
        catalog.queue_job(1, "m")

        def silent(_: RunningJob) -> None:
            for _tick in range(5):
                time_now[0] += JOB_HEARTBEAT_S * 0.8
                time.sleep(0.1)
                assert catalog.live_job() is not None

        run_queued(catalog, silent)
        assert catalog.latest_job(1).state is JobState.DONE
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


@pytest.mark.slow
def test_a_killed_child_leaves_an_interrupted_job_and_the_next_does_only_the_rest(
    studio, start, tmp_path: Path
) -> None:
    studio.photos(120)
    job = queue(studio)
    process = start(0.02)
    wait_for(lambda: studio.catalog.job(job.job_id).tagged > 0)
    process.kill()
    process.wait()
    kept = studio.shelves()["robin"]
    assert 0 < kept < 120
    assert studio.catalog.queue_job(1, fakes.MODEL).job_id == job.job_id, "its heart has only just stopped"
    with Catalog.open(tmp_path / "catalog", now=lambda: time.time() + JOB_HEARTBEAT_S + 1) as later:
        assert later.latest_job(1).state is JobState.INTERRUPTED
        again = later.queue_job(1, fakes.MODEL)
    assert again.job_id != job.job_id
    assert start(0.0).wait(30) == 0
    seen = studio.catalog.job(again.job_id)
    assert (seen.state, seen.tagged, seen.unchanged) == (JobState.DONE, 120 - kept, kept)
    assert f"ran 1 jobs, read {120 - kept} files" in (tmp_path / "logs" / "tagging.log").read_text()


def test_two_servers_that_start_at_once_tag_every_photo_once(studio, start, tmp_path: Path) -> None:
    studio.photos(60)
    jobs: list[Job] = []
    threads = [threading.Thread(target=lambda: jobs.append(queue(studio))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job.job_id for job in jobs}) == 1
    processes = [start(0.002), start(0.002)]
    assert [process.wait(30) for process in processes] == [0, 0]
    log = sorted((tmp_path / "logs" / "tagging.log").read_text().splitlines())
    assert log == ["ran 0 jobs, read 0 files", "ran 1 jobs, read 60 files"]
    assert studio.shelves() == {"robin": 60}


def test_a_child_is_cancelled_from_another_process(studio, start) -> None:
    studio.photos(200)
    job = queue(studio)
    process = start(0.02)
    wait_for(lambda: studio.catalog.job(job.job_id).tagged > 0)
    studio.catalog.request_cancel(job.job_id)
    assert process.wait(20) == 0
    seen = studio.catalog.job(job.job_id)
    assert (seen.state, seen.tagged < 200) == (JobState.CANCELLED, True)


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_started_process_that_nobody_keeps_leaves_no_zombie(start_command) -> None:
    pid = start_command(sys.executable, "-c", "pass").pid
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name == "tagging-process"])
    gc.collect()
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_the_process_prints_is_in_the_log_and_it_finds_the_package(
    tmp_path: Path, start_command, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import gallery, os, sys; print(sys.argv[1:], os.environ['EXTRA']); sys.stderr.write('and errors')"
    )
    monkeypatch.setenv("EXTRA", "told")
    assert start_command(sys.executable, "-c", program).wait(20) == 0
    log = (tmp_path / "logs" / "tagging.log").read_text()
    assert "--home" in log
    assert "told" in log
    assert "and errors" in log


def test_a_process_that_cannot_start_gives_a_sentence(tmp_path: Path, start_command) -> None:
    with pytest.raises(JobError, match="could not be started"):
        start_command(str(tmp_path / "no such program"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JobError, match="could not be started"):
        tagging_service.start_job_process(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "nice"), reason="Windows lowers the priority when it starts the process")
def test_the_child_gives_way_to_the_pages(tmp_path: Path, start_command) -> None:
    program = (
        "import os; from gallery.jobs.process import lower_priority; lower_priority()\n"
        "print('nice', os.nice(0))"
    )
    before = os.nice(0)
    assert start_command(sys.executable, "-c", program).wait(20) == 0
    assert f"nice {min(before + 10, 19)}" in (tmp_path / "logs" / "tagging.log").read_text()
