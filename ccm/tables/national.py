"""Owns the national code tables for dates of service in 2025 and 2026.

Amounts are the Medicare Physician Fee Schedule's national, non-facility ones; a practice sets its own with
`ccm.tables.with_amounts`. Where 2026 has no published figure, that of 2025 stands in, marked estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ccm.tables.citations import CITATIONS
from ccm.tables.shapes import CodeRule, CodeTable, Conflict, TrackRule

_HIGH_ENOUGH = ("moderate", "high")
_PREFERENCE = ("complex", "practitioner", "staff")

_HOME_HEALTH_AND_HOSPICE = frozenset({"G0181", "G0182"})
_ESRD = frozenset(str(code) for code in range(90951, 90971))
_APCM = frozenset({"G0556", "G0557", "G0558"})
_PCM = frozenset({"99424", "99425", "99426", "99427"})
_CONFLICTS = (
    Conflict(_HOME_HEALTH_AND_HOSPICE | _ESRD, by_anyone=True),
    Conflict(_APCM, by_anyone=False),
    Conflict(_PCM, by_anyone=False, else_warning="pcm_other_practitioner"),
)


@dataclass(frozen=True, slots=True)
class _Amount:
    cents: int
    estimated: bool = False


def _base(code: str, minutes: int, amount: _Amount, of: str) -> CodeRule:
    rule = f"CPT {code}: the first {minutes} minutes of {of} in the calendar month"
    return CodeRule(code, minutes, 1, amount.cents, amount.estimated, rule)


def _further(code: str, minutes: int, most: int, amount: _Amount, base: str) -> CodeRule:
    rule = f"CPT {code}: each further full {minutes} minutes, at most {most} a month, only with {base}"
    return CodeRule(code, minutes, most, amount.cents, amount.estimated, rule)


def _tracks(amounts: dict[str, _Amount]) -> tuple[TrackRule, ...]:
    staff, own = "clinical staff time", "the billing practitioner's own time"
    decided = f"{staff}, with medical decision making of moderate or high complexity,"
    return (
        TrackRule(
            "staff",
            _base("99490", 20, amounts["99490"], staff),
            _further("99439", 20, 2, amounts["99439"], "99490"),
        ),
        TrackRule(
            "complex",
            _base("99487", 60, amounts["99487"], decided),
            _further("99489", 30, 10, amounts["99489"], "99487"),
            decision_making=_HIGH_ENOUGH,
        ),
        TrackRule(
            "practitioner",
            _base("99491", 30, amounts["99491"], own),
            _further("99437", 30, 2, amounts["99437"], "99491"),
            own_time=True,
        ),
    )


def _table(year: int, amounts: dict[str, _Amount]) -> CodeTable:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return CodeTable(str(year), first, last, _tracks(amounts), _PREFERENCE, _CONFLICTS, CITATIONS)


NATIONAL_TABLES: tuple[CodeTable, ...] = (
    _table(
        2025,
        {
            "99490": _Amount(6049),
            "99439": _Amount(4593),
            "99487": _Amount(13165),
            "99489": _Amount(7052),
            "99491": _Amount(8216),
            "99437": _Amount(5758),
        },
    ),
    _table(
        2026,
        {
            "99490": _Amount(6613),
            "99439": _Amount(5044),
            "99487": _Amount(14429),
            "99489": _Amount(7816),
            "99491": _Amount(8216, estimated=True),
            "99437": _Amount(6313),
        },
    ),
)
