"""Owns what every record of a patient is made of: events that are only ever added, and how one is struck out.

A record is a sequence of events in the order in which they were written down. Nothing is changed or removed: what was
recorded in error is struck out by a further event, so that an auditor sees both. The state is always computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

B_co = TypeVar("B_co", covariant=True)
T = TypeVar("T")

SYSTEM: Final = "system"  # the role of an import or of the reading of a chart: nobody confirmed what it records


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the chart names them: a FHIR reference such as "Practitioner/123", and the name at the time."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who records something, in the role in which they were signed in."""

    ref: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Event(Generic[B_co]):
    """One thing recorded: `at` POSIX seconds (UTC) of the recording, by whom, and what (`body`)."""

    at: int
    by: Actor
    body: B_co


@dataclass(frozen=True, slots=True)
class Kept(Generic[B_co]):
    """A standing event of one kind; `number` is its place in the record, from 0, by which it can be struck out."""

    number: int
    at: int
    by: Actor
    body: B_co


@dataclass(frozen=True, slots=True)
class Struck:
    """Strikes out the event at place `number` of the same record, because it was recorded in error."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was asked for is not recorded: `field` names the field ("" for the whole), `reason` says why."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}" if self.field else self.reason


def standing(events: Sequence[Event[object]], kind: type[T]) -> tuple[Kept[T], ...]:
    """The events of one kind (or of a base of several) that nobody struck out, in the order of recording."""
    struck = struck_numbers(events)
    return tuple(
        Kept(number, event.at, event.by, event.body)
        for number, event in enumerate(events)
        if isinstance(event.body, kind) and number not in struck
    )


def struck_numbers(events: Sequence[Event[object]]) -> frozenset[int]:
    """The places of the events that were struck out; only an earlier event can be, and never a striking out."""
    return frozenset(
        event.body.number
        for place, event in enumerate(events)
        if isinstance(event.body, Struck)
        and 0 <= event.body.number < place
        and not isinstance(events[event.body.number].body, Struck)
    )


def known_at(events: Iterable[Event[T]], at: int) -> tuple[Event[T], ...]:
    """The record as it stood at an instant (POSIX seconds): what was recorded by then, whatever day it is about."""
    return tuple(event for event in events if event.at <= at)
