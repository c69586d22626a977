"""Owns the absences of those who work for the programme, and who acts in their place: no step is left to nobody.

The record is the practice's. An absence is planned or already there; it is struck out where it was recorded in error,
and recorded anew where it turns out longer or shorter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from ccm.event_json import EventCodec
from ccm.months import local_day
from ccm.record_guards import first_of, wrong_strike, wrong_text
from ccm.records import Actor, Event, Kept, Person, Refusal, Struck, standing

_FOR_OTHERS: Final = frozenset({"lead", "admin"})
_LONGEST: Final = 731


@dataclass(frozen=True, slots=True)
class AbsenceRecorded:
    """A person is away on these days, both included."""

    person: Person
    first_day: date
    last_day: date


Body = AbsenceRecorded | Struck
AbsenceEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {"absence_recorded": AbsenceRecorded, "struck": Struck}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: `person`, in place of `instead_of` where that one is away. `person` is None where nobody is named.

    `away`: neither the owner nor a backup is there; `person` is then the owner, who is to find somebody.
    """

    person: Person | None
    instead_of: Person | None = None
    away: bool = False


def append(events: Sequence[AbsenceEvent], body: Body, actor: Actor, now: int, zone: tzinfo) -> AbsenceEvent | Refusal:
    """The event to add, or why it is refused: one's own absences, or anybody's for a lead or an administrator."""
    if isinstance(body, Struck):
        return wrong_strike(events, body, actor) or Event(now, actor, body)
    today = local_day(now, zone)
    own = actor.ref == body.person.ref
    refusal = first_of(
        None if own or actor.role in _FOR_OTHERS else Refusal("person", "must be yourself: a lead records others"),
        wrong_text("person", body.person.ref),
        wrong_text("person", body.person.name),
        Refusal("last_day", "lies before the first day") if body.last_day < body.first_day else None,
        Refusal("last_day", "is over already") if body.last_day < today else None,
        Refusal("last_day", "is too far away: check the year") if (body.last_day - today).days > _LONGEST else None,
    )
    return refusal or Event(now, actor, body)


def coming(events: Sequence[AbsenceEvent], day: date) -> tuple[Kept[AbsenceRecorded], ...]:
    """Those that are not over on a day, by first day."""
    later = [kept for kept in standing(events, AbsenceRecorded) if kept.body.last_day >= day]
    return tuple(sorted(later, key=lambda kept: (kept.body.first_day, kept.number)))


def away_on(events: Sequence[AbsenceEvent], day: date) -> frozenset[str]:
    """The references of those who are away on a day."""
    return frozenset(kept.body.person.ref for kept in coming(events, day) if kept.body.first_day <= day)


def acting(owner: Person | None, backup: Person | None, away: Collection[str]) -> Acting:
    """Who acts for an owner: the owner, or while away the backup; with neither there, still the owner."""
    if owner is None:
        return Acting(backup, away=backup is not None and backup.ref in away)
    if owner.ref not in away:
        return Acting(owner)
    if backup is None or backup.ref in away:
        return Acting(owner, away=True)
    return Acting(backup, instead_of=owner)
