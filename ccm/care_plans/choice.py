"""Owns which of the chart's CarePlans may be the CCM plan: a person's choice, else a proposal with its reason.

Charts hold plans for a fracture or a pregnancy, many without title and long over but still "active": an active
CarePlan is not yet a CCM care plan, so what is found here is only proposed until a person confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from ccm.chart import CarePlan

# SNOMED CT. 734163000 "care plan" and US Core's assess-plan stand on plans of every sort: they tell nothing by
# themselves, but keep a plan from being passed over.
_CARE_MANAGEMENT: Final = frozenset({"38717003", "736271009"})  # longitudinal, outpatient: Epic's
_ANY_CARE_PLAN: Final = frozenset({"734163000", *_CARE_MANAGEMENT})
_PASSING: Final = frozenset(
    {
        "134435003",  # routine antenatal care
        "133901003",  # burn care
        "182964004",  # terminal care
        "225358003",  # wound care
        "385691007",  # fracture care
        "47387005",  # head injury rehabilitation
        "53950000",  # respiratory therapy
        "736353004",  # inpatient care plan: over with the stay
        "737567002",  # major surgery care management
        "869761000000107",  # urinary tract infection care
        "91251008",  # physical therapy procedure
    }
)
_says_passing = re.compile(
    r"\b(acute(?! on chronic)|fracture|antenatal|prenatal|postnatal|pregnan|obstetric|wound|laceration|sprain|strain|"
    r"burn|whiplash|concussion|head injury|inpatient|surg|urinary tract infection|terminal care|hospice|allergy)",
    re.IGNORECASE,
).search
_says_chronic = re.compile(
    r"\b(chronic|diabet|prediabetes|hypertens|hyperlipid|cholesterol|heart failure|coronary|ischemi|atrial fib|stroke|"
    r"kidney disease|ckd|copd|obstructive pulmonary|emphysema|asthma|dementia|alzheimer|parkinson|epilep|depress|"
    r"bipolar|schizo|anxiety|psychiatr|mental health|addiction|substance|arthritis|musculoskeletal|osteopor|cancer|"
    r"neoplasm|malignan|hepatitis|cirrhosis|hiv|thyroid|obes|anemia|sleep apnea|multiple sclerosis|neuropath|ulcer)",
    re.IGNORECASE,
).search
_says_comprehensive = re.compile(
    r"\b(ccm|chronic care|comprehensive|care management|primary care|longitudinal)\b", re.IGNORECASE
).search
_NOT_YET: Final = frozenset({"proposal", "option"})

CHOSEN: Final = "Chosen by a person."


def choose_ccm_plan(
    plans: Sequence[CarePlan], today: date, chosen_id: str | None, chronic: Collection[str] = ()
) -> tuple[CarePlan | None, str]:
    """The CCM plan, and why in plain words; `CHOSEN` as the reason means that a person confirmed it.

    `chosen_id` is what `chosen_plan` gives: None while nobody chose, '' for none of the chart's. `chronic` are texts
    of the chart's problems that are known to be chronic, beside the words that this module knows.
    """
    if chosen_id == "":
        return None, "A person said that none of the chart's plans is the CCM plan."
    if chosen_id is not None:
        chosen = next((plan for plan in plans if plan.id == chosen_id), None)
        return (
            (chosen, CHOSEN) if chosen else (None, "The plan chosen earlier is no longer in the chart: choose again.")
        )
    fitting = [plan for plan in plans if could_be_ccm_plan(plan, today, chronic)]
    if not fitting:
        return None, _why_none(plans)
    best = max(fitting, key=lambda plan: _rank(plan, chronic))
    return best, f"Proposed: {_reason(best, chronic)}. Confirm that it is the CCM care plan."


def could_be_ccm_plan(plan: CarePlan, today: date, chronic: Collection[str] = ()) -> bool:
    """Whether a plan is in force, not for something that passes, and for something chronic or for all care."""
    if plan.status != "active" or plan.intent in _NOT_YET or _is_over(plan, today) or _is_passing(plan):
        return False
    if not _ANY_CARE_PLAN.isdisjoint(plan.categories) or _says_comprehensive(plan.title):
        return True
    return bool(_says_chronic(plan.title)) or _chronic_problems(plan, chronic) > 0


def _is_over(plan: CarePlan, today: date) -> bool:
    """A period that ends in "2026" or "2026-11" is over only when today is past what it names."""
    end = plan.period_end[:10]
    return bool(end) and end < today.isoformat()[: len(end)]


def _is_passing(plan: CarePlan) -> bool:
    """For something that passes; a plan that addresses several problems is not, for having one such among them."""
    if not _PASSING.isdisjoint(plan.categories) or _says_passing(plan.title):
        return True
    return bool(plan.addresses) and all(_says_passing(problem) for problem in plan.addresses)


def _chronic_problems(plan: CarePlan, chronic: Collection[str]) -> int:
    known = {text.casefold() for text in chronic}
    return sum(1 for each in plan.addresses if each.casefold() in known or _says_chronic(each))


def _is_comprehensive(plan: CarePlan) -> bool:
    return not _CARE_MANAGEMENT.isdisjoint(plan.categories) or bool(_says_comprehensive(plan.title))


def _rank(plan: CarePlan, chronic: Collection[str]) -> tuple[bool, int, bool, str, str]:
    newest = plan.period_start[:10] or plan.last_updated[:10]
    return _is_comprehensive(plan), _chronic_problems(plan, chronic), plan.intent == "plan", newest, plan.id


def _reason(plan: CarePlan, chronic: Collection[str]) -> str:
    if _is_comprehensive(plan):
        return "active, and by its category or title a plan for all of the patient's care"
    count = _chronic_problems(plan, chronic)
    if count > 1:
        return f"active, and addresses {count} chronic problems"
    return (
        "the newest active plan for a chronic problem" if count else "an active plan that is not for an acute problem"
    )


def _why_none(plans: Sequence[CarePlan]) -> str:
    if not plans:
        return "The chart holds no care plan."
    if not any(plan.status == "active" for plan in plans):
        return "The chart holds no active care plan."
    return "The chart's active care plans are over, for acute problems, or not for chronic ones: choose or write one."
