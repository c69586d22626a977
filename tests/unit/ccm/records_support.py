"""People, days and a recorder for the tests of a patient's records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from ccm.months import Month
from ccm.records import Actor, Event, Person, Refusal

ZONE = ZoneInfo("America/New_York")
NURSE = Actor("Practitioner/nurse", "Nora Nurse", "clinician")
COORDINATOR = Actor("Practitioner/coordinator", "Cora Coordinator", "coordinator")
DOCTOR = Actor("Practitioner/doctor", "Dr Day", "practitioner")
LEAD = Actor("Practitioner/lead", "Lea Lead", "lead")
BILLER = Actor("Practitioner/biller", "Bill Biller", "biller")
ADMIN = Actor("Practitioner/admin", "Ada Admin", "admin")
IMPORT = Actor("", "Import", "system")
DR_DAY, DR_NEW = Person("Practitioner/doctor", "Dr Day"), Person("Practitioner/new", "Dr New")
NPI = "1234567893"
SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (Month(2026, number) for number in (9, 10, 11, 12))


def at(text: str, zone: tzinfo = ZONE) -> int:
    """POSIX seconds of a local time such as 2026-11-24T10:00."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def day(text: str) -> date:
    return date.fromisoformat(text)


class Recorder:
    """Adds to a record by its guard, and fails the test where the guard refuses."""

    def __init__(self, append: Callable[..., Event[Any] | Refusal]) -> None:
        self._append = append
        self.events: tuple[Event[Any], ...] = ()

    def add(self, body: object, by: Actor = NURSE, now: str = "2026-11-24T10:00") -> None:
        made = self.try_to(body, by, now)
        assert isinstance(made, Event), str(made)
        self.events = (*self.events, made)

    def try_to(self, body: object, by: Actor = NURSE, now: str = "2026-11-24T10:00") -> Event[Any] | Refusal:
        return self._append(self.events, body, by, at(now), ZONE)

    def refusal(self, body: object, by: Actor = NURSE, now: str = "2026-11-24T10:00") -> Refusal:
        made = self.try_to(body, by, now)
        assert isinstance(made, Refusal)
        return made


def fields(refusals: Sequence[Refusal]) -> list[str]:
    return [refusal.field for refusal in refusals]
