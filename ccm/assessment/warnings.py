"""Owns what does not stand in the way of a claim, but somebody should look at before it is sent."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ccm.assessment.care_month import CARE_PLAN_ELEMENTS
from ccm.assessment.findings import Check, Considered, conflicts_of_month, listed
from ccm.assessment.tracks import decision_making_suffices


def _care_plan_incomplete(seen: Considered) -> str:
    plan = seen.case.enrolment.care_plan
    return "" if plan is None else _elements_to_add(plan.elements)


@lru_cache(maxsize=4096)
def _elements_to_add(present: frozenset[str]) -> str:
    missing = [words for code, words in CARE_PLAN_ELEMENTS.items() if code not in present]
    return f"Add to the care plan: {listed(missing)}." if missing else ""


def _pcm_other_practitioner(seen: Considered) -> str:
    codes = {
        service.code
        for service, conflict in conflicts_of_month(seen)
        if conflict.else_warning == "pcm_other_practitioner" and not service.same_practitioner
    }
    if not codes:
        return ""
    return f"Another practitioner provides {listed(sorted(codes))}: make sure that it is for another condition."


def _consent_details_missing(seen: Considered) -> str:
    consent = seen.case.enrolment.consent
    if consent is None or consent.given_at is None:
        return ""
    missing = [
        *(["how it was given"] if consent.method is None else []),
        *(["who obtained it"] if consent.obtained_by is None else []),
    ]
    return f"Record of the consent: {listed(missing)}." if missing else ""


def _inpatient_stay_open(seen: Considered) -> str:
    last = seen.calendar.last_day
    since = [s.first_day for s in seen.case.facts.stays if s.last_day is None and s.first_day <= last]
    if not since:
        return ""
    return f"No discharge is recorded for the stay since {min(since)}: no time counts until it is."


def _decision_making_unknown(seen: Considered) -> str:
    """Unknown is not none: say so where the level alone decides whether a better paid track is met."""
    if seen.case.policy.track != "best" or seen.case.facts.decision_making is not None:
        return ""
    waiting = [
        rule.base.code
        for rule in seen.table.tracks
        if not decision_making_suffices(rule, None) and seen.earnings.tracks[rule.name].minutes >= rule.base.minutes
    ]
    if not waiting:
        return ""
    return f"The level of medical decision making is not recorded: the minutes for {listed(waiting)} are there."


def _amount_estimated(seen: Considered) -> str:
    track = seen.earnings.track
    codes = [line.code for line in seen.earnings.tracks[track].lines if line.estimated] if track else []
    if not codes:
        return ""
    return f"The amount of {listed(codes)} is an estimate from an earlier year: set the practice's own."


def _attestations_missing(seen: Considered) -> str:
    missing = seen.case.missing_attestations
    return f"The practice has not attested: {listed(missing)}." if missing else ""


WARNINGS: Final[tuple[tuple[str, Check], ...]] = (
    ("care_plan_incomplete", _care_plan_incomplete),
    ("pcm_other_practitioner", _pcm_other_practitioner),
    ("consent_details_missing", _consent_details_missing),
    ("inpatient_stay_open", _inpatient_stay_open),
    ("decision_making_unknown", _decision_making_unknown),
    ("amount_estimated", _amount_estimated),
    ("attestations_missing", _attestations_missing),
)
