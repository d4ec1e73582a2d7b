"""The shift of a camera's clock that was set wrongly: what is added to the dates that its photos bear."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass

from gallery.errors import CatalogError

_MONTHS = {"year": 12, "month": 1}
_SECONDS = {"week": 604_800, "day": 86_400, "h": 3_600, "min": 60, "s": 1}
_SHORT = {
    "y": "year", "mo": "month", "w": "week", "d": "day", "hour": "h", "hr": "h", "minute": "min",
    "sec": "s", "second": "s",
}  # fmt: skip
_STEP = re.compile(r"\s*([+-])?\s*(\d{1,9})\s*([a-z]+)\s*,?")


@dataclass(frozen=True, slots=True)
class ClockShift:
    """What is added to a camera's dates: whole months by the calendar, then seconds.

    Example:
        >>> shift = ClockShift.parse("+1 year -2 h")
        >>> str(shift), shift.applied("2023-05-01T06:12:09")
        ('+1 year -2 h', '2024-05-01T04:12:09')
    """

    months: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> ClockShift:
        """Return the shift that a person wrote; a step without a sign has that of the step before it.

        Raises:
            CatalogError: it is none, or adds nothing.

        Example:
            >>> ClockShift.parse("-1 d 30 min"), ClockShift.parse("+ 3 Months")
            (ClockShift(months=0, seconds=-88200), ClockShift(months=3, seconds=0))
        """
        rest, sign, months, seconds = text.strip().lower().replace("\N{MINUS SIGN}", "-"), 0, 0, 0
        while step := _STEP.match(rest):
            sign = {"+": 1, "-": -1, None: sign}[step[1]]
            unit = step[3] if step[3] == "s" else step[3].removesuffix("s")
            unit = _SHORT.get(unit, unit)
            if not sign or unit not in _MONTHS.keys() | _SECONDS.keys():
                break
            months += sign * int(step[2]) * _MONTHS.get(unit, 0)
            seconds += sign * int(step[2]) * _SECONDS.get(unit, 0)
            rest = rest[step.end() :]
        if rest.strip() or not (months or seconds):
            raise CatalogError(
                f"{text[:60]!r} is no shift of a clock. Write what has to be added, with its sign: "
                "+1 year -2 h, or -35 min. Units are years, months, weeks, days, h, min and s."
            )
        return cls(months, seconds)

    def applied(self, taken_at: str) -> str | None:
        """Return a date as it would be with the right clock, ISO 8601; None where no calendar has it.

        A day that a shorter month does not have is that month's last one.
        """
        moment = datetime.datetime.fromisoformat(taken_at)
        years, month = divmod(moment.year * 12 + moment.month - 1 + self.months, 12)
        try:
            day = min(moment.day, calendar.monthrange(years, month + 1)[1])
            there = moment.replace(year=years, month=month + 1, day=day)
            return (there + datetime.timedelta(seconds=self.seconds)).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        steps = []
        for left, units in ((self.months, _MONTHS), (self.seconds, _SECONDS)):
            sign, left = ("-" if left < 0 else "+"), abs(left)
            for unit, size in units.items():
                count, left = divmod(left, size)
                several = "s" if count > 1 and unit not in ("h", "min", "s") else ""
                steps += [f"{sign}{count} {unit}{several}"] if count else []
        return " ".join(steps)


def by_right_clock(taken_at: str | None, shift: str | None) -> str | None:
    """Return a date with a shift that was kept, if there is one; the catalog calls it in SQL."""
    return taken_at if taken_at is None or shift is None else ClockShift.parse(shift).applied(taken_at)
