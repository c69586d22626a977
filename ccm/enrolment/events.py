"""Owns what can be recorded of a patient's enrolment, and who may record it.

Every body carries the day from which it holds, apart from the instant of its recording: a paper consent of last week
is recorded today and dated last week. Days are the practice's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccm.event_json import EventCodec
from ccm.record_guards import CARE_ROLES
from ccm.records import Event, Person, Struck

CONSENT_METHODS: Final[dict[str, str]] = {"verbal": "Verbal", "written": "Written"}
VISIT_KINDS: Final[dict[str, str]] = {  # CMS MLN909188; a 99211 is none of them
    "em": "E/M visit (not 99211)",
    "awv": "Annual wellness visit",
    "ippe": "Initial preventive physical examination",
    "tcm": "Transitional care management",
}
VISIT_NEEDS: Final[dict[str, tuple[bool, str]]] = {  # whether an initiating visit is required, and why
    "new_patient": (True, "New patient of the billing practitioner"),
    "not_seen_within_year": (True, "Not seen by the billing practitioner within one year before the start"),
    "seen_within_year": (False, "Seen by the billing practitioner within one year before the start"),
}
SOURCES: Final = ("chart", "person", "import")


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What moves the patient from one status to another, on a day."""

    on: date


@dataclass(frozen=True, slots=True)
class Invited(StatusChange):
    """The patient was told of the programme and asked."""


@dataclass(frozen=True, slots=True)
class Declined(StatusChange):
    """The patient does not want the programme."""

    reason: str


@dataclass(frozen=True, slots=True)
class Enrolled(StatusChange):
    """The patient is in the programme from this day."""


@dataclass(frozen=True, slots=True)
class Withdrawn(StatusChange):
    """The patient leaves: said on this day, effective at the end of its month (CMS MLN909188)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Representative:
    """Who consented in the patient's place, and as what ("daughter, health care proxy")."""

    name: str
    relationship: str


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A consent: `given_at` POSIX seconds (UTC), which may lie long before its recording.

    `disclosures` are keys of `ccm.assessment.care_month.DISCLOSURES`. `practitioner` is the reference of the billing
    practitioner whom the patient was told of; empty: the one in force that day, else the first one named after it.
    """

    given_at: int
    method: str
    obtained_by: Person
    disclosures: frozenset[str]
    representative: Representative | None = None
    interpreter: str = ""
    language: str = ""
    script: str = ""  # the version of the script that was read aloud
    practitioner: str = ""


@dataclass(frozen=True, slots=True)
class InitiatingVisitHeld:
    """The visit in which CCM was discussed; `encounter` ("Encounter/1") is needed where the source is the chart."""

    on: date
    kind: str
    source: str
    ccm_discussed: bool
    encounter: str = ""


@dataclass(frozen=True, slots=True)
class InitiatingVisitNeed:
    """Whether an initiating visit is required, for the months from `effective_on`: a key of `VISIT_NEEDS`."""

    need: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class BillingPractitionerNamed:
    """Who bills from this day on; naming the same person again corrects the NPI and is no change."""

    person: Person
    npi: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class CoordinatorNamed:
    """Who looks after the patient from this day on, and who stands in."""

    coordinator: Person
    backup: Person | None
    effective_on: date


Body = (
    Invited
    | Declined
    | Enrolled
    | Withdrawn
    | ConsentGiven
    | InitiatingVisitHeld
    | InitiatingVisitNeed
    | BillingPractitionerNamed
    | CoordinatorNamed
    | Struck
)
EnrolmentEvent = Event[Body]

KINDS: Final[Mapping[str, type[Body]]] = {
    "invited": Invited,
    "declined": Declined,
    "enrolled": Enrolled,
    "withdrawn": Withdrawn,
    "consent_given": ConsentGiven,
    "initiating_visit_held": InitiatingVisitHeld,
    "initiating_visit_need": InitiatingVisitNeed,
    "billing_practitioner_named": BillingPractitionerNamed,
    "coordinator_named": CoordinatorNamed,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict
kind_of = _CODEC.kind_of

# Biller and admin are in no row: they neither speak with the patient nor decide who bills.
WHO_MAY: Final[Mapping[str, frozenset[str]]] = {
    "invited": CARE_ROLES,
    "declined": CARE_ROLES,
    "enrolled": CARE_ROLES,
    "withdrawn": CARE_ROLES,
    "consent_given": CARE_ROLES,
    "initiating_visit_held": CARE_ROLES,
    "initiating_visit_need": CARE_ROLES,
    "billing_practitioner_named": frozenset({"practitioner", "lead"}),
    "coordinator_named": frozenset({"coordinator", "practitioner", "lead"}),
    "struck": CARE_ROLES,
}
FROM_STATUS: Final[Mapping[str, frozenset[str]]] = {
    "invited": frozenset({"candidate", "declined", "withdrawn"}),
    "declined": frozenset({"candidate", "invited", "withdrawn"}),
    "enrolled": frozenset({"candidate", "invited", "declined", "withdrawn"}),
    "withdrawn": frozenset({"enrolled"}),
}
