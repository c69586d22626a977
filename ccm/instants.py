"""Owns reading times and dates: the profile of ISO 8601 that RFC 3339 (and FHIR `instant`) share, and nothing wider.

`datetime.fromisoformat` alone would also take week dates, missing colons, fractions of any length and, since Python
3.13, 24:00. A time is read in three parts, each of which is soon known: few days, minutes and offsets make up all the
times of a practice.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_EPOCH = date(1970, 1, 1).toordinal()

_is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_minute = re.compile(r"T([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch
_second_and_offset = re.compile(r"(?::([0-5][0-9]))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))").fullmatch

_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_has_no_zone = re.compile(_CLOCK + r"(?:[.,][0-9]+)?").fullmatch
_has_fraction = re.compile(_CLOCK + r"[.,][0-9]+(?:Z|[+-][0-9]{2}:[0-9]{2})").fullmatch


def parse_instant(text: str) -> int:
    """POSIX seconds of a time with its zone, such as 2026-10-02T14:00:00-04:00 (the seconds may be left out).

    ValueError, with the reason in plain words, for times without a zone, fractional seconds and all else; also for
    years before 1000 or after 2999, where local time may leave the calendar.
    """
    try:
        return _midnight(text[:10]) + _seconds_to_minute(text[10:16]) + _seconds_past_minute(text[16:])
    except ValueError:
        raise ValueError(_why_not(text)) from None


@lru_cache(maxsize=8192)
def parse_day(text: str) -> date:
    """A calendar day from "2026-10-02"; ValueError for everything else, with the reason in plain words."""
    if not _is_day(text):
        raise ValueError("must be a date such as 2026-10-02")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


@lru_cache(maxsize=8192)
def _midnight(text: str) -> int:
    day = parse_day(text)
    if not 1000 <= day.year < 3000:
        raise ValueError("is too far from our time")
    return (day.toordinal() - _EPOCH) * 86400


@lru_cache(maxsize=2048)
def _seconds_to_minute(text: str) -> int:
    match = _minute(text)
    if not match:
        raise ValueError("is not an hour and minute")
    return int(match[1]) * 3600 + int(match[2]) * 60


@lru_cache(maxsize=8192)
def _seconds_past_minute(text: str) -> int:
    """Seconds from the minute on the local clock to the instant in UTC."""
    match = _second_and_offset(text)
    if not match:
        raise ValueError("is not a second and an offset")
    second, sign, hours, minutes = match.groups(default="0")
    ahead = int(hours) * 3600 + int(minutes) * 60
    return int(second) + (ahead if sign == "-" else -ahead)


def _why_not(text: str) -> str:
    if _has_no_zone(text):
        return "has no time zone: end it with Z or an offset such as -04:00"
    if _has_fraction(text):
        return "has fractional seconds: give whole seconds"
    return "must be a time with its zone, such as 2026-10-02T14:00:00-04:00"
