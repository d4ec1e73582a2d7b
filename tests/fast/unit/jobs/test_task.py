"""Work in the background: done once, kept, stopped, forgotten, and failed with a sentence."""

from __future__ import annotations

import threading

import pytest

from gallery.errors import CamError
from gallery.jobs import task as jobs_task
from gallery.jobs.task import Report, State, Tasks

SOON_S = 20


def test_work_is_done_once_and_kept() -> None:
    tasks, calls = Tasks(), []

    def work(tell: Report) -> int:
        calls.append(1)
        return 42

    first = tasks.ask("key", work)
    assert first.wait(SOON_S)
    assert tasks.ask("key", work) is first
    assert (first.result, calls, first.state) == (42, [1], State.DONE)


def test_progress_is_told_and_a_stop_ends_it_at_the_next_step() -> None:
    tasks, reached, go_on = Tasks(), threading.Event(), threading.Event()

    def work(tell: Report) -> None:
        tell(3, 12)
        reached.set()
        go_on.wait(SOON_S)
        tell(4, 12)

    task = tasks.ask("key", work, lane="slow")
    assert reached.wait(SOON_S)
    assert (task.state, task.progress.share, task.live) == (State.RUNNING, 0.25, True)
    assert task.progress.remaining_s is not None
    task.stop()
    go_on.set()
    assert task.wait(SOON_S)
    assert task.state is State.STOPPED
    with pytest.raises(RuntimeError, match="stopped"):
        task.result  # noqa: B018
    assert tasks.ask("key", lambda tell: 7, lane="slow") is not task  # asked again, it begins again


def test_a_quick_piece_does_not_wait_for_a_slow_one() -> None:
    tasks, go_on = Tasks(), threading.Event()
    slow = tasks.ask("slow", lambda tell: go_on.wait(SOON_S), lane="slow")
    quick = tasks.ask("quick", lambda tell: 1)
    assert quick.wait(SOON_S)
    assert slow.live
    go_on.set()
    assert slow.wait(SOON_S)


def test_a_failure_is_its_sentence_and_a_fault_of_ours_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    def known(tell: Report) -> None:
        raise CamError("There is no such layer.")

    def unknown(tell: Report) -> None:
        raise ZeroDivisionError("secret detail")

    tasks = Tasks()
    first, second = tasks.ask(1, known), tasks.ask(2, unknown)
    assert first.wait(SOON_S)
    assert second.wait(SOON_S)
    assert (first.state, first.problem) == (State.FAILED, "There is no such layer.")
    assert "secret" not in second.problem
    assert "secret detail" in caplog.text


def test_what_nobody_waits_for_any_more_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_task, "FORGOTTEN_AFTER_S", -1.0)
    tasks = Tasks()
    task = tasks.ask("key", lambda tell: 1)
    assert task.wait(SOON_S)
    assert task.state is State.STOPPED
    assert tasks.ask("other", lambda tell: 1).wait(SOON_S)  # behind it, so it has been put away by now
    assert tasks.known("key") is None  # who comes back begins it anew


def test_what_nobody_waits_for_any_more_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, reached = Tasks(), threading.Event()

    def endless(tell: Report) -> None:
        while True:
            tell(1, 2)
            reached.set()

    old = tasks.ask("old", endless)
    assert reached.wait(SOON_S)
    assert not old.wait(0.05)  # alone in its lane it may go on
    monkeypatch.setattr(jobs_task, "FORGOTTEN_AFTER_S", 0.02)
    old.asked_at -= 1
    new = tasks.ask("new", lambda tell: 1)
    assert old.wait(SOON_S)
    assert new.wait(SOON_S)


def test_old_results_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_task, "KEPT", 2)
    tasks = Tasks()
    for number in range(4):
        assert tasks.ask(number, lambda tell: 1).wait(SOON_S)
    assert [tasks.known(number) is not None for number in range(4)] == [False, False, True, True]


def test_all_are_kept_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_task, "KEPT", 6)
    tasks = Tasks()
    for number in range(6):
        assert tasks.ask(number, lambda tell: 1).wait(SOON_S)
    assert all(tasks.known(number) is not None for number in range(6))


def test_what_is_forgotten_is_stopped_and_begun_anew_by_the_next_one_who_asks() -> None:
    tasks, reached = Tasks(), threading.Event()

    def endless(tell: Report) -> None:
        while True:
            tell(1, 2)
            reached.set()

    old = tasks.ask(("data", "owls", 1), endless, lane="owls")
    kept = tasks.ask(("data", "hawks", 1), lambda tell: 7, lane="hawks")
    assert reached.wait(SOON_S)
    assert kept.wait(SOON_S)
    tasks.forget("data", "owls")
    assert old.wait(SOON_S)
    assert (old.state, tasks.kept("data")) == (State.STOPPED, [kept])
    assert tasks.ask(("data", "owls", 1), lambda tell: 8, lane="owls").wait(SOON_S)


def test_the_rate_counts_from_the_last_change_of_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(jobs_task.time, "monotonic", lambda: now[0])
    seen: list[tuple[float | None, float | None]] = []

    def work(tell: Report) -> None:
        tell(0, 0, "looking")
        now[0] = 150.0
        tell(10, 100, "reading")
        seen.append((task.progress.rate, task.progress.remaining_s))
        now[0] = 152.0
        tell(40, 100, "reading")  # 30 in 2 s; 60 are left
        seen.append((task.progress.rate, task.progress.remaining_s))

    task = jobs_task.Task(work)
    task.run()
    assert seen == [(None, None), (15.0, 4.0)]
