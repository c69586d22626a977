"""Owns what more minutes would bring: the next unit on a track, and what the tracks not billed would pay."""

from __future__ import annotations

from functools import lru_cache

from ccm.assessment.result import Alternative, NextUnit, TrackResult
from ccm.assessment.tracks import decision_making_suffices, earned
from ccm.tables import CodeTable, TrackRule, money


@lru_cache(maxsize=8192)
def next_unit(rule: TrackRule, minutes: int) -> NextUnit | None:
    """The next unit that minutes alone would earn on a track; None at its cap."""
    if minutes < rule.base.minutes:
        return _reach(rule.base.code, rule.base.minutes - minutes)
    further = rule.further_units(minutes)
    if further == rule.further.most:
        return None
    return _reach(rule.further.code, rule.minutes_for(further + 1) - minutes)


def _reach(code: str, needed: int) -> NextUnit:
    text = f"1 more minute reaches {code}" if needed == 1 else f"{needed} more minutes reach {code}"
    return NextUnit(code, needed, text)


def alternatives(
    table: CodeTable, shown: str, tracks: dict[str, TrackResult], level: str | None
) -> tuple[Alternative, ...]:
    """What each track other than the one shown would pay, or what it still needs."""
    return tuple(
        [
            _alternative(rule, tracks[rule.name].minutes, decision_making_suffices(rule, level))
            for rule in table.tracks
            if rule.name != shown
        ]
    )


@lru_cache(maxsize=8192)
def _alternative(rule: TrackRule, minutes: int, level_suffices: bool) -> Alternative:
    result = earned(rule, minutes, level_suffices)
    if result.met:
        return Alternative(rule.name, True, result.cents, f"would pay {money(result.cents)}")
    needs = []
    if minutes < rule.base.minutes:
        needs.append(_reach(rule.base.code, rule.base.minutes - minutes).text)
    if not level_suffices:
        needs.append(f"{rule.base.code} needs {' or '.join(rule.decision_making)} decision making")
    return Alternative(rule.name, False, 0, "; ".join(needs))
