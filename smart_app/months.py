"""Owns the care month as the store holds it: entries and records of one patient, assessed by `ccm`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from ccm.assessment import Assessment, CareMonth, Enrolment, assess
from ccm.chart import ChartPatient
from ccm.months import LocalMonth, Month, local_month
from smart_app.registrations import Practice
from smart_app.store.engine import UnitOfWork
from smart_app.store.ledger import LedgerEntry, entries_between
from smart_app.store.patients import find_patient


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


def assessed_month(session: UnitOfWork, practice: Practice, patient_id: str, month: Month) -> AssessedMonth:
    """The patient's care month as it stands now."""
    zone = ZoneInfo(practice.timezone)
    local = local_month(month, zone)
    start, end = local.interval
    rows = tuple(entries_between(session, practice_id=practice.id, patient_id=patient_id, start=start, end=end))
    patient = find_patient(session, practice.id, patient_id)
    case = CareMonth(
        month=month,
        zone=zone,
        patient_id=patient_id,
        enrolment=Enrolment(status="candidate", initiating_visit_required=False),
        deceased_on=deceased_on(patient) if patient else None,
        entries=tuple(row.entry for row in rows),
    )
    return AssessedMonth(local, rows, assess(case))


def deceased_on(patient: ChartPatient) -> date | None:
    """The day of death, where the chart gives a whole day; a year alone judges no entry."""
    try:
        return date.fromisoformat(patient.deceased_on[:10])
    except ValueError:
        return None
