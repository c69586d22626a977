"""Owns why a patient is a candidate for the programme, or is not: a proposal to the clinic, never a decision.

In are the living with two or more proposed chronic conditions (CPT 99490: "two or more chronic conditions"); age and
payer are not asked, for the rule names neither. Whether a visit must come first is derived on the day it is asked
(CMS MLN909188: "not seen within 1 year before the start"), for it changes with the calendar and not with the chart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final, Literal

from ccm.chart import ChartPatient, LaunchEncounter, Problem
from ccm.conditions import Indicator, Proposal, propose_all
from ccm.facts.proposals import local_date

LEAST_CONDITIONS: Final = 2

Standing = Literal["in", "out"]
Reason = Literal["conditions", "deceased", "merged", "inactive", "too_few", "review"]

_STANDING: Final[dict[Reason, Standing]] = {
    "conditions": "in",
    "deceased": "out",
    "merged": "out",
    "inactive": "out",
    "review": "out",
    "too_few": "out",
}
_FINISHED: Final = frozenset({"finished", "completed"})  # R4's word and R5's


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of a chart decides it: the patient, the active problems, and the day of the newest finished encounter."""

    patient: ChartPatient
    problems: tuple[Problem, ...] = ()
    last_visit: date | None = None


@dataclass(frozen=True, slots=True)
class ChronicCondition:
    """One proposed chronic condition, in the chart's words; `icd10` is the chart's code or the usual one, or ''."""

    text: str
    icd10: str
    why: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient weighed on a day.

    `reason` is a code and `words` the same for a person; `to_review` counts the problems that somebody must look at
    before they count. `needs_visit`: no visit within the year before the day, so an initiating visit comes first.
    """

    standing: Standing
    reason: Reason
    words: str
    conditions: tuple[ChronicCondition, ...]
    to_review: int
    last_visit: date | None
    needs_visit: bool


def weigh(evidence: Evidence, indicator: Indicator, today: date) -> Candidate:
    """Whether the patient is a candidate on `today`, a day in the practice's zone, and why."""
    conditions, to_review = _conditions(evidence, indicator)
    reason = _reason(evidence.patient, len(conditions), to_review)
    needs_visit = evidence.last_visit is None or evidence.last_visit < _year_before(today)
    return Candidate(
        standing=_STANDING[reason],
        reason=reason,
        words=_words(reason, evidence, len(conditions), to_review, needs_visit),
        conditions=conditions,
        to_review=to_review,
        last_visit=evidence.last_visit,
        needs_visit=needs_visit,
    )


def standing(evidence: Evidence, indicator: Indicator) -> Standing:
    """Whether the patient is in or out, which is the same on every day."""
    conditions, to_review = _conditions(evidence, indicator)
    return _STANDING[_reason(evidence.patient, len(conditions), to_review)]


def last_visit(encounters: Iterable[LaunchEncounter], zone: tzinfo, today: date) -> date | None:
    """The day, in `zone`, on which the newest finished encounter began; one after `today` is an error of the chart."""
    finished = (each for each in encounters if each.status in _FINISHED)
    days = (local_date(each.start or each.end, zone) for each in finished)
    return max((day for day in days if day is not None and day <= today), default=None)


def amended(known: Evidence, news: Evidence, *, changed: frozenset[str]) -> Evidence:
    """What is known, brought up to date by the parts of the chart that have changed since.

    `changed` are the ids of all Conditions that the news speak of, also of those that are no active problem any more.
    """
    kept = tuple(each for each in known.problems if changed.isdisjoint(each.ids))
    days = [day for day in (known.last_visit, news.last_visit) if day is not None]
    return Evidence(news.patient, (*kept, *news.problems), max(days, default=None))


def _conditions(evidence: Evidence, indicator: Indicator) -> tuple[tuple[ChronicCondition, ...], int]:
    """The proposed chronic conditions, and how many problems are to be reviewed."""
    proposals = propose_all(evidence.problems, indicator)
    to_review = sum(each.state == "review" for each in proposals)
    return _distinct(zip(evidence.problems, proposals, strict=True)), to_review


def _distinct(judged: Iterable[tuple[Problem, Proposal]]) -> tuple[ChronicCondition, ...]:
    """The proposed conditions; rows of one ICD-10-CM code are one, a row without code is known by its words."""
    found: dict[str, ChronicCondition] = {}
    for problem, proposal in judged:
        if proposal.state == "proposed":
            code = proposal.icd10 if proposal.basis == "icd10" else proposal.suggested_icd10
            key = code or problem.text.casefold()
            found.setdefault(key, ChronicCondition(problem.text, code, proposal.reason))
    return tuple(found.values())


def _reason(patient: ChartPatient, conditions: int, to_review: int) -> Reason:
    if patient.deceased:
        return "deceased"
    if patient.replaced_by:
        return "merged"
    if not patient.active:
        return "inactive"
    if conditions >= LEAST_CONDITIONS:
        return "conditions"
    return "review" if conditions + to_review >= LEAST_CONDITIONS else "too_few"


def _words(reason: Reason, evidence: Evidence, conditions: int, to_review: int, needs_visit: bool) -> str:
    if reason == "conditions":
        visit = "; an initiating visit comes first" if needs_visit else ""
        return f"{conditions} proposed chronic conditions{visit}"
    return {
        "deceased": "The patient has died",
        "merged": f"This record was merged into {evidence.patient.replaced_by}",
        "inactive": "This record is out of use",
        "review": f"{_counted(conditions)}, {to_review} to review",
        "too_few": _counted(conditions),
    }[reason]


def _counted(conditions: int) -> str:
    return f"{conditions or 'No'} proposed chronic condition{'' if conditions == 1 else 's'}"


def _year_before(day: date) -> date:
    return date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
