"""Owns what a patient's record of contact amounts to: the attempts of a month, the last contact, the next planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from ccm.months import Month, local_day, month_of
from ccm.records import Actor, Person, standing
from ccm.touchpoints.events import (
    CONTACT_OUTCOMES,
    ContactAttempted,
    ContactPlanned,
    EntryLinked,
    Touch,
    TouchpointEvent,
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that stands; `on` is its local day, `entry` the id of the entry that holds its time, '' for none."""

    number: int
    on: date
    body: ContactAttempted
    recorded_at: int
    recorded_by: Actor
    entry: str

    @property
    def contact(self) -> bool:
        """Whether the patient or the caregiver was reached."""
        return self.body.outcome in CONTACT_OUTCOMES


@dataclass(frozen=True, slots=True)
class Planned:
    """The next contact as it is planned; `modality` and `purpose` are those of the attempt in which it was agreed."""

    on: date
    modality: str
    by: Person
    purpose: str


def attempts(events: Sequence[TouchpointEvent], zone: tzinfo) -> tuple[Attempt, ...]:
    """All attempts that stand, by the time at which they were made."""
    linked = {kept.body.number: kept.body.entry for kept in standing(events, EntryLinked)}
    kept_attempts = sorted(standing(events, ContactAttempted), key=lambda kept: (kept.body.started_at, kept.number))
    return tuple(
        Attempt(
            number=kept.number,
            on=local_day(kept.body.started_at, zone),
            body=kept.body,
            recorded_at=kept.at,
            recorded_by=kept.by,
            entry=linked.get(kept.number, kept.body.entry),
        )
        for kept in kept_attempts
    )


def attempts_in(events: Sequence[TouchpointEvent], month: Month, zone: tzinfo) -> tuple[Attempt, ...]:
    """The attempts of one month, by the time at which they were made."""
    return tuple(each for each in attempts(events, zone) if month_of(each.body.started_at, zone) == month)


def last_contact(events: Sequence[TouchpointEvent], zone: tzinfo) -> Attempt | None:
    """The latest attempt that reached somebody."""
    return next((each for each in reversed(attempts(events, zone)) if each.contact), None)


def next_planned(events: Sequence[TouchpointEvent]) -> Planned | None:
    """What is planned and not yet tried.

    An attempt settles the plans recorded before it was made and may bring a new one; an attempt of earlier that was
    only recorded later settles nothing.
    """
    plan: Planned | None = None
    planned_at = 0
    for kept in standing(events, Touch):
        body = kept.body
        if isinstance(body, ContactPlanned):
            plan, planned_at = _planned(body, body.on), kept.at
        elif isinstance(body, ContactAttempted) and (plan is None or body.started_at >= planned_at):
            plan, planned_at = _planned(body, body.next_on), body.started_at
    return plan


def _planned(body: Touch, on: date | None) -> Planned | None:
    return Planned(on, body.modality, body.by, body.purpose) if on else None
