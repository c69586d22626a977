"""Owns what may be recorded of an enrolment: by whom, from which status, and with which details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any, Final

from ccm.assessment.care_month import DISCLOSURES
from ccm.enrolment.consents import consent_versions, practitioner_on
from ccm.enrolment.events import (
    CONSENT_METHODS,
    FROM_STATUS,
    SOURCES,
    VISIT_KINDS,
    VISIT_NEEDS,
    WHO_MAY,
    BillingPractitionerNamed,
    Body,
    ConsentGiven,
    CoordinatorNamed,
    Declined,
    Enrolled,
    EnrolmentEvent,
    InitiatingVisitHeld,
    InitiatingVisitNeed,
    Invited,
    StatusChange,
    Withdrawn,
    kind_of,
)
from ccm.enrolment.state import last_change, state_on, status_after
from ccm.months import Month, local_day
from ccm.npi import npi_is_valid
from ccm.record_guards import first_of, wrong_choice, wrong_day, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Person, Refusal, Struck, standing

_Recorded = Sequence[EnrolmentEvent]


def append(events: _Recorded, body: Body, actor: Actor, now: int, zone: tzinfo) -> EnrolmentEvent | Refusal:
    """The event to add to the record, or why it is refused. `now` is POSIX seconds (UTC), `zone` the practice's."""
    kind = kind_of(body)
    today = local_day(now, zone)
    refusal = first_of(
        wrong_role(actor, WHO_MAY[kind], f"record this ({kind.replace('_', ' ')})"),
        _wrong_status(events, kind, body) if isinstance(body, StatusChange) else None,
    )
    if refusal is None:
        refusal = _CHECKS[type(body)](events, body, today, zone)
    if refusal is None and isinstance(body, ConsentGiven) and body.given_at > now:
        refusal = Refusal("given_at", "must not lie in the future")
    if refusal is None and isinstance(body, Struck):
        refusal = wrong_strike(events, body, actor) or _wrong_strike_of_status(events, body)
    return refusal or Event(now, actor, body)


def open_actions(events: _Recorded, role: str, today: date) -> frozenset[str]:
    """The kinds of event that a role may record in the present status, whatever their details."""
    status = status_after(last_change(events, today))
    return frozenset(
        kind for kind, roles in WHO_MAY.items() if role in roles and status in FROM_STATUS.get(kind, (status,))
    )


def _wrong_status(events: _Recorded, kind: str, body: StatusChange) -> Refusal | None:
    change = last_change(events, date.max)
    status = status_after(change)
    if status not in FROM_STATUS[kind]:
        return Refusal("", f"The patient is {status}: this cannot follow.")
    if change is not None and body.on < change.on:
        return Refusal("on", f"lies before {change.on}, when the patient became {status}")
    return None


def _wrong_on(_events: _Recorded, body: Invited, today: date, _zone: tzinfo) -> Refusal | None:
    return wrong_day("on", body.on, today)


def _wrong_leaving(_events: _Recorded, body: Declined | Withdrawn, today: date, _zone: tzinfo) -> Refusal | None:
    return wrong_day("on", body.on, today) or wrong_text("reason", body.reason)


def _wrong_enrolment(events: _Recorded, body: Enrolled, today: date, zone: tzinfo) -> Refusal | None:
    """A consent that nothing has ended, with all four disclosures, for whoever bills on the day."""
    biller = practitioner_on(events, body.on)
    whom = biller.person.ref if biller else ""
    holding = [each for each in consent_versions(events, zone) if each.holds_on(body.on, whom) and not each.ended_on]
    if refusal := wrong_day("on", body.on, today):
        return refusal
    if not holding:
        needed = state_on(events, today, zone).consent_needed
        return Refusal("consent", needed or f"The consent was given after {body.on}: enrol from that day on.")
    if any(each.complete for each in holding):
        return None
    told = holding[-1].recorded.body.disclosures
    missing = "; ".join(words for code, words in DISCLOSURES.items() if code not in told)
    return Refusal("disclosures", f"The patient has not been told: {missing}.")


