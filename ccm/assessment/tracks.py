"""Owns what the counted minutes earn: lines and amounts per track, the track billed, and the date of service."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ccm.assessment.care_month import CareMonth
from ccm.assessment.exclusions import CountedTime
from ccm.assessment.result import Line, TrackResult
from ccm.intervals import nth_second, total
from ccm.months import LocalMonth
from ccm.tables import CodeRule, CodeTable, TrackRule


def track_results(case: CareMonth, table: CodeTable, time: CountedTime) -> dict[str, TrackResult]:
    """Every track's result, whatever the policy. Seconds are floored to whole minutes once, here."""
    counted, own = time.counted_seconds // 60, total(time.own) // 60
    level = case.facts.decision_making
    return {
        rule.name: earned(rule, own if rule.own_time else counted, decision_making_suffices(rule, level))
        for rule in table.tracks
    }


def decision_making_suffices(rule: TrackRule, level: str | None) -> bool:
    """Whether the month's level of medical decision making is enough for the track."""
    return not rule.decision_making or level in rule.decision_making


@lru_cache(maxsize=8192)
def earned(rule: TrackRule, minutes: int, level_suffices: bool) -> TrackResult:
    """What `minutes` earn on a track; no lines unless the minutes and the decision-making level are there."""
    if minutes < rule.base.minutes or not level_suffices:
        return TrackResult(minutes, met=False, lines=(), cents=0)
    lines = [_line(rule.base, 1)]
    if further := rule.further_units(minutes):
        lines.append(_line(rule.further, further))
    return TrackResult(minutes, met=True, lines=tuple(lines), cents=sum(line.cents for line in lines))


def chosen_track(table: CodeTable, policy_track: str, tracks: dict[str, TrackResult]) -> str | None:
    """The track billed: the fixed one if met, else of those met the best paid, ties by the table's preference."""
    if policy_track != "best":
        return policy_track if tracks[policy_track].met else None
    best, cents = None, -1
    for name in table.preference:
        if tracks[name].met and tracks[name].cents > cents:
            best, cents = name, tracks[name].cents
    return best


def date_of_service(case: CareMonth, calendar: LocalMonth, rule: TrackRule, time: CountedTime) -> date:
    """The claim's day for a track that is met: by policy the month's end (never after a death) or the threshold's day.

    Office of Inspector General: after a death the date of service is at the latest the day of death.
    """
    if case.policy.date_of_service == "threshold":
        spans = time.own if rule.own_time else time.counted
        minutes = rule.minutes_for(rule.further_units(total(spans) // 60))
        return calendar.day_of(nth_second(spans, minutes * 60))
    return min(calendar.last_day, case.deceased_on or calendar.last_day)


def _line(rule: CodeRule, units: int) -> Line:
    return Line(rule.code, units, rule.cents, rule.estimated, rule.rule)
