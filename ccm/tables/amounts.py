"""Owns money: amounts as text, and a practice's own amounts in place of the national ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from ccm.tables.shapes import CodeRule, CodeTable


def money(cents: int) -> str:
    """US cents as a decimal string with two places: 6613 is "66.13"."""
    return f"{cents // 100}.{cents % 100:02d}"


def with_amounts(tables: tuple[CodeTable, ...], amounts: Mapping[str, Mapping[str, Decimal]]) -> tuple[CodeTable, ...]:
    """The tables with a practice's own dollars: {"2026": {"99490": Decimal("70.00")}}; these are not estimates.

    ValueError for a table or code that does not exist, and for what is not a sum of whole cents from 0 up.
    """
    unknown = amounts.keys() - {table.name for table in tables}
    if unknown:
        raise ValueError(f"no code table named {', '.join(sorted(unknown))}")
    return tuple(_repriced(table, amounts.get(table.name, {})) for table in tables)


def _repriced(table: CodeTable, amounts: Mapping[str, Decimal]) -> CodeTable:
    known = {rule.code for track in table.tracks for rule in (track.base, track.further)}
    unknown = amounts.keys() - known
    if unknown:
        raise ValueError(f"no code {', '.join(sorted(unknown))} in table {table.name}")
    tracks = (replace(t, base=_priced(t.base, amounts), further=_priced(t.further, amounts)) for t in table.tracks)
    return replace(table, tracks=tuple(tracks))


def _priced(rule: CodeRule, amounts: Mapping[str, Decimal]) -> CodeRule:
    amount = amounts.get(rule.code)
    return rule if amount is None else replace(rule, cents=_cents(rule.code, amount), estimated=False)


def _cents(code: str, amount: Decimal) -> int:
    if not amount.is_finite() or amount < 0 or amount * 100 != int(amount * 100):
        raise ValueError(f"the amount of {code} must be whole cents, 0 or more")
    return int(amount * 100)
