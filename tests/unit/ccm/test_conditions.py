"""What is proposed of a problem, and why: ICD-10-CM first, SNOMED CT next, and unknown is never not chronic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccm.chart import ICD10_SYSTEMS, SNOMED_SYSTEM, Coding, Problem
from ccm.conditions import CHRONIC_CONCEPTS, Proposal, normal_icd10, propose, propose_all
from ccm.conditions.concepts.others import DOUBTS, NOT_CHRONIC

KNOWN = {"E11.9": True, "I10": True, "J06.9": False, "F32.A": False, "R73.03": False, "O10.011": True}
indicator = KNOWN.get


def problem(*icd10: str, snomed: str = "", words: str = "a problem", verification: str = "") -> Problem:
    codings = [Coding(ICD10_SYSTEMS[0], code) for code in icd10]
    codings += [Coding(SNOMED_SYSTEM, snomed, words)] if snomed else []
    return Problem(ids=("1",), text=words, codings=tuple(codings), verification=verification)


def test_a_code_that_the_indicator_calls_chronic_is_proposed_with_its_reason() -> None:
    assert propose(problem("E11.9"), indicator) == Proposal(
        "proposed", "E11.9: chronic by the Chronic Condition Indicator", "E11.9", "", "icd10"
    )


def test_a_snomed_concept_is_proposed_with_its_usual_code() -> None:
    assert propose(problem(snomed="44054006", words="Diabetes"), indicator) == Proposal(
        "proposed", "SNOMED 44054006 usually coded E11.9", "", "E11.9", "snomed"
    )


def test_the_charts_own_icd10_code_outweighs_its_snomed_code() -> None:
    found = propose(problem("J06.9", snomed="44054006"), indicator)
    assert (found.state, found.icd10, found.suggested_icd10, found.basis) == ("other", "J06.9", "E11.9", "icd10")
    assert propose(problem("I10", snomed="74400008"), indicator).state == "proposed"


def test_a_code_newer_than_the_table_needs_review() -> None:
    found = propose(problem("I1A.0"), indicator)
    assert found.state == "review"
    assert found.reason.startswith("needs review: I1A.0 is unknown")


def test_a_code_newer_than_the_table_leaves_the_word_to_a_chronic_snomed_concept() -> None:
    found = propose(problem("I1A.0", snomed="59621000"), indicator)
    assert (found.state, found.icd10, found.suggested_icd10, found.basis) == ("proposed", "I1A.0", "I10", "snomed")
    assert propose(problem("I1A.0", snomed="74400008"), indicator).state == "review"


def test_one_chronic_code_of_several_is_enough_and_an_unknown_one_outweighs_not_chronic() -> None:
    found = propose(problem("J06.9", "I1A.0", "I10"), indicator)
    assert (found.state, found.icd10) == ("proposed", "I10")
    assert propose(problem("J06.9", "I1A.0"), indicator).state == "review"


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        ("Z59.0", "other", "a social circumstance"),
        ("Z60.2", "other", "a social circumstance"),
        ("Z85.3", "other", "a history"),
        ("Z86.73", "other", "a history"),
        ("Z00.00", "other", "a reason for a visit"),
        ("Z34.90", "other", "of pregnancy"),
        ("O10.011", "other", "of pregnancy"),
        ("O9A.211", "other", "of pregnancy"),
        ("W19.XXXA", "other", "an external cause"),
        ("R73.03", "other", "not chronic by"),
        ("Z21", "review", "unknown to"),
        ("Z94.0", "review", "unknown to"),
        ("F32.A", "review", "CMS names for CCM"),
        ("diabetes", "review", "not an ICD-10-CM code"),
    ],
)
def test_codes_that_are_no_chronic_condition_say_why(code: str, state: str, reason: str) -> None:
    found = propose(problem(code), indicator)
    assert found.state == state
    assert reason in found.reason


@pytest.mark.parametrize(
    ("snomed", "words", "state"),
    [
        ("160903007", "Full-time employment (finding)", "other"),
        ("999999", "Something new (finding)", "other"),
        ("999999", "Something past (situation)", "other"),
        ("999999", "A move (event)", "other"),
        ("999999", "History of gallstones", "other"),
        ("999999", "Rare storage disease (disorder)", "review"),
        ("999999", "Rare storage disease", "review"),
        ("44054006", "Diabetes (finding)", "review"),
        ("162864005", "Body mass index 30+ - obesity (finding)", "review"),
        ("230690007", "Stroke", "review"),
        ("74400008", "Appendicitis", "other"),
        ("15777000", "Prediabetes", "other"),
        ("35489007", "Depression", "proposed"),
    ],
)
def test_snomed_concepts_and_their_tags(snomed: str, words: str, state: str) -> None:
    assert propose(problem(snomed=snomed, words=words), indicator).state == state


def test_a_problem_in_words_only_needs_review_unless_its_tag_says_finding() -> None:
    assert propose(problem(words="Diabetes"), indicator) == Proposal(
        "review", "needs review: no ICD-10-CM or SNOMED CT code"
    )
    assert propose(problem(words="Stress (finding)"), indicator).state == "other"


def test_a_diagnosis_not_yet_established_needs_review() -> None:
    found = propose(problem("E11.9", verification="provisional"), indicator)
    assert (found.state, found.reason) == ("review", "needs review: provisional in the chart")
    assert propose(problem("E11.9", verification="confirmed"), indicator).state == "proposed"


def test_nothing_is_not_chronic_because_the_indicator_knows_nothing() -> None:
    assert propose(problem("J06.9"), lambda _code: None).state == "review"


def test_codes_are_put_in_their_normal_form() -> None:
    assert [normal_icd10(code) for code in (" e119", "E11.9", "i10", "")] == ["E11.9", "E11.9", "I10", ""]
    assert propose(problem("e119"), indicator).icd10 == "E11.9"


codes = st.one_of(st.sampled_from([*KNOWN, *list(CHRONIC_CONCEPTS)[:9], *DOUBTS, *list(NOT_CHRONIC)[:9]]), st.text())
codings = st.builds(
    Coding, st.sampled_from([*ICD10_SYSTEMS, SNOMED_SYSTEM, ""]), codes, st.one_of(st.text(), st.just("x (finding)"))
)
problems = st.builds(
    Problem,
    ids=st.just(("1",)),
    text=st.text(),
    codings=st.lists(codings, max_size=5).map(tuple),
    verification=st.sampled_from(["", "confirmed", "provisional"]),
)


@given(st.lists(problems, max_size=4), st.sampled_from([True, False, None]))
def test_every_problem_gets_one_proposal_with_a_reason(found: list[Problem], answer: bool | None) -> None:
    proposals = propose_all(found, lambda _code: answer)
    assert len(proposals) == len(found)
    assert all(proposal.reason for proposal in proposals)
    assert all(proposal.icd10 or proposal.suggested_icd10 for proposal in proposals if proposal.state == "proposed")
