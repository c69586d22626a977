"""Owns the assessment as a whole: counts the time, earns the lines, and asks every check."""

from __future__ import annotations

from ccm.assessment.blockers import BLOCKERS
from ccm.assessment.care_month import CareMonth
from ccm.assessment.exclusions import count_time
from ccm.assessment.findings import Considered, findings
from ccm.assessment.result import Assessment, NextUnit
from ccm.assessment.tracks import chosen_track, date_of_service, decision_making_suffices, track_results
from ccm.assessment.upcoming import alternatives, next_unit
from ccm.assessment.warnings import WARNINGS
from ccm.months import local_month
from ccm.tables import NATIONAL_TABLES, CodeTable, table_on

_DEFAULT_TRACK = "staff"  # what minutes are counted towards while no track is met and none is fixed


def assess(case: CareMonth, tables: tuple[CodeTable, ...] = NATIONAL_TABLES) -> Assessment:
    """Says what the month earns, what blocks its claim and what comes next.

    `tables` are the code tables with the practice's amounts; LookupError where none covers the month.
    """
    calendar = local_month(case.month, case.zone)
    table = table_on(tables, calendar.first_day)
    time = count_time(case, calendar)
    tracks = track_results(case, table, time)
    track = chosen_track(table, case.policy.track, tracks)
    rule = table.track(track or (_DEFAULT_TRACK if case.policy.track == "best" else case.policy.track))
    seen = Considered(case, calendar, table, tracks, rule, track is not None)
    blockers = findings(BLOCKERS, seen)
    return Assessment(
        month=str(case.month),
        rules=table.name,
        counted_seconds=time.counted_seconds,
        tracks=tracks,
        track=track,
        date_of_service=date_of_service(case, calendar, rule, time) if track else None,
        ready=track is not None and not blockers,
        blockers=blockers,
        warnings=findings(WARNINGS, seen),
        next=_next(seen),
        excluded=time.excluded,
        alternatives=alternatives(table, rule.name, tracks, case.facts.decision_making),
    )


def _next(seen: Considered) -> NextUnit | None:
    """None also where a fixed track waits for decision making: there, minutes alone earn nothing."""
    if not decision_making_suffices(seen.rule, seen.case.facts.decision_making):
        return None
    return next_unit(seen.rule, seen.tracks[seen.rule.name].minutes)
