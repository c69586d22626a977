"""Owns what minutes earn on a track: its lines and amounts, and which of the tracks is billed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ccm.assessment.result import Line, TrackResult
from ccm.tables import CodeRule, CodeTable, TrackRule


def decision_making_suffices(rule: TrackRule, level: str | None) -> bool:
    """Whether the month's level of medical decision making is enough for the track."""
    return not rule.decision_making or level in rule.decision_making


@lru_cache(maxsize=4096)
def earned(rule: TrackRule, minutes: int, level_suffices: bool) -> TrackResult:
    """What `minutes` earn on a track; no lines unless the minutes and the decision-making level are there."""
    if minutes < rule.base.minutes or not level_suffices:
        return TrackResult(minutes, met=False, lines=(), cents=0)
    lines = [_line(rule.base, 1)]
    if further := rule.further_units(minutes):
        lines.append(_line(rule.further, further))
    return TrackResult(minutes, met=True, lines=tuple(lines), cents=sum(line.cents for line in lines))


def chosen_track(table: CodeTable, policy_track: str, tracks: Mapping[str, TrackResult]) -> str | None:
    """The track billed: the fixed one if met, else of those met the best paid, ties by the table's preference."""
    if policy_track != "best":
        return policy_track if tracks[policy_track].met else None
    met = [name for name in table.preference if tracks[name].met]
    return max(met, key=lambda name: tracks[name].cents, default=None)


def _line(rule: CodeRule, units: int) -> Line:
    return Line(rule.code, units, rule.cents, rule.estimated, rule.rule)
