"""Owns how the programme's sections read as JSON, on the panel and in the answer to a change."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smart_app.panel.sections import EnrolmentView, PlanRecordView, ProgrammeView
from smart_app.panel.view import PanelView


def enrolment_json(view: EnrolmentView) -> dict[str, Any]:
    """The panel's `enrolment`: fields named as the assessment's input has them, and what may be recorded next."""
    consent, visit = view.consent, view.visit
    return {
        "status": view.status,
        "since": view.since or None,
        "reason": view.reason,
        "consent": {
            "given_at": consent.given_at if consent else None,
            "method": consent.method if consent else None,
            "obtained_by": consent.obtained_by if consent else None,
            "disclosures": list(consent.disclosures) if consent else [],
            "version": consent.version if consent else 0,
            "needed": view.consent_needed,
        },
        "initiating_visit_required": view.visit_required,
        "initiating_visit_need": view.visit_need or None,
        "initiating_visit_on": visit.on if visit else None,
        "initiating_visit": asdict(visit) if visit else None,
        "billing_practitioner": asdict(view.billing_practitioner) if view.billing_practitioner else None,
        "coordinator": asdict(view.coordinator) if view.coordinator else None,
        "backup": asdict(view.backup) if view.backup else None,
        "actions": sorted(view.actions),
    }


def programme_json(view: ProgrammeView) -> dict[str, Any]:
    """What the panel's JSON has of the programme beside `enrolment`, `conditions` and `care_plans`."""
    return {
        "care_plan": _plan_json(view.plan),
        "facts": [asdict(question) for question in view.facts],
        "staff": asdict(view.staff),
        "attested": [asdict(each) for each in view.attested],
    }


def section_json(view: PanelView, section: str) -> dict[str, Any]:
    """One section as the panel's JSON has it, with what the assessment then says."""
    answer: dict[str, Any] = {"assessment": view.assessment}
    if section == "enrolment":
        return answer | {"enrolment": view.enrolment}
    if section == "conditions":
        attested = [asdict(each) for each in view.programme.attested]
        return answer | {"conditions": [asdict(each) for each in view.conditions], "attested": attested}
    if section == "care_plan":
        plans = [asdict(plan) for plan in view.care_plans]
        return answer | {"care_plans": plans, "care_plan": _plan_json(view.programme.plan)}
    return answer | {"facts": [asdict(question) for question in view.programme.facts]}


def _plan_json(view: PlanRecordView) -> dict[str, Any]:
    present = [element.code for element in view.elements if element.present]
    missing = [element.code for element in view.elements if not element.present]
    return {
        "plan_id": view.plan_id or None,
        "confirmed": view.confirmed,
        "why": view.why,
        "version": view.version,
        "established_on": view.established_on or None,
        "revised_on": view.revised_on or None,
        "elements": present,
        "missing": missing,
        "copy_given_on": view.copy_given_on or None,
    }
