"""Owns adding to a patient's record: through the guard, in one commit with what the chart must then be told.

The same request twice (a double click, an answer lost on the way) is recorded once: each kept event carries the
token of the request that made it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from ccm.months import Month, local_day
from ccm.records import Actor, Event, Refusal, Struck
from smart_app.programme.streams import Stream
from smart_app.roles import ROLES
from smart_app.store.engine import Store, UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.outbox import want_month
from smart_app.store.records import PatientRef, RecordsChanged, append_record, read_records
from smart_app.store.worked import months_worked

B = TypeVar("B")
_ATTEMPTS = 2


@dataclass(eq=False)
class NotRecorded(Exception):
    """The guard refused it; `forbidden`: another role might have recorded it."""

    refusal: Refusal
    forbidden: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event's place in its record, from 0, and whether it is new or was there from the same request."""

    number: int
    new: bool


def actor_of(launch: Launch) -> Actor:
    """The signed-in person, in the role of this launch."""
    return Actor(launch.user_reference, launch.user_name or launch.user_reference, launch.role)


def patient_of(launch: Launch) -> PatientRef:
    """The launch's patient."""
    return PatientRef(launch.practice_id, launch.patient_id)


def record(store: Store, launch: Launch, stream: Stream[B], body: B, *, token: str, now: int) -> Recorded:
    """Adds an event to the launch's patient. `token` names the request, '' for none; `now` in POSIX seconds.

    Raises `NotRecorded`, or `RecordsChanged` where somebody else was faster twice.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with store.writing() as session:
                return add_event(session, launch, stream, body, actor_of(launch), token=token, now=now)
        except RecordsChanged:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def add_event(
    session: UnitOfWork, launch: Launch, stream: Stream[B], body: B, actor: Actor, *, token: str, now: int
) -> Recorded:
    """The same within a unit of work, for any actor. Raises `NotRecorded` or `RecordsChanged`."""
    zone, patient = ZoneInfo(launch.timezone), patient_of(launch)
    kept = read_records(session, patient, stream.name)
    if token:
        for number, each in enumerate(kept):
            if each["token"] == token:
                return Recorded(number, new=False)
    events = tuple(stream.read(each["event"]) for each in kept)
    outcome = stream.append(events, body, actor, now, zone)
    if isinstance(outcome, Refusal):
        others = (stream.append(events, body, replace(actor, role=role), now, zone) for role in ROLES)
        forbidden = actor.role not in stream.who_may(body) or any(isinstance(each, Event) for each in others)
        raise NotRecorded(outcome, forbidden)
    append_record(
        session,
        patient,
        stream.name,
        {"event": stream.write(outcome), "token": token},
        number=len(kept) + 1,
        user_id=launch.user_id,
        now=now,
    )
    if stream.counts:
        since = _midnight(_first_day(body, events, local_day(now, zone), zone), zone)
        for month in months_worked(session, patient, since, zone):
            want_month(session, launch, str(month), now)
    return Recorded(len(kept), new=True)


def _first_day(body: object, events: tuple[Event[Any], ...], today: date, zone: ZoneInfo) -> date:
    """The first day on which the event may change what counts: every day that it names, and at the latest today."""
    if isinstance(body, Struck):
        return _first_day(events[body.number].body, events, today, zone)
    return min([today, *_days(body, zone)])


def _days(body: object, zone: ZoneInfo) -> list[date]:
    assert is_dataclass(body)
    values = {field.name: getattr(body, field.name) for field in fields(body)}
    days = [value for value in values.values() if isinstance(value, date)]
    days += [value.first_day for value in values.values() if isinstance(value, Month)]
    return [*days, local_day(values["given_at"], zone)] if "given_at" in values else days


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
