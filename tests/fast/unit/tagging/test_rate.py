"""The rate by hand calculation."""

from __future__ import annotations

from gallery.tagging.rate import SmoothedRate


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
    assert (rate.per_second, rate.remaining_s(10)) == (None, None)


def test_the_rate_is_of_the_last_seconds_only() -> None:
    clock = Clock()
    rate = SmoothedRate(window_s=10, now=clock)
    for second in range(41):  # 1 a second for 20 s, then 5 a second for 20 s
        clock.time = float(second)
        rate.update(second if second <= 20 else 20 + 5 * (second - 20))
    assert rate.per_second == 5.0
    assert rate.remaining_s(100) == 20.0


def test_a_run_that_stands_still_has_no_remaining_time() -> None:
    clock = Clock()
    rate = SmoothedRate(window_s=10, now=clock)
    for second in range(30):
        clock.time = float(second)
        rate.update(7)
    assert (rate.per_second, rate.remaining_s(5)) == (0.0, None)
