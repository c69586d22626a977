"""Owns the documentation standard: what the note of an entry must hold, by activity, and what is missing from one.

It is a check of presence and no more: that a note has a length, and that words of a kind stand in it (English ones, by
their beginnings). It cannot tell whether the note is true, or enough; whoever reviews the month reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ccm.entries import Entry

LIMITS: Final = "This checks that the words are there, not that the note is true or enough: read it."
ELEMENTS: Final[dict[str, str]] = {
    "outcome": "what came of the contact",
    "whom": "with whom you spoke",
    "medications": "the medications you looked at",
    "results": "the result you reviewed",
    "care_plan": "the goal or the part of the care plan",
    "next_step": "what happens next",
}
_WORDS: Final[Mapping[str, str]] = {
    "outcome": "reached spoke talked discussed answered agreed declined refused reports reported states stated says "
    "said denies confirmed voicemail unreachable replied understands understood verbalized",
    "whom": "patient pt caregiver daughter son wife husband spouse partner mother father parent sister brother niece "
    "nephew aide proxy guardian pharmacist pharmacy nurse dr doctor physician office specialist provider agency she he",
    "medications": "medication med meds drug dose dosage mg mcg units tablet pill insulin inhaler refill prescri rx "
    "pharmac reconcil adheren takes taking took",
    "results": "result lab labs a1c glucose sugar bp blood pressure cholesterol ldl egfr creatinine potassium inr "
    "weight ecg ekg x-ray xray ct mri echo imaging culture biopsy reading normal abnormal",
    "care_plan": "goal plan target intervention barrier self-manage progress education diet exercise",
    "next_step": "next follow call schedul will plan recheck refer send sent order return tomorrow further",
}
_LONGEST_ABBREVIATION: Final = 3  # "bp" is a word by itself; of longer ones the beginning is enough


def _finder(words: str) -> re.Pattern[str]:
    each = [re.escape(word) + (r"\b" if len(word) <= _LONGEST_ABBREVIATION else "") for word in words.split()]
    return re.compile(rf"\b(?:{'|'.join(each)})", re.IGNORECASE)


_FINDERS: Final = {element: _finder(words) for element, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class ActivityStandard:
    """What a note of an activity must hold: so many characters, and these `ELEMENTS`."""

    activity: str
    least_characters: int
    elements: frozenset[str] = frozenset()


def documented(
    entry: Entry, standards: Iterable[ActivityStandard], *, outcome_recorded: bool = False
) -> tuple[str, ...]:
    """What is missing from the entry's note, in plain words; nothing for an activity without a standard.

    `outcome_recorded`: a touchpoint linked to the entry says what came of the contact, so that the note need not.
    """
    standard = next((each for each in standards if each.activity == entry.activity), None)
    if standard is None:
        return ()
    note = " ".join(entry.note.split())
    given = {"outcome"} if outcome_recorded else set()
    too_short = len(note) < standard.least_characters
    length = f"a note of {standard.least_characters} characters or more (it has {len(note)})"
    return (
        *([length] if too_short else []),
        *(
            words
            for element, words in ELEMENTS.items()
            if element in standard.elements - given and not _FINDERS[element].search(note)
        ),
    )
