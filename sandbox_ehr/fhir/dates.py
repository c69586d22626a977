"""Owns time in searches: partial dates as spans, and the comparison prefixes (FHIR R4, search.html#date)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Span = tuple[datetime, datetime]

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_TEXT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?\Z"
)


@lru_cache(maxsize=1 << 16)
def span(text: str) -> Span:
    """The half-open stretch of time, in UTC, that a FHIR date, dateTime or instant covers at its own precision.

    A time without a zone is taken as UTC. Raises ValueError for anything else.
    """
    found = _TEXT.match(text)
    if not found:
        raise ValueError(f"{text!r} is no FHIR date")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micros = int(f"{fraction or '0':0<6}"[:6])
    offset = datetime.strptime(zone or "Z", "%z").utcoffset() or timedelta()
    try:
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0),
                         int(second or 0), micros, tzinfo=UTC) - offset  # fmt: skip
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the calendar") from error
    return start, _end(start, found)


def _end(start: datetime, found: re.Match[str]) -> datetime:
    _, month, day, hour, _, second, fraction, _ = found.groups()
    try:
        if month is None:
            return start.replace(year=start.year + 1)
        if day is None:
            return (start + timedelta(days=31)).replace(day=1)
        if hour is None:
            return start + timedelta(days=1)
        if second is None:
            return start + timedelta(minutes=1)
        return start + (timedelta(microseconds=max(1, 10 ** (6 - len(fraction)))) if fraction else timedelta(seconds=1))
    except (OverflowError, ValueError):
        return _NEVER


def span_of(value: object) -> Span | None:
    """The stretch that an element covers: a date text or a Period, open where an end is missing; None where neither."""
    try:
        if isinstance(value, str):
            return span(value)
        if isinstance(value, dict) and ("start" in value or "end" in value):
            start = span(value["start"])[0] if value.get("start") else _ALWAYS
            end = span(value["end"])[1] if value.get("end") else _NEVER
            return start, end
    except (ValueError, TypeError):
        return None
    return None


def prefixed(text: str) -> tuple[str, Span]:
    """Prefix and span of a date search value; `eq` where there is no prefix. Raises ValueError."""
    prefix = text[:2] if text[:2] in PREFIXES else ""
    return prefix or "eq", span(text[len(prefix) :])


def compares(prefix: str, wanted: Span, actual: Span) -> bool:
    """Whether an element's span stands to the searched one as the prefix says (FHIR R4, search.html#prefix)."""
    within = wanted[0] <= actual[0] and actual[1] <= wanted[1]
    above, below = actual[1] > wanted[1], actual[0] < wanted[0]
    return {
        "eq": within,
        "ne": not within,
        "gt": above,
        "lt": below,
        "ge": above or within,
        "le": below or within,
        "sa": actual[0] >= wanted[1],
        "eb": actual[1] <= wanted[0],
    }[prefix]
