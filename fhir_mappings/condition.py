"""Owns the reading of Conditions into problems: which rows count as active, and which rows are the same problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ccm.chart import SNOMED_SYSTEM, Coding, Gap, Problem
from fhir_mappings.text import quantified
from fhir_mappings.tolerant import Json, code_of, codings, concept_text, line, mapping, mappings

PART = "Problems"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_NOT_ACTIVE = frozenset({"inactive", "remission", "resolved"})
_NOT_TRUE = frozenset({"entered-in-error", "refuted"})
_OFF_LIST = frozenset({"encounter-diagnosis", "health-concern"})


def read_problems(resources: Iterable[object]) -> tuple[tuple[Problem, ...], tuple[Gap, ...]]:
    """Read Conditions into active problems, those of the problem list first; never raises.

    Taken: clinicalStatus active, recurrence, relapse, or one that is not of the standard's; a missing one too unless
    an abatement is given. Not taken, by rule and without a gap: inactive, remission, resolved; entered-in-error and
    refuted; resources of other types. A row with neither code nor text, and anything that is no resource, is a gap.

    Category drops nothing. Many EHRs keep chronic conditions only as visit diagnoses, so a programme that read
    the problem list alone would miss them: rows that carry `encounter-diagnosis` or `health-concern` and not
    `problem-list-item` come last and say `on_problem_list` false, for the panel to fold away.

    Rows are one problem if they share a code, unless both carry SNOMED CT codes and share none of these (one
    ICD-10-CM code covers many SNOMED CT concepts); a row without code joins the problem of the same text.
    """
    rows: list[_Row] = []
    unnamed = unreadable = 0
    for resource in resources:
        condition = mapping(resource)
        if not isinstance(condition.get("resourceType"), str):
            unreadable += 1
        elif condition["resourceType"] == "Condition" and _is_active(condition):
            row = _row(condition)
            unnamed += not row.text
            rows.extend([row] if row.text else [])
    rows.sort(key=lambda row: not row.on_problem_list)
    return tuple(map(_problem, _merged(rows))), _gaps(unnamed, unreadable)


@dataclass(slots=True)
class _Row:
    """One Condition, or several that turned out to be the same problem."""

    ids: list[str]
    text: str
    codings: dict[tuple[str, str], Coding]
    clinical_status: str
    verification: str
    categories: list[str]
    onset: str
    recorded: str
    on_problem_list: bool
    snomed: set[str] = field(default_factory=set)


def _is_active(condition: Json) -> bool:
    if _verification(condition) in _NOT_TRUE:
        return False
    status = _clinical_status(condition)
    return status not in _NOT_ACTIVE if status else not _has_abated(condition)


def _clinical_status(condition: Json) -> str:
    concept = condition.get("clinicalStatus")
    return (code_of(concept, _CLINICAL) or concept_text(concept)).lower()


def _verification(condition: Json) -> str:
    concept = condition.get("verificationStatus")
    return (code_of(concept, _VERIFICATION) or concept_text(concept)).lower()


def _has_abated(condition: Json) -> bool:
    return any(key.startswith("abatement") and condition[key] not in (None, False) for key in condition)


def _row(condition: Json) -> _Row:
    concept = condition.get("code")
    found = {(coding.system, coding.code): coding for coding in codings(concept)}
    categories = _categories(condition)
    onset = line(condition.get("onsetDateTime")) or line(mapping(condition.get("onsetPeriod")).get("start"))
    return _Row(
        ids=[line(condition.get("id"))] if line(condition.get("id")) else [],
        text=concept_text(concept),
        codings=found,
        clinical_status=_clinical_status(condition),
        verification=_verification(condition),
        categories=categories,
        onset=onset,
        recorded=line(condition.get("recordedDate")),
        on_problem_list="problem-list-item" in categories or _OFF_LIST.isdisjoint(categories),
        snomed={code for system, code in found if system == SNOMED_SYSTEM},
    )


def _categories(condition: Json) -> list[str]:
    """The bare codes of all categories; one in words only ("Problem List Item") is put in the form of a code."""
    found: list[str] = []
    for concept in mappings(condition.get("category")):
        codes = [coding.code for coding in codings(concept)]
        found += codes or list(filter(None, ["-".join(concept_text(concept).lower().split())]))
    return found


def _merged(rows: Iterable[_Row]) -> list[_Row]:
    problems: list[_Row] = []
    by_code: dict[tuple[str, str], _Row] = {}
    by_text: dict[str, _Row] = {}
    for row in rows:
        same = _same_problem(row, by_code, by_text)
        if same is None:
            same = row
            problems.append(row)
        else:
            _absorb(same, row)
        for key in row.codings:
            by_code.setdefault(key, same)
        by_text.setdefault(row.text.casefold(), same)
    return problems


def _same_problem(row: _Row, by_code: dict[tuple[str, str], _Row], by_text: dict[str, _Row]) -> _Row | None:
    for key in row.codings:
        other = by_code.get(key)
        if other and (not row.snomed or not other.snomed or row.snomed & other.snomed):
            return other
    namesake = by_text.get(row.text.casefold())
    return namesake if namesake and not (row.codings and namesake.codings) else None


def _absorb(problem: _Row, row: _Row) -> None:
    problem.ids += row.ids
    for key, coding in row.codings.items():
        problem.codings.setdefault(key, coding)
    problem.snomed |= row.snomed
    problem.categories += [each for each in row.categories if each not in problem.categories]
    problem.onset = min(filter(None, (problem.onset, row.onset)), default="")
    problem.recorded = min(filter(None, (problem.recorded, row.recorded)), default="")
    problem.clinical_status = problem.clinical_status or row.clinical_status
    problem.verification = problem.verification or row.verification


def _problem(row: _Row) -> Problem:
    return Problem(
        ids=tuple(row.ids),
        text=row.text,
        codings=tuple(row.codings.values()),
        clinical_status=row.clinical_status,
        verification=row.verification,
        categories=tuple(dict.fromkeys(row.categories)),
        onset=row.onset,
        recorded=row.recorded,
        on_problem_list=row.on_problem_list,
    )


def _gaps(unnamed: int, unreadable: int) -> tuple[Gap, ...]:
    gaps = []
    if unnamed:
        gaps.append(Gap(PART, quantified(unnamed, "row", "rows", "without code or name")))
    if unreadable:
        gaps.append(Gap(PART, quantified(unreadable, "row", "rows", "unreadable")))
    return tuple(gaps)
