"""Owns who is eligible: the chronic conditions and the initiating visit, as blocker checks."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ccm.assessment.care_month import AttestedCondition
from ccm.assessment.findings import Considered
from ccm.months import local_day

_LEAST_CONDITIONS = 2
_LEAST_MONTHS = 12


def conditions_fewer_than_two(seen: Considered) -> str:
    """Fewer than two conditions are listed: rows of one code are one, a row without a code is one by itself."""
    listed = _listed(seen.case.enrolment.conditions)
    if listed >= _LEAST_CONDITIONS:
        return ""
    return f"List and attest two chronic conditions with their ICD-10-CM codes: {listed} of 2 is listed."


def conditions_not_attested(seen: Considered) -> str:
    """Two or more are listed, but fewer than two different codes have all that an auditor asks for."""
    conditions = seen.case.enrolment.conditions
    complete = len({_spelt_alike(row.icd10) for row in conditions if _is_complete(row)})
    if complete >= _LEAST_CONDITIONS or _listed(conditions) < _LEAST_CONDITIONS:
        return ""
    return (
        f"Attest two chronic conditions: {complete} of 2 has its ICD-10-CM code, a duration of 12 months or more, "
        "the significant risk, the clinician and the day."
    )


def initiating_visit_missing(seen: Considered) -> str:
    """Required, and not there, after the month, or more than one year before the consent."""
    enrolment = seen.case.enrolment
    visit = enrolment.initiating_visit_on
    if not enrolment.initiating_visit_required:
        return ""
    if visit is None:
        return "Hold and record an initiating visit in which CCM is discussed."
    if visit > seen.calendar.last_day:
        return f"The initiating visit was on {visit}, after this month. Do not bill this month."
    consent = enrolment.consent
    if consent and consent.given_at is not None and visit < _year_before(local_day(consent.given_at, seen.case.zone)):
        return f"The initiating visit on {visit} lies more than one year before the consent. Hold a new one."
    return ""


def _listed(conditions: tuple[AttestedCondition, ...]) -> int:
    codes = [_spelt_alike(row.icd10) for row in conditions]
    return len({code for code in codes if code}) + codes.count("")


@lru_cache(maxsize=4096)
def _spelt_alike(code: str | None) -> str:
    """One spelling for one code: e11.9, E11.9 and E119 are the same; '' where there is none."""
    return (code or "").strip().upper().replace(".", "")


def _is_complete(row: AttestedCondition) -> bool:
    long_enough = row.expected_months is not None and row.expected_months >= _LEAST_MONTHS
    return bool(
        _spelt_alike(row.icd10) and row.attested_on and row.attested_by and long_enough and row.significant_risk
    )


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
