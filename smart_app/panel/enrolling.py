"""Owns how the enrolment's record becomes what its section shows."""

from __future__ import annotations

from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from ccm.enrolment import (
    CONSENT_METHODS,
    VISIT_KINDS,
    VISIT_NEEDS,
    ConsentVersion,
    EnrolmentEvent,
    EnrolmentState,
    open_actions,
    state_on,
)
from ccm.records import Person
from smart_app.panel import words
from smart_app.panel.sections import BillerView, ConsentView, EnrolmentView, Pair, PersonView, VisitView

SCRIPT_VERSION: Final = "2026-1"
STATUS_LABELS: Final = {
    "candidate": "Candidate",
    "invited": "Invited",
    "enrolled": "Enrolled",
    "declined": "Declined",
    "withdrawn": "Withdrawn",
}


def enrolment_view(events: tuple[EnrolmentEvent, ...], role: str, today: date, zone: ZoneInfo) -> EnrolmentView:
    """Where the patient stands today, and what this role may record next."""
    state = state_on(events, today, zone)
    need = state.visit_need.body.need if state.visit_need else ""
    return EnrolmentView(
        status=state.status,
        status_label=STATUS_LABELS[state.status],
        since=_iso(state.since),
        since_label=_words(state.since),
        reason=state.reason,
        consent=_consent(state.consent, zone) if state.consent else None,
        consent_needed=state.consent_needed,
        visit_required=state.visit_required,
        visit_need=need,
        visit_need_label=VISIT_NEEDS[need][1] if need else "",
        visit=_visit(state),
        billing_practitioner=_biller(state),
        coordinator=_person(state.coordinator),
        backup=_person(state.backup),
        actions=_actions(events, state, role, today),
    )


def consent_script(practice: str, practitioner: str) -> tuple[Pair, ...]:
    """What is read aloud: each disclosure and its sentence, in the name of the practice.

    CMS MLN909188: availability, cost sharing, one practitioner a month, the right to stop.
    """
    whom = practitioner or "your practitioner here"
    return (
        (
            "availability",
            f"{practice} offers Chronic Care Management: between your visits our team looks after your long-term "
            "conditions with you, and you can reach someone about urgent needs at any hour.",
        ),
        (
            "cost_sharing",
            "Medicare pays for it as for other services: your usual share of the cost may be due, "
            "also for a month without a visit.",
        ),
        ("one_practitioner", f"Only one practitioner can be paid for it in a month. For you that would be {whom}."),
        (
            "right_to_stop",
            "You may stop at any time. Tell us, and it ends with that month; your other care goes on as before.",
        ),
    )


def _actions(events: tuple[EnrolmentEvent, ...], state: EnrolmentState, role: str, today: date) -> frozenset[str]:
    """What the role and the status allow; enrolling only once a complete consent is there."""
    actions = open_actions(events, role, today)
    return actions - {"enrolled"} if state.consent_needed else actions


def _consent(version: ConsentVersion, zone: ZoneInfo) -> ConsentView:
    body = version.recorded.body
    someone = body.representative
    return ConsentView(
        given_at=words.iso_local(body.given_at, zone),
        given_label=words.moment(body.given_at, zone),
        method=body.method,
        method_label=CONSENT_METHODS[body.method].lower(),
        obtained_by=body.obtained_by.name or body.obtained_by.ref,
        disclosures=tuple(sorted(body.disclosures)),
        complete=version.complete,
        version=version.number,
        representative=f"{someone.name} ({someone.relationship})" if someone else "",
        interpreter=body.interpreter,
    )


def _visit(state: EnrolmentState) -> VisitView | None:
    newest = max(state.visits, key=lambda kept: kept.body.on, default=None)
    if newest is None:
        return None
    body = newest.body
    return VisitView(
        body.on.isoformat(), _words(body.on), body.kind, VISIT_KINDS[body.kind], body.source, body.encounter
    )


def _biller(state: EnrolmentState) -> BillerView | None:
    named = state.billing_practitioner
    if named is None:
        return None
    since = named.effective_on
    return BillerView(named.person.ref, named.person.name, named.npi, since.isoformat(), _words(since))


def _person(person: Person | None) -> PersonView | None:
    return PersonView(person.ref, person.name) if person else None


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _words(day: date | None) -> str:
    return words.day_words(_iso(day))
