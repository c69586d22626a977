"""Owns what may be recorded of the contact with a patient: by whom, and with which details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any, Final

from ccm.months import local_day
from ccm.record_guards import CARE_ROLES, first_of, wrong_choice, wrong_day, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Person, Refusal, Struck, standing
from ccm.touchpoints.events import (
    CONTACT_OUTCOMES,
    IDENTIFIERS,
    OUTCOMES,
    PURPOSES,
    SPOKEN,
    TOUCH_MODALITIES,
    WRITTEN,
    Body,
    ContactAttempted,
    ContactPlanned,
    EntryLinked,
    TouchpointEvent,
)

_Recorded = Sequence[TouchpointEvent]
_LEAST_IDENTIFIERS: Final = 2
_HOW: Final[Mapping[str, frozenset[str]]] = {  # outcomes that only some modalities can have
    "voicemail": SPOKEN,
    "no_answer": SPOKEN | {"in_person"},
    "wrong_number": SPOKEN | {"text"},
    "message_sent": WRITTEN,
}


def append(events: _Recorded, body: Body, actor: Actor, now: int, zone: tzinfo) -> TouchpointEvent | Refusal:
    """The event to add to the record, or why it is refused. `now` is POSIX seconds (UTC), `zone` the practice's."""
    refusal = wrong_role(actor, CARE_ROLES, "record a touchpoint")
    if refusal is None and isinstance(body, Struck):
        refusal = wrong_strike(events, body, actor)
    elif refusal is None and isinstance(body, ContactAttempted):
        refusal = _wrong_instant(body.started_at, now, zone)
    if refusal is None and not isinstance(body, Struck):
        refusal = _CHECKS[type(body)](events, body, local_day(now, zone), zone)
    return refusal or Event(now, actor, body)


def _wrong_instant(started_at: int, now: int, zone: tzinfo) -> Refusal | None:
    if started_at > now:
        return Refusal("started_at", "must not lie in the future")
    try:
        return wrong_day("started_at", local_day(started_at, zone), local_day(now, zone))
    except (OverflowError, ValueError, OSError):
        return Refusal("started_at", "is not a time")


def _wrong_plan(_events: _Recorded, body: ContactPlanned, today: date, _zone: tzinfo) -> Refusal | None:
    return first_of(
        _wrong_next("on", body.on, today),
        wrong_choice("modality", body.modality, TOUCH_MODALITIES),
        _wrong_person(body.by),
        wrong_choice("purpose", body.purpose, PURPOSES),
    )


def _wrong_attempt(_events: _Recorded, body: ContactAttempted, today: date, zone: tzinfo) -> Refusal | None:
    planned = max(today, local_day(body.started_at, zone))
    return first_of(
        wrong_choice("modality", body.modality, TOUCH_MODALITIES),
        wrong_choice("outcome", body.outcome, OUTCOMES),
        _wrong_combination(body),
        _wrong_person(body.by),
        wrong_choice("purpose", body.purpose, PURPOSES),
        _wrong_identity(body),
        wrong_text("whom", body.whom) if body.outcome == "reached_caregiver" or body.whom else None,
        wrong_text("note", body.note) if body.note else None,
        _wrong_next("next_on", body.next_on, planned) if body.next_on else None,
    )


def _wrong_combination(body: ContactAttempted) -> Refusal | None:
    possible = _HOW.get(body.outcome, frozenset(TOUCH_MODALITIES))
    return None if body.modality in possible else Refusal("outcome", "cannot be that of this modality")


def _wrong_identity(body: ContactAttempted) -> Refusal | None:
    """Nobody is told anything by telephone before two identifiers were compared."""
    if not body.identifiers <= IDENTIFIERS.keys():
        return Refusal("identifiers", "names one that is not known")
    asked = body.outcome in CONTACT_OUTCOMES and body.modality in SPOKEN
    if asked and len(body.identifiers) < _LEAST_IDENTIFIERS:
        return Refusal("identifiers", "must be two or more for who was reached by telephone or video")
    return None


def _wrong_next(field: str, on: date, today: date) -> Refusal | None:
    if on < today:
        return Refusal(field, "must not lie in the past")
    return Refusal(field, "is more than a year away: check the year") if (on - today).days > 366 else None


def _wrong_person(person: Person) -> Refusal | None:
    return wrong_text("by", person.ref) or wrong_text("by", person.name)


def _wrong_link(events: _Recorded, body: EntryLinked, _today: date, _zone: tzinfo) -> Refusal | None:
    attempts = {kept.number for kept in standing(events, ContactAttempted)}
    return first_of(
        None if body.number in attempts else Refusal("number", "names no attempt that stands"),
        wrong_text("entry", body.entry),
    )


_CHECKS: Final[Mapping[type[Body], Callable[[_Recorded, Any, date, tzinfo], Refusal | None]]] = {
    ContactPlanned: _wrong_plan,
    ContactAttempted: _wrong_attempt,
    EntryLinked: _wrong_link,
}
