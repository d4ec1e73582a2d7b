"""The rate by hand calculation."""

from __future__ import annotations

from gallery.jobs.progress import Progress, SmoothedRate


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_there_is_no_rate_before_the_first_second() -> None:
    clock = Clock()
    rate = SmoothedRate(now=clock)
    assert rate.per_second is None
    rate.update(0)
    clock.time = 0.9
    rate.update(50)
    assert rate.per_second is None
    assert Progress(done=50, total=60, rate=rate.per_second).remaining_s is None


def test_the_rate_is_of_the_last_seconds_only() -> None:
    clock = Clock()
    rate = SmoothedRate(window_s=10, now=clock)
    for second in range(41):  # 1 a second for 20 s, then 5 a second for 20 s
        clock.time = float(second)
        rate.update(second if second <= 20 else 20 + 5 * (second - 20))
    assert rate.per_second == 5.0
    assert Progress(done=120, total=220, rate=rate.per_second).remaining_s == 20.0


def test_a_run_that_stands_still_has_no_remaining_time() -> None:
    clock = Clock()
    rate = SmoothedRate(window_s=10, now=clock)
    for second in range(30):
        clock.time = float(second)
        rate.update(7)
    assert rate.per_second == 0.0
    assert Progress(done=7, total=12, rate=rate.per_second).remaining_s is None
