"""Owns what a month's minutes earn, whatever blocks the claim: the tracks, the one billed, what comes next."""

from __future__ import annotations

from functools import lru_cache

from ccm.assessment.result import Earnings, NextUnit
from ccm.assessment.tracks import chosen_track, decision_making_suffices, earned
from ccm.assessment.upcoming import alternative, next_unit
from ccm.tables import CodeTable, TrackRule

_DEFAULT_TRACK = "staff"  # what minutes are counted towards while no track is met and none is fixed


@lru_cache(maxsize=4096)
def earnings(table: CodeTable, minutes: int, own_minutes: int, level: str | None, policy_track: str) -> Earnings:
    """What whole `minutes`, and the billing practitioner's own, earn by the table.

    `level` is the month's medical decision making, `policy_track` "best" or the name of the fixed track. Many care
    months share these five, so results are kept: the same arguments give the same object.
    """
    tracks = {rule.name: earned(rule, own_minutes if rule.own_time else minutes, level) for rule in table.tracks}
    track = chosen_track(table, policy_track, tracks)
    shown = table.track(track or (_DEFAULT_TRACK if policy_track == "best" else policy_track))
    return Earnings(
        tracks=tracks,
        track=track,
        shown=shown,
        next=_next(shown, tracks[shown.name].minutes, level),
        alternatives=tuple(alternative(r, tracks[r.name], level) for r in table.tracks if r is not shown),
    )


def _next(rule: TrackRule, minutes: int, level: str | None) -> NextUnit | None:
    """None also where a fixed track waits for decision making: there, minutes alone earn nothing."""
    return next_unit(rule, minutes) if decision_making_suffices(rule, level) else None
