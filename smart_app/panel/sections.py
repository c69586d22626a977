"""Owns what the panel's sections of the programme show: enrolment, attestations, the CCM plan, facts, staff.

Days are ISO ("2026-11-24"), times ISO 8601 with the practice's offset; `*_label` is the same in a person's words.
Pairs are (code, label), for choices.
"""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person by reference and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """The consent in force; `version` numbers those that were given, from 1."""

    given_at: str
    given_label: str
    method: str
    method_label: str
    obtained_by: str
    disclosures: tuple[str, ...]
    complete: bool
    version: int
    representative: str
    interpreter: str


@dataclass(frozen=True, slots=True)
class VisitView:
    """The newest initiating visit on record."""

    on: str
    on_label: str
    kind: str
    kind_label: str
    source: str
    encounter: str


@dataclass(frozen=True, slots=True)
class BillerView:
    """Who bills, and since when."""

    id: str
    name: str
    npi: str
    since: str
    since_label: str


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """Where the patient stands, and what the signed-in person may record next (`actions`: kinds of event)."""

    status: str
    status_label: str
    since: str
    since_label: str
    reason: str
    consent: ConsentView | None
    consent_needed: str
    visit_required: bool
    visit_need: str
    visit_need_label: str
    visit: VisitView | None
    billing_practitioner: BillerView | None
    coordinator: PersonView | None
    backup: PersonView | None
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class AttestationView:
    """One attestation that stands; `number` is its place in the record."""

    icd10: str
    text: str
    on: str
    on_label: str
    since: str
    by: str
    expected_months: int
    expected_label: str
    significant_risk: bool
    rationale: str
    number: int
    can_strike: bool


@dataclass(frozen=True, slots=True)
class ElementView:
    """One of the twelve elements of a comprehensive care plan."""

    code: str
    label: str
    present: bool


@dataclass(frozen=True, slots=True)
class PlanRecordView:
    """The record of the CCM plan: `plan_id` is the chart's plan that it is, '' for none; `why` says how that is known.

    `version` is 0 while the plan is not established.
    """

    plan_id: str
    confirmed: bool
    why: str
    version: int
    established_on: str
    established_label: str
    revised_on: str
    revised_label: str
    elements: tuple[ElementView, ...]
    copy_given_on: str
    copy_label: str

    @property
    def present(self) -> int:
        """How many of the elements are present."""
        return sum(element.present for element in self.elements)


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact: what it says, where it comes from, who recorded it when. `key` is '' where it has none."""

    text: str
    source_label: str
    number: int
    key: str
    first_day: str
    open_stay: bool
    by_system: bool
    can_strike: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """What the chart proposes as a fact; `key` is the encounter's reference."""

    key: str
    text: str
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One of the five questions. `open` says what is still to be said, '' once answered; `early`: in the month."""

    question: str
    label: str
    open: str
    early: bool
    answered_by: str
    answered_at: str
    answered_label: str
    facts: tuple[FactView, ...]
    proposals: tuple[ProposalView, ...]
    may_answer: bool


@dataclass(frozen=True, slots=True)
class StaffView:
    """How the signed-in person's time is judged, and whose counts for nothing for want of a row in the register."""

    performer_class: str
    why: str
    unregistered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeForms:
    """What the forms of the programme begin with and choose from."""

    month: str
    today: str
    now_local: str  # "2026-11-24T10:20": what a datetime-local field takes
    practice: str
    user: Pair
    role: str
    script: tuple[Pair, ...]
    script_version: str
    people: tuple[Pair, ...]
    practitioners: tuple[Pair, ...]
    visits: tuple[tuple[str, str, str], ...]  # encounter's reference, ISO day, words
    methods: tuple[Pair, ...]
    visit_kinds: tuple[Pair, ...]
    visit_needs: tuple[Pair, ...]
    copy_forms: tuple[Pair, ...]
    recipients: tuple[Pair, ...]
    stay_kinds: tuple[Pair, ...]
    levels: tuple[Pair, ...]
    may_attest: bool
    may_care: bool


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """All of the programme on one panel page. `attested` are attestations that match no problem of the chart."""

    enrolment: EnrolmentView
    plan: PlanRecordView
    facts: tuple[QuestionView, ...]
    staff: StaffView
    attested: tuple[AttestationView, ...]
    forms: ProgrammeForms
