"""Owns time between the two worlds: POSIX seconds (UTC) inside, FHIR dateTime, instant and UCUM minutes outside."""

from __future__ import annotations

from datetime import UTC, datetime

from fhir_mappings.tolerant import Json, line, mapping, number

UCUM = "http://unitsofmeasure.org"
_MINUTES_PER_UNIT = {"min": 1.0, "h": 60.0, "s": 1 / 60}


def instant(seconds: int) -> str:
    """POSIX seconds as a FHIR instant in UTC, "2026-11-24T10:00:00Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def posix(value: object) -> int | None:
    """A FHIR instant, or a dateTime with time and zone, as POSIX seconds (fractions cut off); else None.

    A time without a zone is no instant, and guessing the zone would move minutes between days and months.
    """
    try:
        moment = datetime.fromisoformat(line(value))
        return None if moment.tzinfo is None else int(moment.timestamp())
    except (ValueError, OverflowError):
        return None


def period(start: int, end: int) -> dict[str, str]:
    """A FHIR Period from POSIX seconds."""
    return {"start": instant(start), "end": instant(end)}


def minutes(seconds: int) -> int | float:
    """Seconds in minutes: whole where they are, else rounded to four decimals (a second is 0.0167)."""
    return seconds // 60 if seconds % 60 == 0 else round(seconds / 60, 4)


def minutes_quantity(value: int | float) -> dict[str, object]:
    """A FHIR Quantity or Duration of `value` minutes in UCUM."""
    return {"value": value, "unit": "min", "system": UCUM, "code": "min"}


def quantity_minutes(quantity: object) -> float | None:
    """A Quantity or Duration in minutes; hours and seconds are converted, no unit means minutes, others are None."""
    read: Json = mapping(quantity)
    value, unit = number(read.get("value")), line(read.get("code")) or line(read.get("unit")) or "min"
    factor = _MINUTES_PER_UNIT.get(unit)
    return None if value is None or factor is None else value * factor
