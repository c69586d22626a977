"""Owns what an ICD-10-CM code says by itself and by the Chronic Condition Indicator.

Rules by chapter follow the ICD-10-CM Official Guidelines, section I.C; the indicator is AHRQ's Chronic Condition
Indicator Refined (https://hcup-us.ahrq.gov/toolssoftware/chronic_icd10/chronic_icd10.jsp), handed in as a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from ccm.conditions.concepts import INDICATOR_EXCEPTIONS

Indicator = Callable[[str], bool | None]
"""ICD-10-CM code, with the dot, to chronic (True), not chronic (False) or unknown (None)."""

State = Literal["proposed", "review", "other"]
"""Proposed as chronic; a clinician must look; or neither, with the reason."""

_FORM: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")
_CATEGORIES: Final = (
    ("Z55", "Z65", "a social circumstance, not a condition"),
    ("Z80", "Z87", "a history, not a present condition"),
    ("Z92", "Z92", "a history, not a present condition"),
    ("O00", "O9Z", "of pregnancy, not a chronic condition"),
    ("Z33", "Z3Z", "of pregnancy or birth, not a chronic condition"),
    ("V00", "Y99", "an external cause, not a condition"),
    ("Z00", "Z13", "a reason for a visit, not a condition"),
    ("Z23", "Z23", "a reason for a visit, not a condition"),
    ("Z30", "Z32", "a reason for a visit, not a condition"),
    ("Z40", "Z53", "a reason for a visit, not a condition"),
    ("Z69", "Z76", "a reason for a visit, not a condition"),
)


def normal_icd10(code: str) -> str:
    """The code as ICD-10-CM writes it: upper case, with the dot after the third character ("e119" → "E11.9")."""
    bare = code.strip().upper().replace(".", "")
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


def judge_icd10(code: str, indicator: Indicator) -> tuple[State, str]:
    """State and reason of one code in its normal form. What the indicator does not know needs review."""
    if not _FORM.fullmatch(code):
        return "review", f"needs review: {code} is not an ICD-10-CM code"
    for first, last, reason in _CATEGORIES:
        if first <= code[:3] <= last:
            return "other", f"{code}: {reason}"
    chronic = indicator(code)
    if chronic:
        return "proposed", f"{code}: chronic by the Chronic Condition Indicator"
    if chronic is None:
        return "review", f"needs review: {code} is unknown to the Chronic Condition Indicator or newer than its table"
    if code in INDICATOR_EXCEPTIONS:
        return "review", f"needs review: {code} is not chronic by the indicator, yet {INDICATOR_EXCEPTIONS[code]}"
    return "other", f"{code}: not chronic by the Chronic Condition Indicator"
