"""Owns what a month's minutes earn, whatever blocks the claim: the tracks, the one billed, what comes next."""

from __future__ import annotations

from functools import lru_cache

from ccm.assessment.result import Earnings
from ccm.assessment.tracks import chosen_track, decision_making_suffices, earned
from ccm.assessment.upcoming import alternative, next_unit
from ccm.tables import CodeTable

_DEFAULT_TRACK = "staff"  # what minutes are counted towards while no track is met and none is fixed


@lru_cache(maxsize=4096)
def earnings(table: CodeTable, minutes: int, own_minutes: int, level: str | None, policy_track: str) -> Earnings:
    """What whole `minutes`, and the billing practitioner's own, earn by the table.

    `level` is the month's medical decision making, `policy_track` "best" or the name of the fixed track. Many care
    months share these five, so results are kept: the same arguments give the same object.
    """
    worked = {rule: own_minutes if rule.own_time else minutes for rule in table.tracks}
    suffices = {rule: decision_making_suffices(rule, level) for rule in table.tracks}
    tracks = {rule.name: earned(rule, worked[rule], suffices[rule]) for rule in table.tracks}
    track = chosen_track(table, policy_track, tracks)
    shown = table.track(track or (_DEFAULT_TRACK if policy_track == "best" else policy_track))
    return Earnings(
        tracks=tracks,
        track=track,
        shown=shown,
        # Where a fixed track waits for decision making, minutes alone earn nothing.
        next=next_unit(shown, worked[shown]) if suffices[shown] else None,
        alternatives=tuple([alternative(r, worked[r], suffices[r]) for r in table.tracks if r is not shown]),
    )
