"""Owns reading times and dates: the profile of ISO 8601 that RFC 3339 (and FHIR `instant`) share, and nothing wider.

`datetime.fromisoformat` alone would also take week dates, missing colons, fractions of any length and, since Python
3.13, 24:00; the shape is checked first so that every version reads the same.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Spelt out digit by digit, which matches in half the time of counted repeats. Hours past 24 and offsets past a day are
# left to `fromisoformat`; years 1000 to 2999 keep every zone's local time inside what `datetime` can hold.
_D = "[0-9]"
_DAY = f"{_D * 4}-{_D * 2}-{_D * 2}"
_CLOCK = f"[12]{_D * 3}-{_D * 2}-{_D * 2}T(?!24)[0-2]{_D}:[0-5]{_D}(?::[0-5]{_D})?"
_OFFSET = f"(?:Z|[+-][0-2]{_D}:[0-5]{_D})"
_is_day = re.compile(_DAY).fullmatch
_is_instant = re.compile(_CLOCK + _OFFSET).fullmatch
_is_zoneless = re.compile(_CLOCK + r"(?:\.[0-9]+)?").fullmatch
_is_fractional = re.compile(_CLOCK + r"[.,][0-9]+" + _OFFSET).fullmatch


def parse_instant(text: str) -> int:
    """POSIX seconds of a time with its zone, such as 2026-10-02T14:00:00-04:00 (the seconds may be left out).

    ValueError, with the reason in plain words, for times without a zone, fractional seconds and all else.
    """
    if not _is_instant(text):
        raise ValueError(_why_not(text))
    try:
        since = datetime.fromisoformat(text) - _EPOCH
        return since.days * 86400 + since.seconds
    except ValueError:
        raise ValueError("names no day of the calendar, or no hour of the day") from None


@lru_cache(maxsize=8192)
def parse_day(text: str) -> date:
    """A calendar day from "2026-10-02"; ValueError for everything else, with the reason in plain words."""
    if not _is_day(text):
        raise ValueError("must be a date such as 2026-10-02")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def _why_not(text: str) -> str:
    if _is_zoneless(text):
        return "has no time zone: end it with Z or an offset such as -04:00"
    if _is_fractional(text):
        return "has fractional seconds: give whole seconds"
    return "must be a time with its zone, such as 2026-10-02T14:00:00-04:00"
