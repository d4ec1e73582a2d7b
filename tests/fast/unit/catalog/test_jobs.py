"""Jobs: one a collection, seen alike by all, and found out when their process dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.catalog import Catalog
from gallery.catalog.job_store import START_PATIENCE_S
from gallery.errors import CatalogError, JobError
from gallery.settings import JOB_HEARTBEAT_S
from gallery.types import CollectionKind, JobState


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(tmp_path: Path, clock: Clock):
    with Catalog.open(tmp_path / "catalog", now=clock) as catalog:
        catalog.add_collection(Path("/photos/a"), CollectionKind.FOLDER)
        catalog.add_collection(Path("/photos/b"), CollectionKind.FOLDER)
        yield catalog


def test_a_second_start_for_the_same_collection_gives_the_same_job(timed) -> None:
    job = timed.queue_job(1, "m")
    assert job.state is JobState.QUEUED
    assert timed.queue_job(1, "m") == job
    claimed = timed.claim_job(11)
    assert (claimed.job_id, claimed.state) == (job.job_id, JobState.RUNNING)
    assert timed.queue_job(1, "another model").job_id == job.job_id
    assert timed.queue_job(2, "m").job_id != job.job_id


def test_jobs_run_one_after_the_other_in_the_order_they_came(timed) -> None:
    first, second = timed.queue_job(2, "m"), timed.queue_job(1, "m")
    assert timed.claim_job(11).job_id == first.job_id
    assert timed.claim_job(12) is None
    assert timed.live_job().job_id == first.job_id
    assert timed.waiting_job().job_id == second.job_id
    timed.finish_job(first.job_id, JobState.DONE)
    assert timed.claim_job(12).job_id == second.job_id
    assert timed.waiting_job() is None


def test_progress_is_seen_by_all_and_survives_the_end(timed) -> None:
    job = timed.queue_job(1, "m")
    timed.claim_job(11)
    assert timed.update_job(
        job.job_id, stage="tagging", total=9, done=4, tagged=2, unchanged=1, skipped=1, photos_per_second=3.5
    )
    seen = timed.latest_job(1)
    assert (seen.stage, seen.total, seen.done, seen.tagged, seen.unchanged, seen.skipped) == (
        "tagging", 9, 4, 2, 1, 1,
    )  # fmt: skip
    assert seen.photos_per_second == 3.5
    timed.finish_job(job.job_id, JobState.FAILED, "The disk is full.")
    seen = timed.job(job.job_id)
    assert (seen.state, seen.message, seen.done) == (JobState.FAILED, "The disk is full.", 4)
    assert seen.finished_at is not None
    assert timed.live_job() is None


def test_a_field_that_no_job_has_is_refused(timed) -> None:
    with pytest.raises(JobError, match="has no state"):
        timed.update_job(1, state="done")


def test_an_end_is_final(timed) -> None:
    job = timed.queue_job(1, "m")
    timed.claim_job(11)
    timed.finish_job(job.job_id, JobState.CANCELLED)
    timed.finish_job(job.job_id, JobState.DONE)
    assert not timed.update_job(job.job_id, done=5)
    assert timed.job(job.job_id).state is JobState.CANCELLED


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked(timed) -> None:
    waiting = timed.queue_job(1, "m")
    timed.request_cancel(waiting.job_id)
    assert timed.job(waiting.job_id).state is JobState.CANCELLED
    running = timed.queue_job(1, "m")
    timed.claim_job(11)
    assert not timed.cancel_requested(running.job_id)
    timed.request_cancel(running.job_id)
    assert timed.cancel_requested(running.job_id)
    assert not timed.update_job(running.job_id)
    assert timed.job(running.job_id).state is JobState.RUNNING


def test_a_start_after_a_cancel_waits_behind_the_job_that_is_stopping(timed) -> None:
    stopping = timed.queue_job(1, "m")
    timed.claim_job(11)
    timed.request_cancel(stopping.job_id)
    again = timed.queue_job(1, "m")
    assert (again.job_id != stopping.job_id, again.state) == (True, JobState.QUEUED)
    assert timed.queue_job(1, "m").job_id == again.job_id


def test_a_job_without_a_heartbeat_is_interrupted_and_can_be_started_anew(timed, clock: Clock) -> None:
    job = timed.queue_job(1, "m")
    timed.claim_job(11)
    clock.time += JOB_HEARTBEAT_S - 1
    timed.update_job(job.job_id, done=1)
    clock.time += JOB_HEARTBEAT_S - 1
    assert timed.latest_job(1).state is JobState.RUNNING
    clock.time += 2
    seen = timed.latest_job(1)
    assert (seen.state, seen.done) == (JobState.INTERRUPTED, 1)
    assert "start again" in seen.message
    assert seen.finished_at == "2023-11-14T22:13:34.000000+00:00"  # 1,700,000,000 s + 14 s
    assert timed.live_job() is None
    again = timed.queue_job(1, "m")
    assert again.job_id != job.job_id
    assert timed.claim_job(12).job_id == again.job_id
    assert timed.job(job.job_id).state is JobState.INTERRUPTED
    assert timed.cancel_requested(job.job_id), "a process that wakes up after all must stop"


def test_a_job_that_slept_with_the_computer_goes_on_if_nobody_took_its_place(timed, clock: Clock) -> None:
    job = timed.queue_job(1, "m")
    timed.claim_job(11)
    clock.time += 3600
    assert timed.latest_job(1).state is JobState.INTERRUPTED
    assert timed.update_job(job.job_id)
    assert timed.latest_job(1).state is JobState.RUNNING


def test_a_waiting_job_that_nobody_takes_says_so_and_can_still_be_taken(timed, clock: Clock) -> None:
    job = timed.queue_job(1, "m")
    clock.time += START_PATIENCE_S - 1
    assert timed.latest_job(1).state is JobState.QUEUED
    clock.time += 2
    seen = timed.latest_job(1)
    assert (seen.state, "did not start" in seen.message) == (JobState.INTERRUPTED, True)
    assert timed.live_job() is None
    assert timed.queue_job(1, "m").job_id == job.job_id
    assert timed.latest_job(1).state is JobState.QUEUED
    clock.time += START_PATIENCE_S + 1
    assert timed.waiting_job().job_id == timed.claim_job(11).job_id == job.job_id


def test_a_job_waits_as_long_as_the_one_before_it_runs(timed, clock: Clock) -> None:
    running = timed.queue_job(1, "m")
    timed.claim_job(11)
    timed.queue_job(2, "m")
    for _ in range(20):
        clock.time += JOB_HEARTBEAT_S - 1
        timed.update_job(running.job_id)
    assert timed.latest_job(2).state is JobState.QUEUED


def test_removing_a_collection_removes_its_jobs(timed) -> None:
    job = timed.queue_job(1, "m")
    timed.claim_job(11)
    timed.remove_collection(1)
    assert timed.latest_job(1) is None
    assert timed.cancel_requested(job.job_id)
    with pytest.raises(CatalogError, match="no job"):
        timed.job(job.job_id)
