from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest

from ccm.chart import SNOMED_SYSTEM, Gap, Problem
from fhir_mappings.condition import read_problems
from tests.unit.fhir_mappings.builders import category, condition, status, verification

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def problems(*rows: Any) -> tuple[Problem, ...]:
    found, gaps = read_problems(rows)
    assert gaps == ()
    return found


@pytest.mark.parametrize("code", ["active", "recurrence", "relapse"])
def test_active_recurring_and_relapsed_conditions_are_problems(code: str) -> None:
    assert [p.clinical_status for p in problems(condition("Asthma", clinicalStatus=status(code)))] == [code]


@pytest.mark.parametrize("code", ["inactive", "remission", "resolved"])
def test_what_is_over_is_no_problem(code: str) -> None:
    assert problems(condition("Asthma", clinicalStatus=status(code))) == ()


def test_a_missing_status_is_tolerated_unless_the_condition_has_abated() -> None:
    row = condition("Asthma", clinicalStatus=None)
    assert [p.clinical_status for p in problems(row)] == [""]
    assert problems(row | {"abatementDateTime": "2020-01-01"}) == ()
    assert problems(row | {"abatementString": "as a child"}) == ()
    assert len(problems(row | {"abatementBoolean": False})) == 1


def test_a_status_in_words_only_is_understood() -> None:
    assert problems(condition("Asthma", clinicalStatus={"text": "Resolved"})) == ()
    assert len(problems(condition("Asthma", clinicalStatus="active"))) == 1


@pytest.mark.parametrize("code", ["entered-in-error", "refuted"])
def test_what_was_never_true_is_no_problem(code: str) -> None:
    assert problems(condition("Asthma", verificationStatus=verification(code))) == ()


def test_the_verification_is_told() -> None:
    row = condition("Asthma", verificationStatus=verification("provisional"))
    assert problems(row)[0].verification == "provisional"


def test_a_condition_in_words_only_is_a_problem() -> None:
    assert problems(condition("Gout", id="c1")) == (Problem(ids=("c1",), text="Gout", clinical_status="active"),)


def test_a_condition_with_codes_and_no_words_is_called_by_its_code() -> None:
    assert problems(condition("", (ICD10, "E11.9")))[0].text == "E11.9"


def test_the_kind_of_snomed_concept_stays_in_the_text() -> None:
    row = condition("Stress (finding)", (SNOMED_SYSTEM, "73595000"))
    assert problems(row)[0].text == "Stress (finding)"


def test_several_codings_of_one_condition_are_all_kept() -> None:
    problem = problems(condition("Diabetes", (SNOMED_SYSTEM, "44054006"), (ICD10, "E11.9"), ("urn:oid:1", "x")))[0]
    assert (problem.snomed(), problem.icd10(), len(problem.codings)) == ("44054006", "E11.9", 3)


def test_rows_of_one_code_are_one_problem_with_all_ids_and_the_earliest_onset() -> None:
    later = condition("Asthma", (SNOMED_SYSTEM, "195967001"), id="b", onsetDateTime="2021-03", recordedDate="2021")
    early = condition("Asthma", (SNOMED_SYSTEM, "195967001"), id="a", onsetPeriod={"start": "2019"})
    found = problems(later, early)
    assert [(p.ids, p.onset, p.recorded) for p in found] == [(("b", "a"), "2019", "2021")]


def test_rows_without_code_are_one_problem_if_their_words_are_the_same() -> None:
    found = problems(condition("Gout", id="a"), condition("gout", id="b"), condition("Gout flare", id="c"))
    assert [p.ids for p in found] == [("a", "b"), ("c",)]


def test_a_row_in_words_joins_the_coded_problem_of_the_same_words_in_either_order() -> None:
    words, coded = condition("Gout", id="a"), condition("Gout", (SNOMED_SYSTEM, "90560007"), id="b")
    assert [p.snomed() for p in problems(words, coded)] == ["90560007"]
    assert [p.ids for p in problems(coded, words)] == [("b", "a")]


def test_two_snomed_concepts_under_one_icd10_code_stay_two_problems() -> None:
    first = condition("Heart failure, left", (SNOMED_SYSTEM, "1"), (ICD10, "I50.9"))
    second = condition("Heart failure, right", (SNOMED_SYSTEM, "2"), (ICD10, "I50.9"))
    assert len(problems(first, second)) == 2


def test_a_row_with_the_icd10_code_only_joins_the_problem_that_has_it() -> None:
    both = condition("Diabetes", (SNOMED_SYSTEM, "44054006"), (ICD10, "E11.9"), id="a")
    assert [p.ids for p in problems(both, condition("T2DM", (ICD10, "E11.9"), id="b"))] == [("a", "b")]


def test_visit_diagnoses_and_health_concerns_are_kept_behind_the_problem_list() -> None:
    visit = condition("Stroke", category=category("encounter-diagnosis"))
    concern = condition("Lives alone", category=category("health-concern"))
    listed = condition("Asthma", category=category("problem-list-item", "health-concern"))
    plain = condition("Gout")
    found = problems(visit, concern, listed, plain)
    assert [(p.text, p.on_problem_list) for p in found] == [
        ("Asthma", True),
        ("Gout", True),
        ("Stroke", False),
        ("Lives alone", False),
    ]


def test_a_visit_diagnosis_that_is_also_on_the_list_is_one_listed_problem_with_both_categories() -> None:
    code = (SNOMED_SYSTEM, "195967001")
    visit = condition("Asthma", code, id="v", category=category("encounter-diagnosis"))
    listed = condition("Asthma", code, id="l", category=category("problem-list-item"))
    problem = problems(visit, listed)[0]
    assert problem.ids == ("l", "v")
    assert problem.on_problem_list
    assert problem.categories == ("problem-list-item", "encounter-diagnosis")


def test_a_category_in_words_only_counts() -> None:
    row = condition("Stroke", category=[{"text": "Encounter Diagnosis"}])
    assert not problems(row)[0].on_problem_list


def test_rows_without_code_and_words_and_rows_that_are_no_resource_are_gaps() -> None:
    found, gaps = read_problems([condition(id="a"), condition(code={"coding": [{}]}), "text", condition("Gout")])
    assert [p.text for p in found] == ["Gout"]
    assert gaps == (Gap("Problems", "2 rows are without code or name"), Gap("Problems", "1 row is unreadable"))


def test_resources_of_other_types_are_left_out_without_a_gap() -> None:
    assert problems({"resourceType": "Provenance"}) == ()


def test_sixty_conditions_are_read_within_milliseconds() -> None:
    rows = [condition(f"Problem {n}", (SNOMED_SYSTEM, str(n)), (ICD10, f"E{n}"), id=str(n)) for n in range(60)]
    best = min(_seconds(rows) for _ in range(5))
    assert best < 0.01


def _seconds(rows: list[Any]) -> float:
    begin = perf_counter()
    read_problems(rows)
    return perf_counter() - begin
