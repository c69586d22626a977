"""Owns considering a patient for the programme: weighed, and kept where that is news.

The same for a launch, which brings a whole chart, and for an import, which brings what it has of one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from zoneinfo import ZoneInfo

from ccm.candidates import Evidence, last_visit, standing
from ccm.chart import Chart
from ccm.months import local_day
from fhir_mappings.condition import PART as PROBLEMS
from smart_app.indicator import chronic_indicator
from smart_app.store.candidates import evidence_of, keep_candidate
from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import get_practice

News = Literal["new", "changed", "unchanged"]


def consider(session: UnitOfWork, practice_id: str, chart: Chart, now: int) -> News:
    """Considers the patient of a chart that was just read, `now` in POSIX seconds; one row is read, one written.

    A chart whose problems could not be read is no news. An earlier visit than the chart's months reach back to stays.
    """
    if PROBLEMS in chart.unread:
        return "unchanged"
    zone = ZoneInfo(get_practice(session, practice_id).timezone)
    known = evidence_of(session, practice_id, [chart.patient.id]).get(chart.patient.id)
    seen = last_visit(chart.encounters, zone, local_day(now, zone))
    days = [day for day in (seen, known.last_visit if known else None) if day is not None]
    evidence = Evidence(chart.patient, chart.problems, max(days, default=None))
    return keep_news(session, practice_id, known, evidence, source="launch", now=now)


def keep_news(
    session: UnitOfWork, practice_id: str, known: Evidence | None, evidence: Evidence, *, source: str, now: int
) -> News:
    """Keeps what differs from what was known; the order of the problems is no difference."""
    evidence = replace(evidence, problems=tuple(sorted(evidence.problems, key=lambda each: (each.ids, each.text))))
    if evidence == known:
        return "unchanged"
    keep_candidate(session, practice_id, evidence, standing(evidence, chronic_indicator()), source=source, now=now)
    return "new" if known is None else "changed"
