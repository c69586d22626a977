"""Builds the situation of a care month: a clean October assessed by the rules, with touchpoints, tasks and entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from ccm import setup as su
from ccm import touchpoints as tp
from ccm.assess_json import read_care_month
from ccm.assessment import Assessment, assess
from ccm.cadence import LedgerEntry, Situation
from ccm.entries import Entry
from ccm.records import Event, Person
from smart_app.cli.assess import time_zone
from tests.unit.ccm.cases import care_month, minutes
from tests.unit.ccm.records_support import COORDINATOR, OCTOBER, ZONE, at, day

CORA, BEN = Person("Practitioner/coordinator", "Cora Coordinator"), Person("Practitioner/ben", "Ben Backup")
RITA, DORA = Person("Practitioner/rita", "Rita Review"), Person("Practitioner/dora", "Dora Documents")
EVA = Person("Practitioner/eva", "Eva Enrols")
SETUP = replace(
    su.default_setup("Valley Clinic", "America/New_York"),
    cadence=su.Cadence(first_attempt_by_day=5, attempts_per_month=3, days_between=4, follow_up_days=7),
    responsible=(
        su.Responsible("enrols", EVA, BEN),
        su.Responsible("calls", CORA, BEN),
        su.Responsible("documents", DORA, BEN),
        su.Responsible("reviews", RITA, BEN),
    ),
)
NOTE = "Spoke with the patient about breathing at night"


@lru_cache(maxsize=64)
def assessment(count: int, changes: tuple[tuple[str, Any], ...] = ()) -> Assessment:
    """So many minutes of a nurse's calls in a clean October."""
    entries = (minutes(count),) if count else ()
    return assess(read_care_month(care_month(*entries, **dict(changes)), time_zone))


def worked(
    started: str = "2026-10-06T12:00",
    length: int = 18,
    note: str = NOTE,
    *,
    activity: str = "patient_contact",
    recorded: str = "",
    status: str = "filed",
) -> LedgerEntry:
    start = at(started)
    entry = Entry(
        f"e-{started}", start, start + length * 60, "Practitioner/nurse", "staff", activity, "phone", note=note
    )
    return LedgerEntry(entry, at(recorded) if recorded else entry.end, status)


def touch(started: str, outcome: str = "no_answer", next_on: str = "", entry: str = "") -> tp.TouchpointEvent:
    body = tp.ContactAttempted(
        modality="phone",
        by=CORA,
        purpose="monthly",
        started_at=at(started),
        outcome=outcome,
        identifiers=frozenset({"name", "birth_date"}) if outcome in tp.CONTACT_OUTCOMES else frozenset(),
        next_on=day(next_on) if next_on else None,
        entry=entry,
    )
    return Event(at(started) + 60, COORDINATOR, body)


def planned(on: str, recorded: str) -> tp.TouchpointEvent:
    return Event(at(recorded), COORDINATOR, tp.ContactPlanned("phone", CORA, "monthly", day(on)))


def situation(now: str = "2026-10-14T10:00", count: int = 0, **fields: Any) -> Situation:
    """October at a local time, with so many counted minutes in its assessment; `fields` as in `Situation`."""
    made: dict[str, Any] = {
        "month": OCTOBER,
        "zone": ZONE,
        "now": at(now),
        "setup": SETUP,
        "assessment": assessment(count),
        "status_since": date(2026, 3, 2),
        "coordinator": CORA,
        "backup": BEN,
    }
    return Situation(**(made | fields))
