"""Owns the care month as the store holds it: entries and records of one patient, assessed by `ccm`.

The same on the panel, at a delivery and at the month's close, for nothing but the store is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from ccm import attestations, care_plans, enrolment
from ccm.assessment import Assessment, CareMonth, Earnings, Finding, assess
from ccm.assessment.exclusions import count_time
from ccm.chart import ChartPatient
from ccm.facts import facts_of
from ccm.months import LocalMonth, Month, local_month
from ccm.staff import StaffRow, classified
from ccm.tables import NATIONAL_TABLES
from smart_app.programme.streams import Programme, read_programme
from smart_app.registrations import Practice
from smart_app.store.engine import UnitOfWork
from smart_app.store.ledger import LedgerEntry, entries_between
from smart_app.store.patients import find_patient
from smart_app.store.records import PatientRef
from smart_app.store.staff import read_register

NO_CODE_TABLE = "no_code_table"


@dataclass(frozen=True, slots=True)
class AssessedMonth:
    """A care month: its bounds in the practice's zone, its rows in the ledger, what they earn, and what that rests on.

    `programme` and `register` are whole: all that was recorded of the patient, and all of the practice's staff.
    """

    month: LocalMonth
    rows: tuple[LedgerEntry, ...]
    assessment: Assessment
    programme: Programme
    register: tuple[StaffRow, ...]

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
    programme = read_programme(session, PatientRef(practice.id, patient_id))
    register = read_register(session, practice.id)
    case = CareMonth(
        month=month,
        zone=zone,
        patient_id=patient_id,
        enrolment=enrolment.as_of(
            programme.enrolment,
            month,
            zone,
            attestations.as_of(programme.attestations, month),
            care_plans.as_of(programme.care_plan, month),
        ),
        deceased_on=deceased_on(patient) if patient else None,
        facts=facts_of(programme.facts, month),
        entries=classified((row.entry for row in rows), register, zone),
    )
    return AssessedMonth(local, rows, _assessed(case, local), programme, register)


def deceased_on(patient: ChartPatient) -> date | None:
    """The day of death, where the chart gives a whole day; a year alone judges no entry."""
    try:
        return date.fromisoformat(patient.deceased_on[:10])
    except ValueError:
        return None


def _assessed(case: CareMonth, local: LocalMonth) -> Assessment:
    try:
        return assess(case)
    except LookupError:  # a year before our first code table, or after the last
        return _without_table(case, local)


def _without_table(case: CareMonth, local: LocalMonth) -> Assessment:
    """The minutes are counted all the same; what they earn nobody can say."""
    time = count_time(case, local)
    text = f"Cadence holds no code table for {case.month.year}: the minutes are counted, what they earn is not known."
    return Assessment(
        month=str(case.month),
        rules="",
        counted_seconds=time.counted_seconds,
        earnings=Earnings({}, None, NATIONAL_TABLES[-1].tracks[0], None, ()),
        date_of_service=None,
        ready=False,
        blockers=(Finding(NO_CODE_TABLE, text, ""),),
        warnings=(),
        excluded=time.excluded,
    )
