"""What a process keeps: made once, and never waited for by those who ask for something else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from gallery.services.wiring import kept


def test_a_thing_is_made_once_and_others_are_not_waited_for() -> None:
    began, go_on = threading.Event(), threading.Event()
    made: list[str] = []

    @kept(4)
    def thing(name: str) -> str:
        made.append(name)
        if name == "slow":
            began.set()
            assert go_on.wait(10)
        return name.upper()

    assert thing("quick") == "QUICK"
    with ThreadPoolExecutor(2) as threads:
        slow = [threads.submit(thing, "slow") for _ in range(2)]
        assert began.wait(10)
        assert thing("quick") == "QUICK"  # at once, while another one is made
        go_on.set()
        assert [one.result(10) for one in slow] == ["SLOW", "SLOW"]
    assert made == ["quick", "slow"]


def test_with_one_turn_for_all_things_are_made_one_after_the_other() -> None:
    turn = threading.RLock()
    inside: list[bool] = []

    @kept(4, turn)
    def thing(name: str) -> bool:
        free = ThreadPoolExecutor(1).submit(turn.acquire, blocking=False).result(10)
        inside.append(free)
        return free

    assert not thing("a")
    assert inside == [False]
