"""Owns the calendar month in the practice's time zone: its days, and the instants at which they begin.

Medicare counts CCM time by calendar month, and nothing carries over (CPT 99490 "per calendar month"). Instants are
POSIX seconds (UTC); a day is 23, 24 or 25 hours long as the zone has it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from ccm.intervals import Interval

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])").fullmatch


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, without a zone; `number` is 1 to 12."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    def next(self) -> Month:
        """The month after this one."""
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)


@dataclass(frozen=True, slots=True, eq=False)
class LocalMonth:
    """A month as one zone lives it: `day_starts[0]` begins day 1, and the last element begins the month after."""

    month: Month
    zone: tzinfo
    first_day: date
    last_day: date
    day_starts: tuple[int, ...]

    @property
    def interval(self) -> Interval:
        """The whole month, half-open."""
        return self.day_starts[0], self.day_starts[-1]

    def contains(self, day: date) -> bool:
        """Whether `day` is one of this month's days."""
        return self.first_day <= day <= self.last_day

    def start_of(self, day: date) -> int:
        """The instant at which `day` begins, clipped to the month's ends."""
        if day <= self.first_day:
            return self.day_starts[0]
        return self.day_starts[-1] if day > self.last_day else self.day_starts[day.day - 1]

    def end_of(self, day: date) -> int:
        """The instant at which `day` is over, clipped to the month's ends."""
        if day < self.first_day:
            return self.day_starts[0]
        return self.day_starts[-1] if day >= self.last_day else self.day_starts[day.day]

    def day_of(self, second: int) -> date:
        """The local day of a second that lies in the month; ValueError where it does not."""
        day = bisect_right(self.day_starts, second)
        return date(self.month.year, self.month.number, day)


@lru_cache(maxsize=4096)
def parse_month(text: str) -> Month:
    """Reads "2026-11"; ValueError for everything else."""
    match = _MONTH(text)
    if not match or match[1] == "0000":
        raise ValueError("not a month such as 2026-11")
    return Month(int(match[1]), int(match[2]))


@lru_cache(maxsize=4096)
def local_month(month: Month, zone: tzinfo) -> LocalMonth:
    """The month's days and their first instants in `zone`; OverflowError for the last month of the year 9999."""
    first, after = month.first_day, month.next()
    if after.year > date.max.year:
        raise OverflowError("the calendar ends here")
    length = (after.first_day - first).days
    days = [first + timedelta(days=i) for i in range(length + 1)]
    return LocalMonth(month, zone, first, days[-2], tuple(_begins(day, zone) for day in days))


def local_day(second: int, zone: tzinfo) -> date:
    """The calendar day of an instant in `zone`."""
    return datetime.fromtimestamp(second, zone).date()


def month_of(second: int, zone: tzinfo) -> Month:
    """The calendar month of an instant in `zone`."""
    day = local_day(second, zone)
    return Month(day.year, day.month)


def _begins(day: date, zone: tzinfo) -> int:
    # fold=0 is the first of two midnights, and where the clock jumps over midnight the instant of the jump (PEP 495).
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
