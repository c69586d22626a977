"""Owns the proposal of chronic conditions: which of a chart's problems a clinician is asked to attest.

It proposes and never decides. The chart's ICD-10-CM code outweighs its SNOMED CT code, because the claim is made in
ICD-10-CM; a code that the indicator does not know outweighs nothing, and unknown is never taken for not chronic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from ccm.chart import ICD10_SYSTEMS, SNOMED_SYSTEM, Coding, Problem
from ccm.conditions.icd10 import Indicator, State, judge_icd10, normal_icd10
from ccm.conditions.snomed import judge_concept, judge_words

Basis = Literal["icd10", "snomed", "none"]
_ORDER: Final = {"proposed": 0, "review": 1, "other": 2}
# A diagnosis not yet established is not coded as if it were (ICD-10-CM guidelines, section IV.H).
_NOT_ESTABLISHED: Final = frozenset({"unconfirmed", "provisional", "differential"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed of one problem, and why, in plain words.

    `icd10` is the chart's own ICD-10-CM code in its normal form, '' if it has none; `suggested_icd10` the usual code of
    its SNOMED CT concept, '' if none is known; `basis` says which of the two was judged.
    """

    state: State
    reason: str
    icd10: str = ""
    suggested_icd10: str = ""
    basis: Basis = "none"


def propose(problem: Problem, indicator: Indicator) -> Proposal:
    """The proposal for one problem; never raises unless the indicator does.

    Of several ICD-10-CM codes one chronic one is enough; else an unknown one calls for review.
    """
    by_icd10 = _by_icd10(problem.codings, indicator)
    by_snomed = _by_snomed(problem)
    if by_icd10 is None:
        proposal = by_snomed or _by_words(problem)
    elif by_icd10.state == "review" and by_snomed is not None and by_snomed.state == "proposed":
        proposal = replace(by_snomed, icd10=by_icd10.icd10)
    else:
        proposal = replace(by_icd10, suggested_icd10=by_snomed.suggested_icd10 if by_snomed else "")
    if proposal.state == "proposed" and problem.verification in _NOT_ESTABLISHED:
        return replace(proposal, state="review", reason=f"needs review: {problem.verification} in the chart")
    return proposal


def propose_all(problems: Iterable[Problem], indicator: Indicator) -> tuple[Proposal, ...]:
    """One proposal for each problem, in the same order."""
    return tuple(propose(problem, indicator) for problem in problems)


def _by_icd10(codings: Iterable[Coding], indicator: Indicator) -> Proposal | None:
    codes = [normal_icd10(coding.code) for coding in codings if coding.system in ICD10_SYSTEMS]
    judged = [(*judge_icd10(code, indicator), code) for code in codes if code]
    if not judged:
        return None
    state, reason, code = min(judged, key=lambda each: _ORDER[each[0]])
    return Proposal(state, reason, icd10=code, basis="icd10")


def _by_snomed(problem: Problem) -> Proposal | None:
    judged = [
        judge_concept(coding.code.strip(), coding.display or problem.text)
        for coding in problem.codings
        if coding.system == SNOMED_SYSTEM and coding.code.strip()
    ]
    if not judged:
        return None
    state, reason, usual = min(judged, key=lambda each: _ORDER[each[0]])
    return Proposal(state, reason, suggested_icd10=usual, basis="snomed")


def _by_words(problem: Problem) -> Proposal:
    if no_condition := judge_words(problem.text):
        return Proposal("other", no_condition)
    return Proposal("review", "needs review: no ICD-10-CM or SNOMED CT code")
