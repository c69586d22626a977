"""Owns what stands between a month and its claim: one check for each blocker, in the order they are shown."""

from __future__ import annotations

from typing import Final

from ccm.assessment.care_month import DISCLOSURES
from ccm.assessment.criteria import conditions_fewer_than_two, conditions_not_attested, initiating_visit_missing
from ccm.assessment.findings import Check, Considered, conflicts_of_month, listed
from ccm.assessment.tracks import decision_making_suffices
from ccm.npi import npi_is_valid


def _not_enrolled(seen: Considered) -> str:
    enrolment = seen.case.enrolment
    if enrolment.status == "enrolled":
        return ""
    if enrolment.status != "withdrawn":
        return f"The patient is not enrolled (status: {enrolment.status}). Enrol the patient first."
    withdrawn_on = enrolment.consent.withdrawn_on if enrolment.consent else None
    if withdrawn_on is None:
        return "The patient has left the programme. Record the day of the withdrawal: its month can still be billed."
    if withdrawn_on >= seen.calendar.first_day:
        return ""
    return f"The patient left the programme on {withdrawn_on}, before this month. Do not bill it."


def _consent_stands(seen: Considered) -> bool:
    consent = seen.case.enrolment.consent
    return consent is not None and consent.given_at is not None and consent.given_at < seen.calendar.interval[1]


def _consent_missing(seen: Considered) -> str:
    if _consent_stands(seen):
        return ""
    consent = seen.case.enrolment.consent
    if consent and consent.given_at is not None:
        return "Consent was given only after this month. Do not bill this month: none of its time counts."
    return "Ask for consent and record when it was given, how, and who obtained it. Time counts only from then on."


def _consent_disclosures_missing(seen: Considered) -> str:
    consent = seen.case.enrolment.consent
    if consent is None or len(consent.disclosures) == len(DISCLOSURES) or not _consent_stands(seen):
        return ""
    missing = [words for code, words in DISCLOSURES.items() if code not in consent.disclosures]
    return f"Tell the patient, and record that you did: {listed(missing)}."


def _consent_withdrawn(seen: Considered) -> str:
    consent = seen.case.enrolment.consent
    if consent is None or consent.withdrawn_on is None or consent.withdrawn_on >= seen.calendar.first_day:
        return ""
    return f"Consent was withdrawn on {consent.withdrawn_on}. Do not bill later months without a new consent."


def _care_plan_missing(seen: Considered) -> str:
    plan = seen.case.enrolment.care_plan
    if plan is None or plan.established_on is None:
        return "Establish a comprehensive care plan in the record."
    if plan.established_on > seen.calendar.last_day:
        return f"The care plan was established on {plan.established_on}, after this month. Do not bill this month."
    return ""


def _care_plan_copy_missing(seen: Considered) -> str:
    plan = seen.case.enrolment.care_plan
    if plan and plan.copy_given_on:
        return ""
    return "Give the patient or caregiver a copy of the care plan and record the day."


def _billing_practitioner_missing(seen: Considered) -> str:
    biller = seen.case.enrolment.billing_practitioner
    if biller is None or biller.id is None:
        return "Name the billing practitioner and the NPI."
    if biller.npi is None:
        return "Record the billing practitioner's NPI."
    return "" if npi_is_valid(biller.npi) else "Correct the billing practitioner's NPI: its check digit is wrong."


def _mdm_missing(seen: Considered) -> str:
    level = seen.case.facts.decision_making
    if seen.case.policy.track == "best" or decision_making_suffices(seen.earnings.shown, level):
        return ""
    track = seen.earnings.shown
    needed = " or ".join(track.decision_making)
    return f"The {track.name} track needs {needed} medical decision making this month: record it, or change track."


def _service_conflict(seen: Considered) -> str:
    codes = {
        service.code
        for service, conflict in conflicts_of_month(seen)
        if conflict.by_anyone or service.same_practitioner
    }
    if not codes:
        return ""
    return f"CCM may not be billed in the same month as {listed(sorted(codes))}. Bill one or the other."


def _billed_elsewhere(seen: Considered) -> str:
    if not seen.case.facts.billed_elsewhere:
        return ""
    return "Another practitioner bills CCM for this patient this month. Settle with the patient who does; bill once."


def _below_threshold(seen: Considered) -> str:
    earns = seen.earnings
    if earns.track or earns.next is None:  # without lines, nothing is next only where decision making is missing
        return ""
    return f"{earns.tracks[earns.shown.name].minutes} min counted so far: {earns.next.text}."


BLOCKERS: Final[tuple[tuple[str, Check], ...]] = (
    ("not_enrolled", _not_enrolled),
    ("consent_missing", _consent_missing),
    ("consent_disclosures_missing", _consent_disclosures_missing),
    ("consent_withdrawn", _consent_withdrawn),
    ("initiating_visit_missing", initiating_visit_missing),
    ("conditions_fewer_than_two", conditions_fewer_than_two),
    ("conditions_not_attested", conditions_not_attested),
    ("care_plan_missing", _care_plan_missing),
    ("care_plan_copy_missing", _care_plan_copy_missing),
    ("billing_practitioner_missing", _billing_practitioner_missing),
    ("mdm_missing", _mdm_missing),
    ("service_conflict", _service_conflict),
    ("billed_elsewhere", _billed_elsewhere),
    ("below_threshold", _below_threshold),
)