def _wrong_consent(_events: _Recorded, body: ConsentGiven, today: date, zone: tzinfo) -> Refusal | None:
    someone = body.representative
    return first_of(
        _wrong_instant(body.given_at, today, zone),
        wrong_choice("method", body.method, CONSENT_METHODS),
        _wrong_person("obtained_by", body.obtained_by),
        None if body.disclosures <= DISCLOSURES.keys() else Refusal("disclosures", "names one that is not known"),
        wrong_text("representative", someone.name) if someone else None,
        wrong_text("relationship", someone.relationship) if someone else None,
    )


def _wrong_instant(given_at: int, today: date, zone: tzinfo) -> Refusal | None:
    try:
        return wrong_day("given_at", local_day(given_at, zone), today)
    except (OverflowError, ValueError, OSError):
        return Refusal("given_at", "is not a time")


def _wrong_visit(_events: _Recorded, body: InitiatingVisitHeld, today: date, _zone: tzinfo) -> Refusal | None:
    talked = (
        None if body.ccm_discussed else Refusal("ccm_discussed", "the visit's note must show that CCM was discussed")
    )
    return first_of(
        wrong_day("on", body.on, today),
        wrong_choice("kind", body.kind, VISIT_KINDS),
        wrong_choice("source", body.source, SOURCES),
        wrong_text("encounter", body.encounter) if body.source == "chart" else None,
        talked,
    )


def _wrong_need(_events: _Recorded, body: InitiatingVisitNeed, today: date, _zone: tzinfo) -> Refusal | None:
    return wrong_choice("need", body.need, VISIT_NEEDS) or wrong_day("effective_on", body.effective_on, today)


def _wrong_practitioner(
    _events: _Recorded, body: BillingPractitionerNamed, today: date, _zone: tzinfo
) -> Refusal | None:
    """A change may be planned for the first day of the next month, so that the month at hand keeps its consent."""
    planned = body.effective_on == Month(today.year, today.month).next().first_day
    return first_of(
        _wrong_person("person", body.person),
        None
        if npi_is_valid(body.npi)
        else Refusal("npi", "must have ten digits of which the last, a check digit, fits"),
        None if planned else wrong_day("effective_on", body.effective_on, today),
    )


def _wrong_coordinator(_events: _Recorded, body: CoordinatorNamed, today: date, _zone: tzinfo) -> Refusal | None:
    same = body.backup is not None and body.backup.ref == body.coordinator.ref
    return first_of(
        _wrong_person("coordinator", body.coordinator),
        _wrong_person("backup", body.backup) if body.backup else None,
        Refusal("backup", "must be somebody else than the coordinator") if same else None,
        wrong_day("effective_on", body.effective_on, today),
    )


def _wrong_person(field: str, person: Person) -> Refusal | None:
    return wrong_text(field, person.ref) or wrong_text(field, person.name)


def _nothing_more(_events: _Recorded, _body: Body, _today: date, _zone: tzinfo) -> Refusal | None:
    return None


def _wrong_strike_of_status(events: _Recorded, body: Struck) -> Refusal | None:
    """Only the last change of status can be undone: what followed rests on it."""
    changes = [kept.number for kept in standing(events, StatusChange)]
    if body.number in changes and body.number != changes[-1]:
        return Refusal("number", "is not the last change of status: strike out the later ones first")
    return None


_CHECKS: Final[Mapping[type[Body], Callable[[_Recorded, Any, date, tzinfo], Refusal | None]]] = {
    Invited: _wrong_on,
    Declined: _wrong_leaving,
    Withdrawn: _wrong_leaving,
    Enrolled: _wrong_enrolment,
    ConsentGiven: _wrong_consent,
    InitiatingVisitHeld: _wrong_visit,
    InitiatingVisitNeed: _wrong_need,
    BillingPractitionerNamed: _wrong_practitioner,
    CoordinatorNamed: _wrong_coordinator,
    Struck: _nothing_more,
}
