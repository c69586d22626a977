"""The pace of the month: stage, what is due, leaks and caseloads, all derived and never kept twice.

The record of absences is `ccm.cadence.absences`.
"""

from ccm.cadence.absences import AbsenceEvent, AbsenceRecorded, Acting, acting, away_on
from ccm.cadence.business_days import business_days_after, federal_holidays, is_business_day
from ccm.cadence.caseloads import Caseload, caseload
from ccm.cadence.due_dates import REASONS, Due, discharge_deadline, discharges, in_stay, next_due
from ccm.cadence.leak_checks import LEAKS, Leak, leaks
from ccm.cadence.pace_signs import PACE, pace
from ccm.cadence.situation import LedgerEntry, Situation
from ccm.cadence.stages import STAGES, stage

__all__ = [
    "LEAKS",
    "PACE",
    "REASONS",
    "STAGES",
    "AbsenceEvent",
    "AbsenceRecorded",
    "Acting",
    "Caseload",
    "Due",
    "Leak",
    "LedgerEntry",
    "Situation",
    "acting",
    "away_on",
    "business_days_after",
    "caseload",
    "discharge_deadline",
    "discharges",
    "federal_holidays",
    "in_stay",
    "is_business_day",
    "leaks",
    "next_due",
    "pace",
    "stage",
]
