"""Owns which one action clears each blocker or warning: its words, its place on the panel, and who may do it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from ccm.assessment import Assessment, Finding
from ccm.assessment.findings import listed
from ccm.attestations import WHO_MAY as MAY_ATTEST
from ccm.enrolment import WHO_MAY as MAY_ENROL
from ccm.facts import WHO_MAY as MAY_STATE
from ccm.record_guards import CARE_ROLES
from smart_app.panel.sections import QuestionView
from smart_app.panel.view import BlockerView
from smart_app.roles import ROLES


@dataclass(frozen=True, slots=True)
class Action:
    """`label` on the button, `href` of the form on the panel, and the roles that may use it."""

    label: str
    href: str
    roles: frozenset[str]


_CONSENT: Final = Action("Record consent", "#consent-form", MAY_ENROL["consent_given"])
_STATE: Final = MAY_STATE["confirmed"]
_ACTIONS: Final[dict[str, Action]] = {
    "not_enrolled": Action("Enrol", "#enrol-form", MAY_ENROL["enrolled"]),
    "consent_missing": _CONSENT,
    "consent_disclosures_missing": _CONSENT,
    "consent_withdrawn": _CONSENT,
    "consent_details_missing": _CONSENT,
    "initiating_visit_missing": Action("Record visit", "#visit-form", MAY_ENROL["initiating_visit_held"]),
    "conditions_fewer_than_two": Action("Attest", "#conditions", MAY_ATTEST),
    "conditions_not_attested": Action("Attest", "#conditions", MAY_ATTEST),
    "care_plan_missing": Action("Establish", "#plan-form", CARE_ROLES),
    "care_plan_incomplete": Action("Revise plan", "#plan-form", CARE_ROLES),
    "care_plan_copy_missing": Action("Record copy", "#copy-form", CARE_ROLES),
    "billing_practitioner_missing": Action(
        "Name practitioner", "#biller-form", MAY_ENROL["billing_practitioner_named"]
    ),
    "mdm_missing": Action("Record level", "#fact-decision_making", MAY_STATE["decision_making_set"]),
    "decision_making_unknown": Action("Record level", "#fact-decision_making", MAY_STATE["decision_making_set"]),
    "service_conflict": Action("Check services", "#fact-services", _STATE),
    "pcm_other_practitioner": Action("Check services", "#fact-services", _STATE),
    "billed_elsewhere": Action("Check answer", "#fact-billed_elsewhere", _STATE),
    "inpatient_stay_open": Action("Record discharge", "#fact-stays", MAY_STATE["stay_recorded"]),
    "below_threshold": Action("Keep time", "#timer", CARE_ROLES),
}

_CONSENTS: Final = ("consent_missing", "consent_disclosures_missing", "consent_withdrawn")
_AFTER: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "not_enrolled": (_CONSENTS, "After consent"),
    "care_plan_copy_missing": (("care_plan_missing",), "After the plan"),
}
"""For what can only follow something else: which blockers come first, and how that is said."""


def points(assessment: Assessment, questions: Sequence[QuestionView], role: str) -> tuple[BlockerView, ...]:
    """What stands before the claim: blockers, then warnings, then the month's questions that nobody has answered."""
    blocking = {finding.code for finding in assessment.blockers}
    blocks = [_point(finding, "block", role, blocking) for finding in assessment.blockers]
    warns = [_point(finding, "warn", role, blocking) for finding in assessment.warnings]
    waiting = [question for question in questions if question.open]
    return (*blocks, *warns, *([_open_facts(waiting, role)] if waiting else []))


def _point(finding: Finding, severity: str, role: str, blocking: Set[str]) -> BlockerView:
    action, (code, text) = _ACTIONS.get(finding.code), (finding.code, finding.text)
    if action is None:
        return BlockerView(code, text, severity)
    first, words = _AFTER.get(code, ((), ""))
    if not blocking.isdisjoint(first):
        return BlockerView(code, text, severity, words)
    if role in action.roles:
        return BlockerView(code, text, severity, action.label, action.href)
    return BlockerView(code, text, severity, _whose(action))


def _whose(action: Action) -> str:
    """Who clears it, where the signed-in person may not."""
    names = [label.lower() for role, label in ROLES.items() if role in action.roles]
    return f"For: {', '.join(names)}"


def _open_facts(waiting: Sequence[QuestionView], role: str) -> BlockerView:
    names = listed([_within(question.label) for question in waiting])
    action = Action("Answer", f"#fact-{waiting[0].question}", _STATE)
    return (
        BlockerView("facts_open", f"Still open for this month: {names}.", "warn", action.label, action.href)
        if role in action.roles
        else BlockerView("facts_open", f"Still open for this month: {names}.", "warn", _whose(action))
    )


def _within(label: str) -> str:
    """A label inside a sentence: "Level of …" becomes "level of …", "CCM billed …" stays."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]
