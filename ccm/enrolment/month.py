"""Owns what of an enrolment is in force for one month: the input of its assessment.

Whoever bills on the month's last day bills the month, for that is its date of service, and one practitioner is paid
per patient and month. A change of practitioner inside a month therefore blocks that month too, until there is a
consent for the new one: let the change begin with the next month, with a consent for it beforehand, to lose nothing.
What takes effect after the month's last day changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, tzinfo

from ccm.assessment.care_month import AttestedCondition, BillingPractitioner, Consent, Enrolment, PlanRecord
from ccm.enrolment.consents import ConsentVersion, consent_versions, in_force, practitioner_on
from ccm.enrolment.events import VISIT_NEEDS, EnrolmentEvent, InitiatingVisitHeld, Withdrawn
from ccm.enrolment.state import last_change, status_after, visit_need_on
from ccm.months import LocalMonth, Month, local_month
from ccm.records import standing


def as_of(
    events: Sequence[EnrolmentEvent],
    month: Month,
    zone: tzinfo,
    conditions: tuple[AttestedCondition, ...] = (),
    care_plan: PlanRecord | None = None,
) -> Enrolment:
    """The enrolment by which a month is assessed, with the conditions and the plan of their own records."""
    calendar = local_month(month, zone)
    need = visit_need_on(events, calendar.last_day)
    version = _consent(events, calendar)
    status = _status(events, calendar)
    biller = practitioner_on(events, calendar.last_day)
    return Enrolment(
        status=status,
        initiating_visit_required=need is None or VISIT_NEEDS[need.body.need][0],
        initiating_visit_on=_initiating_visit(events, calendar, version),
        consent=_assessed(version, _ended_on(version, events, calendar, status)),
        billing_practitioner=BillingPractitioner(biller.person.ref, biller.npi) if biller else None,
        conditions=conditions,
        care_plan=care_plan,
    )


def _status(events: Sequence[EnrolmentEvent], calendar: LocalMonth) -> str:
    """The status at the month's end; whoever left in the month left it withdrawn, even if invited again at once."""
    status = status_after(last_change(events, calendar.last_day))
    left = _withdrawn_on(events, calendar)
    return "withdrawn" if status != "enrolled" and left and calendar.contains(left) else status


def _withdrawn_on(events: Sequence[EnrolmentEvent], calendar: LocalMonth) -> date | None:
    days = [kept.body.on for kept in standing(events, Withdrawn) if kept.body.on <= calendar.last_day]
    return max(days, default=None)


def _consent(events: Sequence[EnrolmentEvent], calendar: LocalMonth) -> ConsentVersion | None:
    """The consent that holds to the month's end for who bills it; else the one that ended by withdrawal."""
    last_day = calendar.last_day
    biller = practitioner_on(events, last_day)
    given = [version for version in consent_versions(events, calendar.zone) if version.given_on <= last_day]
    holding = [version for version in given if version.holds_on(last_day, biller.person.ref if biller else "")]
    ended = [each for each in given if each.ended_by == "withdrawal" and each.ended_on and each.ended_on < last_day]
    return in_force(holding) or in_force(ended[-1:])


def _ended_on(
    version: ConsentVersion | None, events: Sequence[EnrolmentEvent], calendar: LocalMonth, status: str
) -> date | None:
    """The day of the withdrawal that the assessment is to know of."""
    if status == "withdrawn":
        return _withdrawn_on(events, calendar)
    over = version is not None and version.ended_on is not None and version.ended_on < calendar.last_day
    return version.withdrawn_on if version is not None and over else None


def _assessed(version: ConsentVersion | None, withdrawn_on: date | None) -> Consent | None:
    if version is None:
        return Consent(withdrawn_on=withdrawn_on) if withdrawn_on else None
    body = version.recorded.body
    consent = Consent(body.given_at, body.method, body.obtained_by.name or body.obtained_by.ref, body.disclosures)
    return replace(consent, withdrawn_on=withdrawn_on)


def _initiating_visit(
    events: Sequence[EnrolmentEvent], calendar: LocalMonth, version: ConsentVersion | None
) -> date | None:
    """The earliest visit that serves this consent; where none does, the latest, which the assessment then refuses."""
    visits = sorted(
        kept.body.on
        for kept in standing(events, InitiatingVisitHeld)
        if kept.body.ccm_discussed and kept.body.on <= calendar.last_day
    )
    if version is None or not visits:
        return visits[-1] if visits else None
    return next((day for day in visits if day >= _year_before(version.given_on)), visits[-1])


def _year_before(day: date) -> date:
    return date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
