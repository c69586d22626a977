"""Owns the panel's words for times, ages and states."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

STATUS: Final[dict[str, tuple[str, str]]] = {
    "waiting": ("waiting", "Waiting for the EHR"),
    "sending": ("waiting", "Waiting for the EHR"),
    "unknown": ("waiting", "Checking with the EHR"),
    "filed": ("filed", "Filed"),
    "held": ("waiting", "Kept in Cadence only"),
    "attention": ("attention", "Needs attention"),
}
"""For each state of a delivery: the entry's status, and how the panel says it."""

PROPOSALS: Final[dict[str, str]] = {
    "proposed": "Proposed: chronic",
    "review": "Needs review",
    "other": "Not proposed",
}
"""For each state of a proposal, in the order in which the panel lists them, how it is said."""

EXCLUSIONS: Final[dict[str, str]] = {
    "voided": "voided",
    "other_programme": "another programme's time",
    "non_clinical": "not clinical staff",
    "outside_us": "worked outside the United States",
    "activity_not_counted": "this activity is not counted",
    "outside_month": "outside this month",
    "before_consent": "no consent yet",
    "after_withdrawal_month": "after the patient withdrew",
    "after_death": "after the day of death",
    "before_initiating_visit": "before the initiating visit",
    "inpatient": "inpatient that day",
    "visit_day": "day of a billed visit",
    "overlap": "same minutes as another entry",
}


def iso_local(seconds: int, zone: ZoneInfo) -> str:
    """An instant as ISO 8601 with the zone's offset."""
    return datetime.fromtimestamp(seconds, zone).isoformat()


def when(start: int, end: int, zone: ZoneInfo) -> str:
    """ "19 Nov, 10:12–10:21" in the practice's zone."""
    first, last = datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last.day} {last:%b}, {last:%H:%M}"
    return f"{first.day} {first:%b}, {first:%H:%M}–{until}"


def day_words(iso: str) -> str:
    """A FHIR date as a person reads it: "29 Jul 1941", "Jul 1941" or "1941"; '' for none."""
    parts = iso[:10].split("-")
    try:
        month = calendar.month_abbr[int(parts[1])] if len(parts) > 1 else ""
        return " ".join(filter(None, (str(int(parts[2])) if len(parts) > 2 else "", month, parts[0])))
    except (ValueError, IndexError):
        return ""


def age_on(birth_date: str, day: date) -> int | None:
    """Completed years on `day`; None where the birth date is not a whole day."""
    try:
        born = date.fromisoformat(birth_date[:10])
    except ValueError:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def period_words(start: str, end: str) -> str:
    """ "since 3 Feb 2025", "3 Feb 2025 – 4 Mar 2026" or ''."""
    first, last = day_words(start), day_words(end)
    if first and last:
        return f"{first} – {last}"
    return f"since {first}" if first else (f"until {last}" if last else "")


def minutes_words(minutes: int) -> str:
    """ "1 minute", "6 minutes"."""
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def moment(seconds: int, zone: ZoneInfo) -> str:
    """ "19 Nov 2026, 10:12" in the practice's zone."""
    at = datetime.fromtimestamp(seconds, zone)
    return f"{at.day} {at:%b %Y}, {at:%H:%M}"
