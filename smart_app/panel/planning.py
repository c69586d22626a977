"""Owns how attestations and the care plan's record become what the panel shows of conditions and plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from ccm.assessment.care_month import CARE_PLAN_ELEMENTS, UNTIL_DEATH
from ccm.attestations import AttestationEvent, Attested, attested_on, normal_code
from ccm.care_plans import CHOSEN, COPY_FORMS, RECIPIENTS, CarePlanEvent, choose_ccm_plan, chosen_plan, versions
from ccm.chart import CarePlan
from ccm.records import Actor, Kept
from smart_app.panel import words
from smart_app.panel.sections import AttestationView, ElementView, PlanRecordView
from smart_app.panel.view import ConditionView


def attestation_views(events: Sequence[AttestationEvent], today: date, actor: Actor) -> tuple[AttestationView, ...]:
    """What is attested today."""
    return tuple(_attestation(kept, actor) for kept in attested_on(events, today))


def with_attestations(
    conditions: Sequence[ConditionView], attested: Sequence[AttestationView]
) -> tuple[tuple[ConditionView, ...], tuple[AttestationView, ...]]:
    """The chart's conditions, attested ones first, and the attestations that match none of them.

    They match by the chart's ICD-10-CM code, by the suggested one, or by the problem's words.
    """
    left = list(attested)
    matched: list[ConditionView] = []
    for row, condition in enumerate(conditions):
        found = next((each for each in left if _matches(condition, each)), None)
        if found is not None:
            left.remove(found)
        matched.append(replace(condition, attestation=found, row=row))
    return tuple(sorted(matched, key=lambda each: each.attestation is None)), tuple(left)


def plan_record_view(
    events: Sequence[CarePlanEvent], plans: Sequence[CarePlan], today: date, chronic: Sequence[str], *, unread: bool
) -> PlanRecordView:
    """Which of the chart's plans the CCM plan is, and what the record holds of it. `unread`: the plans did not come."""
    chosen, why = choose_ccm_plan(plans, today, chosen_plan(events), chronic)
    known = versions(events)
    newest = known[-1] if known else None
    elements = newest.recorded.body.elements if newest else frozenset()
    established = known[0].recorded.body.on.isoformat() if known else ""
    revised = newest.recorded.body.on.isoformat() if newest and newest.number > 1 else ""
    copies = [copy for version in known for copy in version.copies]
    copy = copies[-1].body if copies else None
    copy_label = f"{words.day_words(copy.on.isoformat())}, {COPY_FORMS[copy.form].lower()}, to the " if copy else ""
    return PlanRecordView(
        plan_id=chosen.id if chosen else "",
        confirmed=chosen is not None and why == CHOSEN,
        why="" if unread else why,
        version=newest.number if newest else 0,
        established_on=established,
        established_label=words.day_words(established),
        revised_on=revised,
        revised_label=words.day_words(revised),
        elements=tuple(ElementView(code, label, code in elements) for code, label in CARE_PLAN_ELEMENTS.items()),
        copy_given_on=copy.on.isoformat() if copy else "",
        copy_label=copy_label + (copy.recipient or RECIPIENTS[copy.to].lower()) if copy else "",
    )


def _attestation(kept: Kept[Attested], actor: Actor) -> AttestationView:
    body = kept.body
    return AttestationView(
        icd10=body.icd10,
        text=body.text,
        on=body.on.isoformat(),
        on_label=words.day_words(body.on.isoformat()),
        since=body.since.isoformat(),
        by=kept.by.name or kept.by.ref,
        expected_months=body.expected_months,
        expected_label="until death" if body.expected_months == UNTIL_DEATH else f"{body.expected_months} months",
        significant_risk=body.significant_risk,
        rationale=body.rationale,
        number=kept.number,
        can_strike=actor.role == "lead" or actor.ref == kept.by.ref,
    )


def _matches(condition: ConditionView, attestation: AttestationView) -> bool:
    codes = (condition.icd10, condition.suggested_icd10)
    return any(_same_code(code, attestation.icd10) for code in codes) or attestation.text == condition.text


def _same_code(code: str, attested: str) -> bool:
    try:
        return normal_code(code) == attested
    except ValueError:
        return False
