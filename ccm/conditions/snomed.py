"""Owns what a SNOMED CT concept, or a problem's words, say of a chronic condition."""

from __future__ import annotations

from typing import Final

from ccm.conditions.concepts import CHRONIC_CONCEPTS
from ccm.conditions.concepts.others import DOUBTS, NOT_CHRONIC
from ccm.conditions.icd10 import State

_TAGS: Final = {
    "finding": "a finding, not a condition",
    "situation": "a situation, not a present condition",
    "event": "an event, not a condition",
    "person": "a social circumstance, not a condition",
    "occupation": "a social circumstance, not a condition",
    "social concept": "a social circumstance, not a condition",
    "life style": "a social circumstance, not a condition",
    "environment": "a social circumstance, not a condition",
    "observable entity": "an observation, not a condition",
    "procedure": "a procedure, not a condition",
    "regime/therapy": "a treatment, not a condition",
}
_PAST: Final = ("history of ", "h/o ", "personal history of ", "past history of ", "family history of ", "suspected ")


def judge_words(words: str) -> str:
    """Why a problem so worded is no condition, or ''.

    Only SNOMED CT's own forms are read: the semantic tag at the end, and the openings of its situations.
    """
    folded = words.strip().lower()
    tag = folded[folded.rfind("(") + 1 : -1] if folded.endswith(")") else ""
    return _TAGS.get(tag) or (_TAGS["situation"] if folded.startswith(_PAST) else "")


def judge_concept(concept: str, words: str) -> tuple[State, str, str]:
    """State, reason and usual ICD-10-CM code ('' if none) of a concept that the chart shows in these words.

    The table and the tag must agree: a chronic concept that the chart words as a finding needs review.
    """
    if doubt := DOUBTS.get(concept):
        return "review", f"needs review: {doubt.reason}", doubt.icd10
    no_condition = judge_words(words)
    if chronic := CHRONIC_CONCEPTS.get(concept):
        if no_condition:
            return "review", f"needs review: SNOMED {concept} is chronic, but worded as {no_condition}", chronic.icd10
        return "proposed", f"SNOMED {concept} usually coded {chronic.icd10}", chronic.icd10
    if reason := NOT_CHRONIC.get(concept) or no_condition:
        return "other", reason, ""
    return "review", f"needs review: SNOMED {concept} is not in the table of chronic concepts", ""
