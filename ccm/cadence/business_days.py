"""Owns business days: Monday to Friday without the federal holidays, by which a call after a discharge is due.

CPT 99495/99496: contact within two business days of the discharge; business days are Monday to Friday except
holidays, whatever the practice's hours. Holidays are those of 5 U.S.C. 6103, on the day on which they are observed.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

_A_DAY: Final = timedelta(days=1)
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_BY_WEEKDAY: Final = ((1, _MONDAY, 3), (2, _MONDAY, 3), (9, _MONDAY, 1), (10, _MONDAY, 2), (11, _THURSDAY, 4))


@lru_cache(maxsize=64)
def federal_holidays(year: int) -> frozenset[date]:
    """The days of a year on which federal holidays are observed, New Year's of the next year included."""
    fixed = [_observed(date(year, month, day)) for month, day in _FIXED]
    if year < date.max.year:
        fixed.append(_observed(date(year + 1, 1, 1)))
    by_weekday = [_nth(year, month, weekday, n) for month, weekday, n in _BY_WEEKDAY]
    memorial_day = next(
        day for day in (date(year, 5, 31) - back * _A_DAY for back in range(7)) if day.weekday() == _MONDAY
    )
    return frozenset(day for day in (*fixed, *by_weekday, memorial_day) if day.year == year)


def is_business_day(day: date) -> bool:
    """Whether offices are open on a day."""
    return day.weekday() < _SATURDAY and day not in federal_holidays(day.year)


def business_days_after(day: date, count: int) -> date:
    """The `count`-th business day after a day, which itself is not counted."""
    while count > 0:
        day += _A_DAY
        count -= is_business_day(day)
    return day


def _observed(day: date) -> date:
    """Friday for a Saturday, Monday for a Sunday."""
    if day.weekday() == _SATURDAY:
        return day - _A_DAY
    return day + _A_DAY if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
