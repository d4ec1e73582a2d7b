"""Work in the background: done once, kept, stopped, forgotten, and failed with a sentence."""

from __future__ import annotations

import threading

import pytest

from gallery.errors import CamError
from gallery.ui.explain import work as explain_work
from gallery.ui.explain.work import Bench, State, Tell

SOON_S = 20


def test_work_is_done_once_and_kept() -> None:
    bench, calls = Bench(), []

    def work(tell: Tell) -> int:
        calls.append(1)
        return 42

    first = bench.ask("key", work)
    assert first.wait(SOON_S)
    assert bench.ask("key", work) is first
    assert (first.result, calls, first.state) == (42, [1], State.DONE)


def test_progress_is_told_and_a_stop_ends_it_at_the_next_step() -> None:
    bench, reached, go_on = Bench(), threading.Event(), threading.Event()

    def work(tell: Tell) -> None:
        tell(3, 12)
        reached.set()
        go_on.wait(SOON_S)
        tell(4, 12)

    task = bench.ask("key", work, slow=True)
    assert reached.wait(SOON_S)
    assert (task.state, task.share, task.live) == (State.RUNNING, 0.25, True)
    assert task.remaining_s is not None
    task.stop()
    go_on.set()
    assert task.wait(SOON_S)
    assert task.state is State.STOPPED
    with pytest.raises(RuntimeError, match="stopped"):
        task.result  # noqa: B018
    assert bench.ask("key", lambda tell: 7, slow=True) is not task  # asked again, it begins again


def test_a_quick_piece_does_not_wait_for_a_slow_one() -> None:
    bench, go_on = Bench(), threading.Event()
    slow = bench.ask("slow", lambda tell: go_on.wait(SOON_S), slow=True)
    quick = bench.ask("quick", lambda tell: 1)
    assert quick.wait(SOON_S)
    assert slow.live
    go_on.set()
    assert slow.wait(SOON_S)


def test_a_failure_is_its_sentence_and_a_fault_of_ours_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    def known(tell: Tell) -> None:
        raise CamError("There is no such layer.")

    def unknown(tell: Tell) -> None:
        raise ZeroDivisionError("secret detail")

    bench = Bench()
    first, second = bench.ask(1, known), bench.ask(2, unknown)
    assert first.wait(SOON_S)
    assert second.wait(SOON_S)
    assert (first.state, first.problem) == (State.FAILED, "There is no such layer.")
    assert "secret" not in second.problem
    assert "secret detail" in caplog.text


def test_what_nobody_waits_for_any_more_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_work, "FORGOTTEN_AFTER_S", -1.0)
    bench = Bench()
    task = bench.ask("key", lambda tell: 1)
    assert task.wait(SOON_S)
    assert task.state is State.STOPPED
    assert bench.ask("other", lambda tell: 1).wait(SOON_S)  # behind it, so it has been put away by now
    assert bench.known("key") is None  # who comes back begins it anew


def test_what_nobody_waits_for_any_more_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, reached = Bench(), threading.Event()

    def endless(tell: Tell) -> None:
        while True:
            tell(1, 2)
            reached.set()

    old = bench.ask("old", endless)
    assert reached.wait(SOON_S)
    assert not old.wait(0.05)  # alone on the bench it may go on
    monkeypatch.setattr(explain_work, "FORGOTTEN_AFTER_S", 0.02)
    old.asked_at -= 1
    new = bench.ask("new", lambda tell: 1)
    assert old.wait(SOON_S)
    assert new.wait(SOON_S)


def test_old_results_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_work, "KEPT", 2)
    bench = Bench()
    for number in range(4):
        assert bench.ask(number, lambda tell: 1).wait(SOON_S)
    assert [bench.known(number) is not None for number in range(4)] == [False, False, True, True]
