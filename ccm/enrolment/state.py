"""Owns where a patient stands in the programme on a day: the fold of the enrolment's events, as the panel shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from ccm.assessment.care_month import DISCLOSURES
from ccm.assessment.findings import listed
from ccm.enrolment.consents import (
    ConsentVersion,
    consent_on,
    consent_versions,
    practitioner_on,
    practitioners,
)
from ccm.enrolment.events import (
    VISIT_NEEDS,
    BillingPractitionerNamed,
    CoordinatorNamed,
    Declined,
    Enrolled,
    EnrolmentEvent,
    InitiatingVisitHeld,
    InitiatingVisitNeed,
    Invited,
    StatusChange,
    Withdrawn,
)
from ccm.records import Kept, Person, standing

_STATUS_OF: dict[type[StatusChange], str] = {
    Invited: "invited",
    Declined: "declined",
    Enrolled: "enrolled",
    Withdrawn: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class EnrolmentState:
    """Where the patient stands on `day`.

    `status` and since when (None: a candidate), with the reason of a refusal or withdrawal; `consent` is the one in
    force, `consent_needed` says in plain words why one is needed ("" where all is well). `visit_need` is None while
    nobody said whether an initiating visit is required, which is then taken as required.
    """

    day: date
    status: str
    since: date | None
    reason: str
    consent: ConsentVersion | None
    consent_needed: str
    consents: tuple[ConsentVersion, ...]
    billing_practitioner: BillingPractitionerNamed | None
    practitioners: tuple[BillingPractitionerNamed, ...]
    coordinator: Person | None
    backup: Person | None
    visit_need: Kept[InitiatingVisitNeed] | None
    visits: tuple[Kept[InitiatingVisitHeld], ...]

    @property
    def visit_required(self) -> bool:
        """Whether an initiating visit is required; unknown is not none."""
        return self.visit_need is None or VISIT_NEEDS[self.visit_need.body.need][0]


def state_on(events: Sequence[EnrolmentEvent], day: date, zone: tzinfo) -> EnrolmentState:
    """The state on a local day; what is about later days is left out, except that all consents and names are listed."""
    change = last_change(events, day)
    team = coordinator_on(events, day)
    consent = consent_on(events, day, zone)
    versions = consent_versions(events, zone)
    return EnrolmentState(
        day=day,
        status=status_after(change),
        since=change.on if change else None,
        reason=change.reason if isinstance(change, (Declined, Withdrawn)) else "",
        consent=consent,
        consent_needed=_consent_needed(consent, versions, day),
        consents=versions,
        billing_practitioner=practitioner_on(events, day),
        practitioners=tuple(practitioners(events)),
        coordinator=team.coordinator if team else None,
        backup=team.backup if team else None,
        visit_need=visit_need_on(events, day),
        visits=standing(events, InitiatingVisitHeld),
    )


def last_change(events: Sequence[EnrolmentEvent], day: date) -> StatusChange | None:
    """The change of status in effect on a day; of one day's changes the last recorded."""
    changes = [kept.body for kept in standing(events, StatusChange) if kept.body.on <= day]
    return max(reversed(changes), key=lambda change: change.on, default=None)


def status_after(change: StatusChange | None) -> str:
    """The status to which a change leads; without one the patient is a candidate."""
    return _STATUS_OF[type(change)] if change else "candidate"


def coordinator_on(events: Sequence[EnrolmentEvent], day: date) -> CoordinatorNamed | None:
    """Who looks after the patient on a day."""
    named = [kept.body for kept in standing(events, CoordinatorNamed) if kept.body.effective_on <= day]
    return max(reversed(named), key=lambda each: each.effective_on, default=None)


def visit_need_on(events: Sequence[EnrolmentEvent], day: date) -> Kept[InitiatingVisitNeed] | None:
    """What was last said, for a day, of whether an initiating visit is required."""
    said = [kept for kept in standing(events, InitiatingVisitNeed) if kept.body.effective_on <= day]
    return max(reversed(said), key=lambda kept: kept.body.effective_on, default=None)


def _consent_needed(consent: ConsentVersion | None, versions: Sequence[ConsentVersion], day: date) -> str:
    if consent is not None and (consent.withdrawn_on is None or consent.withdrawn_on > day):
        missing = [words for code, words in DISCLOSURES.items() if code not in consent.recorded.body.disclosures]
        return f"Ask for consent again, and tell the patient: {listed(missing)}." if missing else ""
    given = [each for each in versions if each.given_on <= day]
    if not given:
        return "Ask for consent: none is recorded."
    last = given[-1]
    if last.ended_by == "withdrawal":
        return f"The patient withdrew on {last.withdrawn_on}: enrolling again needs a new consent."
    if last.ended_by == "decline":
        return "Ask for a new consent: the patient declined after the last one."
    return "Ask for a new consent: the last one was given for another billing practitioner."
