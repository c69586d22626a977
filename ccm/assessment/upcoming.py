"""Owns what more minutes would bring: the next unit on a track, and what a track not billed would pay."""

from __future__ import annotations

from functools import lru_cache

from ccm.assessment.result import Alternative, NextUnit
from ccm.assessment.tracks import earned
from ccm.tables import TrackRule, money


def next_unit(rule: TrackRule, minutes: int) -> NextUnit | None:
    """The next unit that minutes alone would earn on a track; None at its cap."""
    if minutes < rule.base.minutes:
        return _reach(rule.base.code, rule.base.minutes - minutes)
    further = rule.further_units(minutes)
    if further == rule.further.most:
        return None
    return _reach(rule.further.code, rule.minutes_for(further + 1) - minutes)


@lru_cache(maxsize=4096)
def alternative(rule: TrackRule, minutes: int, level_suffices: bool) -> Alternative:
    """What a track that is not billed would pay, or what it still needs."""
    result = earned(rule, minutes, level_suffices)
    if result.met:
        return Alternative(rule.name, True, result.cents, f"would pay {money(result.cents)}")
    needs = []
    if minutes < rule.base.minutes:
        needs.append(_reach(rule.base.code, rule.base.minutes - minutes).text)
    if not level_suffices:
        needs.append(f"{rule.base.code} needs {' or '.join(rule.decision_making)} decision making")
    return Alternative(rule.name, False, 0, "; ".join(needs))


def _reach(code: str, needed: int) -> NextUnit:
    text = f"1 more minute reaches {code}" if needed == 1 else f"{needed} more minutes reach {code}"
    return NextUnit(code, needed, text)
