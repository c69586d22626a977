"""Owns the assessment as a whole: counts the time, earns the lines, asks every check, and dates the claim."""

from __future__ import annotations

from datetime import date

from ccm.assessment.blockers import BLOCKERS
from ccm.assessment.care_month import CareMonth
from ccm.assessment.earnings import earnings
from ccm.assessment.exclusions import CountedTime, count_time
from ccm.assessment.findings import Considered, findings
from ccm.assessment.result import Assessment
from ccm.assessment.warnings import WARNINGS
from ccm.intervals import nth_second, total
from ccm.months import LocalMonth, local_month
from ccm.tables import NATIONAL_TABLES, CodeTable, TrackRule, table_on


def assess(case: CareMonth, tables: tuple[CodeTable, ...] = NATIONAL_TABLES) -> Assessment:
    """Says what the month earns, what blocks its claim and what comes next.

    `tables` are the code tables with the practice's amounts; LookupError where none covers the month.
    """
    calendar = local_month(case.month, case.zone)
    table = table_on(tables, calendar.first_day)
    time = count_time(case, calendar)
    # The one place where seconds become minutes: summed first, then floored.
    own_minutes = total(time.own) // 60
    earns = earnings(table, time.counted_seconds // 60, own_minutes, case.facts.decision_making, case.policy.track)
    seen = Considered(case, calendar, table, earns)
    blockers = findings(BLOCKERS, seen)
    return Assessment(
        month=str(case.month),
        rules=table.name,
        counted_seconds=time.counted_seconds,
        earnings=earns,
        date_of_service=date_of_service(case, calendar, earns.shown, time) if earns.track else None,
        ready=earns.track is not None and not blockers,
        blockers=blockers,
        warnings=findings(WARNINGS, seen),
        excluded=time.excluded,
    )


def date_of_service(case: CareMonth, calendar: LocalMonth, rule: TrackRule, time: CountedTime) -> date:
    """The claim's day for a track that is met: by policy the month's end (never after a death) or the threshold's day.

    Office of Inspector General: after a death the date of service is at the latest the day of death.
    """
    if case.policy.date_of_service == "threshold":
        spans = time.own if rule.own_time else time.counted
        minutes = rule.minutes_for(rule.further_units(total(spans) // 60))
        return calendar.day_of(nth_second(spans, minutes * 60))
    return min(calendar.last_day, case.deceased_on or calendar.last_day)
