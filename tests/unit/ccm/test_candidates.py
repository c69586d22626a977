"""Who is a candidate, and why not."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ccm.candidates import Evidence, amended, last_visit, standing, weigh
from ccm.chart import ICD10_SYSTEMS, SNOMED_SYSTEM, ChartPatient, Coding, LaunchEncounter, Problem

TODAY = date(2026, 11, 24)
KNOWN = {"E11.9": True, "I10": True, "J06.9": False}
indicator = KNOWN.get


def problem(code: str, *ids: str, system: str = ICD10_SYSTEMS[0], text: str = "words") -> Problem:
    return Problem(ids=ids or (code,), text=text, codings=(Coding(system, code),))


def evidence(*problems: Problem, visit: date | None = date(2026, 5, 4), **patient: Any) -> Evidence:
    return Evidence(ChartPatient("1", "Ada", **patient), problems, visit)


BOTH = (problem("E11.9"), problem("I10"))


def test_two_chronic_conditions_make_a_candidate_whatever_the_age() -> None:
    found = weigh(evidence(*BOTH, problem("J06.9"), birth_date="2012-01-01"), indicator, TODAY)
    assert (found.standing, found.reason, found.words) == ("in", "conditions", "2 proposed chronic conditions")
    assert [(each.text, each.icd10) for each in found.conditions] == [("words", "E11.9"), ("words", "I10")]
    assert (found.needs_visit, found.to_review) == (False, 0)


@pytest.mark.parametrize(
    ("patient", "reason", "words"),
    [
        ({"deceased": True, "deceased_on": "2026-01-01"}, "deceased", "The patient has died"),
        ({"replaced_by": "Patient/2"}, "merged", "This record was merged into Patient/2"),
        ({"active": False}, "inactive", "This record is out of use"),
    ],
)
def test_conditions_do_not_outweigh_a_death_a_merge_or_a_record_out_of_use(
    patient: dict[str, Any], reason: str, words: str
) -> None:
    found = weigh(evidence(*BOTH, **patient), indicator, TODAY)
    assert (found.standing, found.reason, found.words) == ("out", reason, words)
    assert standing(evidence(*BOTH, **patient), indicator) == "out"


@pytest.mark.parametrize(
    ("problems", "reason", "words"),
    [
        ((), "too_few", "No proposed chronic conditions"),
        ((problem("E11.9"),), "too_few", "1 proposed chronic condition"),
        ((problem("E11.9"), problem("X9")), "review", "1 proposed chronic condition, 1 to review"),
        ((problem("X8"), problem("X9")), "review", "No proposed chronic conditions, 2 to review"),
    ],
)
def test_fewer_than_two_conditions_are_out_and_what_needs_review_is_said(
    problems: tuple[Problem, ...], reason: str, words: str
) -> None:
    found = weigh(evidence(*problems), indicator, TODAY)
    assert (found.standing, found.reason, found.words) == ("out", reason, words)


def test_two_rows_of_one_code_are_one_condition() -> None:
    twice = (problem("E11.9", "a"), problem("44054006", "b", system=SNOMED_SYSTEM))
    assert [each.icd10 for each in weigh(evidence(*twice), indicator, TODAY).conditions] == ["E11.9"]


@pytest.mark.parametrize(
    ("visit", "today", "needed"),
    [
        (None, TODAY, True),
        (date(2025, 11, 23), TODAY, True),
        (date(2025, 11, 24), TODAY, False),
        (date(2027, 2, 28), date(2028, 2, 29), False),
        (date(2027, 2, 27), date(2028, 2, 29), True),
    ],
)
def test_without_a_visit_within_the_year_one_comes_first(visit: date | None, today: date, needed: bool) -> None:
    found = weigh(evidence(*BOTH, visit=visit), indicator, today)
    assert (found.standing, found.needs_visit) == ("in", needed)
    assert ("an initiating visit comes first" in found.words) == needed


def visit(start: str, status: str = "finished", end: str = "") -> LaunchEncounter:
    return LaunchEncounter("1", status, "AMB", start, end)


def test_the_last_visit_is_the_newest_finished_one_by_the_practices_day() -> None:
    seen = [
        visit("2026-05-04T02:00:00Z"),
        visit("2026-11-01", status="planned"),
        visit("2027-01-01"),
        visit("2026-06"),
        visit("", end="2026-04-01"),
        visit("no date"),
    ]
    assert last_visit(seen, ZoneInfo("America/New_York"), TODAY) == date(2026, 5, 3)
    assert last_visit([visit("", end="2026-04-01"), visit("2026-03-01", "completed")], UTC, TODAY) == date(2026, 4, 1)
    assert last_visit([], UTC, TODAY) is None


def test_news_take_the_place_of_the_rows_that_they_speak_of() -> None:
    known = evidence(problem("E11.9", "a"), problem("I10", "b", "c"), visit=date(2026, 5, 4))
    news = evidence(problem("J06.9", "d"), visit=date(2026, 1, 1), active=False)
    found = amended(known, news, changed=frozenset({"c", "d"}))
    assert [each.icd10() for each in found.problems] == ["E11.9", "J06.9"]
    assert (found.last_visit, found.patient.active) == (date(2026, 5, 4), False)
