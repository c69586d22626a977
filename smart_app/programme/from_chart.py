"""Owns what a chart tells of the facts by itself: stays, written down at each launch so that every assessment of the
month knows them, on the panel and without it. They wait for a person's confirmation before a hand-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from ccm.chart import LaunchEncounter
from ccm.facts import FactEvent, Proposal, StayRecorded, stays_from_chart, visits_from_chart
from ccm.records import SYSTEM, Actor, standing
from smart_app.programme.recording import NotRecorded, add_event, patient_of
from smart_app.programme.streams import FACTS, events_of
from smart_app.store.engine import Store
from smart_app.store.launches import Launch
from smart_app.store.records import RecordsChanged

_CHART = Actor("chart", "The chart", SYSTEM)


def proposals_of(encounters: Sequence[LaunchEncounter], zone: ZoneInfo) -> tuple[Proposal, ...]:
    """What the chart's encounters propose: stays and visits."""
    return (*stays_from_chart(encounters, zone), *visits_from_chart(encounters, zone))


def record_stays(store: Store, launch: Launch, encounters: Sequence[LaunchEncounter], now: int) -> int:
    """Writes down the chart's stays that are new or have ended since; returns how many.

    What a person has recorded or rejected stays as it is. Loses nothing when somebody else writes at the same moment:
    the next launch finds the same stays.
    """
    zone = ZoneInfo(launch.timezone)
    stays = [stay for stay in stays_from_chart(encounters, zone) if stay.counts]
    if not stays:
        return 0
    with store.reading() as session:
        known = events_of(session, patient_of(launch), FACTS)
    return sum(_record(store, launch, body, now) for body in map(_recorded, stays) if body and _is_news(known, body))


def _recorded(stay: Proposal) -> StayRecorded | None:
    if stay.first_day is None:
        return None
    return StayRecorded(stay.key, "chart", "inpatient", stay.first_day, stay.last_day)


def _is_news(known: Sequence[FactEvent], body: StayRecorded) -> bool:
    same = [kept.body for kept in standing(known, StayRecorded) if kept.body.key == body.key]
    return not same or same[-1] != body


def _record(store: Store, launch: Launch, body: StayRecorded, now: int) -> bool:
    try:
        with store.writing() as session:
            return add_event(session, launch, FACTS, body, _CHART, token="", now=now).new
    except (NotRecorded, RecordsChanged):
        return False
