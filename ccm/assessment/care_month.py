"""Owns what is assessed: one patient's month with its enrolment, facts and entries.

Days are calendar days in the practice's zone, instants are POSIX seconds (UTC); None means that it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, tzinfo

from ccm.entries import Entry
from ccm.months import Month

DISCLOSURES = {
    "availability": "that CCM is available",
    "cost_sharing": "cost sharing",
    "one_practitioner": "that only one practitioner can bill in a month",
    "right_to_stop": "the right to stop at any time",
}
CARE_PLAN_ELEMENTS = {
    "problem_list": "problem list",
    "prognosis": "expected outcome and prognosis",
    "goals": "measurable treatment goals",
    "cognitive_functional": "cognitive and functional assessment",
    "symptoms": "symptom management",
    "interventions": "planned interventions",
    "medications": "medication management",
    "environment": "environmental evaluation",
    "caregiver": "caregiver assessment",
    "coordination": "coordination with outside agencies and specialists",
    "review": "periodic review",
    "revision": "revision",
}
STATUSES = ("candidate", "invited", "enrolled", "declined", "withdrawn")
DECISION_MAKING = ("none", "low", "moderate", "high")
UNTIL_DEATH = 999  # `expected_months` of a condition expected to last until death


@dataclass(frozen=True, slots=True)
class Policy:
    """The practice's choices: `track` "best" or a track's name, `date_of_service` "month_end" or "threshold"."""

    track: str = "best"
    date_of_service: str = "month_end"


@dataclass(frozen=True, slots=True)
class Consent:
    """The patient's consent and its end; `disclosures` are keys of `DISCLOSURES`, `method` is verbal or written."""

    given_at: int | None = None
    method: str | None = None
    obtained_by: str | None = None
    disclosures: frozenset[str] = frozenset()
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class BillingPractitioner:
    """Who bills: `id` as entries name their performer, and the National Provider Identifier."""

    id: str | None = None
    npi: str | None = None


@dataclass(frozen=True, slots=True)
class AttestedCondition:
    """One chronic condition and what a clinician attested of it."""

    icd10: str | None = None
    attested_on: date | None = None
    attested_by: str | None = None
    expected_months: int | None = None
    significant_risk: bool = False


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What the record holds of the comprehensive care plan; `elements` are keys of `CARE_PLAN_ELEMENTS`."""

    established_on: date | None = None
    elements: frozenset[str] = frozenset()
    copy_given_on: date | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where the patient stands in the programme; `status` is one of `STATUSES`."""

    status: str
    initiating_visit_required: bool
    initiating_visit_on: date | None = None
    consent: Consent | None = None
    billing_practitioner: BillingPractitioner | None = None
    conditions: tuple[AttestedCondition, ...] = ()
    care_plan: PlanRecord | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service that somebody billed; without a day it is taken to be of this month."""

    code: str
    on: date | None = None
    same_practitioner: bool = False


@dataclass(frozen=True, slots=True)
class Stay:
    """Days as an inpatient or in a Part A skilled nursing stay, both included; no last day: not yet discharged."""

    first_day: date
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the month besides the entries; `decision_making` is one of `DECISION_MAKING`."""

    decision_making: str | None = None
    services: tuple[Service, ...] = ()
    stays: tuple[Stay, ...] = ()
    visits: tuple[date, ...] = ()
    billed_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class CareMonth:
    """One patient's month. `zone` is the practice's.

    `missing_attestations` names, in plain words, what the practice has not attested for all its patients.
    """

    month: Month
    zone: tzinfo
    patient_id: str
    enrolment: Enrolment
    deceased_on: date | None = None
    policy: Policy = field(default_factory=Policy)
    facts: Facts = field(default_factory=Facts)
    entries: tuple[Entry, ...] = ()
    missing_attestations: tuple[str, ...] = ()
