"""Owns the care month as the store holds it: entries and records of one patient, assessed by `ccm`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from ccm.assessment import Assessment, CareMonth, Enrolment, assess
from ccm.chart import ChartPatient
from ccm.months import LocalMonth, local_month, month_of
from smart_app.registrations import Practice
from smart_app.store.engine import UnitOfWork
from smart_app.store.ledger import LedgerEntry, entries_between


@dataclass(frozen=True, slots=True)
class AssessedMonth:
    """A care month: its bounds in the practice's zone, its rows in the ledger, and what they earn."""

    month: LocalMonth
    rows: tuple[LedgerEntry, ...]
    assessment: Assessment

    def counted_seconds(self, entry_id: str) -> int | None:
        """How many seconds of an entry count; None if the month does not hold the entry."""
        length = next((row.entry.seconds for row in self.rows if row.entry.id == entry_id), None)
        if length is None:
            return None
        return length - sum(part.seconds for part in self.assessment.excluded if part.entry == entry_id)


def assessed_month(session: UnitOfWork, practice: Practice, patient: ChartPatient, at: int) -> AssessedMonth:
    """The patient's care month that holds the instant `at` (POSIX seconds)."""
    zone = ZoneInfo(practice.timezone)
    month = local_month(month_of(at, zone), zone)
    start, end = month.interval
    rows = tuple(entries_between(session, practice_id=practice.id, patient_id=patient.id, start=start, end=end))
    case = CareMonth(
        month=month.month,
        zone=zone,
        patient_id=patient.id,
        enrolment=Enrolment(status="candidate", initiating_visit_required=False),
        deceased_on=deceased_on(patient),
        entries=tuple(row.entry for row in rows),
    )
    return AssessedMonth(month, rows, assess(case))


def deceased_on(patient: ChartPatient) -> date | None:
    """The day of death, where the chart gives a whole day; a year alone judges no entry."""
    try:
        return date.fromisoformat(patient.deceased_on[:10])
    except ValueError:
        return None
