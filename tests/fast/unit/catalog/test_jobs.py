"""Jobs: one a collection or a name, seen alike by all, and found out when their process dies."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gallery.catalog import Catalog, schema
from gallery.catalog.job_store import START_PATIENCE_S
from gallery.errors import CatalogError, JobError
from gallery.settings import JOB_HEARTBEAT_S
from gallery.types import CollectionKind, JobKind, JobState


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


def test_trainings_run_beside_one_another_and_a_tagging_but_each_once(timed) -> None:
    tagging = timed.queue_job(1, "m")
    owls = timed.queue_job(None, "owls", kind=JobKind.TRAINING)
    assert timed.queue_job(None, "owls", kind=JobKind.TRAINING) == owls
    hawks = timed.queue_job(None, "hawks", kind=JobKind.TRAINING)
    search = timed.queue_job(None, "owls", kind=JobKind.SEARCH)
    assert len({job.job_id for job in (tagging, owls, hawks, search)}) == 4
    running = timed.claim_job(11, kind=JobKind.TRAINING, name="owls", host="here")
    assert (running.job_id, running.state, running.pid, running.host) == (
        owls.job_id, JobState.RUNNING, 11, "here",
    )  # fmt: skip
    assert timed.claim_job(12, kind=JobKind.TRAINING, name="owls") is None
    assert timed.claim_job(12, kind=JobKind.TRAINING, name="hawks").job_id == hawks.job_id
    assert timed.claim_job(13).job_id == tagging.job_id
    assert timed.latest_named(JobKind.SEARCH, "owls").state is JobState.QUEUED
    assert timed.latest_named(JobKind.TRAINING, "eagles") is None
    assert timed.live_job().job_id == tagging.job_id


def test_a_training_that_nobody_takes_is_not_kept_waiting_by_a_tagging(timed, clock: Clock) -> None:
    timed.queue_job(None, "owls", kind=JobKind.TRAINING)
    tagging = timed.queue_job(1, "m")
    timed.claim_job(11)
    for _ in range(6):
        clock.time += JOB_HEARTBEAT_S - 1
        timed.update_job(tagging.job_id)
    assert timed.latest_named(JobKind.TRAINING, "owls").state is JobState.INTERRUPTED
    assert timed.latest_job(1).state is JobState.RUNNING


def test_a_waiting_training_knows_the_process_that_was_started_for_it(timed) -> None:
    job = timed.queue_job(None, "owls", kind=JobKind.TRAINING)
    timed.note_process(job.job_id, 99, "here")
    assert (timed.job(job.job_id).pid, timed.job(job.job_id).host) == (99, "here")
    timed.claim_job(100, kind=JobKind.TRAINING, name="owls", host="here")
    timed.note_process(job.job_id, 99, "here")  # the one that has taken it knows better
    assert timed.job(job.job_id).pid == 100


def test_an_old_catalogs_jobs_are_taggings_and_new_numbers_follow_theirs(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None)
    schema.migrate(connection, tmp_path, schema.MIGRATIONS[:4])
    connection.execute(
        "INSERT INTO collections (kind, root, name, opened_at, opening) "
        "VALUES ('folder', x'2f61', 'a', '', 1)"
    )
    connection.execute(
        "INSERT INTO jobs (job_id, collection_id, model_id, state, stage, total, done, tagged, message) "
        "VALUES (7, 1, 'm', 'failed', 'tagging', 9, 4, 3, 'The disk is full.')"
    )
    connection.close()
    with Catalog.open(tmp_path) as catalog:
        job = catalog.latest_job(1)
        assert (job.job_id, job.kind, job.state, job.model_id) == (7, JobKind.TAGGING, JobState.FAILED, "m")
        assert (job.total, job.done, job.tagged, job.message) == (9, 4, 3, "The disk is full.")
        assert catalog.queue_job(None, "owls", kind=JobKind.TRAINING).job_id == 8
