"""Owns the follow-ups of a patient: tasks with one owner and a due date, until they are done or cancelled.

A follow-up is named by the place of its opening in the record. Whoever closed one in error strikes that out, and it
is open again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Final

from ccm.event_json import EventCodec
from ccm.months import local_day
from ccm.record_guards import CARE_ROLES, first_of, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Kept, Person, Refusal, Struck, standing

WHO_MAY: Final = CARE_ROLES | {"biller"}  # a biller owns tasks too: a missing code, a denied claim


@dataclass(frozen=True, slots=True)
class FollowUpOpened:
    """What is to be done, by whom and by which day; `touchpoint` is the place of the attempt from which it comes."""

    text: str
    due_on: date
    owner: Person
    backup: Person | None = None
    touchpoint: int | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Something that happened to the follow-up opened at place `number`."""

    number: int


@dataclass(frozen=True, slots=True)
class Reassigned(About):
    """It has another owner or backup."""

    owner: Person
    backup: Person | None = None


@dataclass(frozen=True, slots=True)
class Postponed(About):
    """It is due on another day, and why."""

    due_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Closed(About):
    """It is open no longer; `reason` says what came of it, or why it need not be done."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done(Closed):
    """It is done."""


@dataclass(frozen=True, slots=True)
class Cancelled(Closed):
    """It need not be done any more."""


Body = FollowUpOpened | Reassigned | Postponed | Done | Cancelled | Struck
FollowUpEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "follow_up_opened": FollowUpOpened,
    "reassigned": Reassigned,
    "postponed": Postponed,
    "done": Done,
    "cancelled": Cancelled,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict
kind_of = _CODEC.kind_of


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up as it stands: `status` is "open", "done" or "cancelled", `closed` what closed it."""

    number: int
    opened: Kept[FollowUpOpened]
    owner: Person
    backup: Person | None
    due_on: date
    status: str
    closed: Kept[Closed] | None

    @property
    def text(self) -> str:
        """What is to be done."""
        return self.opened.body.text

    def overdue(self, today: date) -> bool:
        """Whether it is open past its day; on that day itself it is not."""
        return self.status == "open" and self.due_on < today


def append(
    events: Sequence[FollowUpEvent], body: Body, actor: Actor, now: int, zone: tzinfo
) -> FollowUpEvent | Refusal:
    """The event to add, or why it is refused. `now` is POSIX seconds (UTC), `zone` the practice's."""
    refusal = wrong_role(actor, WHO_MAY, "change a follow-up")
    if refusal is None and isinstance(body, Struck):
        refusal = wrong_strike(events, body, actor)
    elif refusal is None:
        refusal = _wrong_place(events, body) if isinstance(body, About) else None
        refusal = refusal or _CHECKS[type(body)](body, local_day(now, zone))
    return refusal or Event(now, actor, body)


def follow_ups(events: Sequence[FollowUpEvent]) -> tuple[FollowUp, ...]:
    """All that stand, by due date, then in the order of their opening."""
    later: dict[int, list[Kept[About]]] = {}
    for kept in standing(events, About):
        later.setdefault(kept.body.number, []).append(kept)
    folded = (_folded(kept, later.get(kept.number, ())) for kept in standing(events, FollowUpOpened))
    return tuple(sorted(folded, key=lambda each: (each.due_on, each.number)))


def open_follow_ups(events: Sequence[FollowUpEvent]) -> tuple[FollowUp, ...]:
    """Those still to be done, by due date."""
    return tuple(each for each in follow_ups(events) if each.status == "open")


def overdue(events: Sequence[FollowUpEvent], today: date) -> tuple[FollowUp, ...]:
    """Those open past their day, the longest overdue first."""
    return tuple(each for each in follow_ups(events) if each.overdue(today))


def _folded(opened: Kept[FollowUpOpened], later: Sequence[Kept[About]]) -> FollowUp:
    owner, backup, due_on = opened.body.owner, opened.body.backup, opened.body.due_on
    closed: Kept[Closed] | None = None
    for kept in later:
        body = kept.body
        if isinstance(body, Reassigned):
            owner, backup = body.owner, body.backup
        elif isinstance(body, Postponed):
            due_on = body.due_on
        elif isinstance(body, Closed):
            closed = Kept(kept.number, kept.at, kept.by, body)
    status = "open" if closed is None else "done" if isinstance(closed.body, Done) else "cancelled"
    return FollowUp(opened.number, opened, owner, backup, due_on, status, closed)


def _wrong_place(events: Sequence[FollowUpEvent], body: About) -> Refusal | None:
    found = next((each for each in follow_ups(events) if each.number == body.number), None)
    if found is None:
        return Refusal("number", "names no follow-up of this record")
    return None if found.status == "open" else Refusal("number", f"is already {found.status}")


def _wrong_opening(body: FollowUpOpened, today: date) -> Refusal | None:
    return first_of(
        wrong_text("text", body.text),
        _wrong_due(body.due_on, today),
        _wrong_people(body.owner, body.backup),
        Refusal("touchpoint", "names no touchpoint") if body.touchpoint is not None and body.touchpoint < 0 else None,
    )


def _wrong_reassignment(body: Reassigned, _today: date) -> Refusal | None:
    return _wrong_people(body.owner, body.backup)


def _wrong_postponement(body: Postponed, today: date) -> Refusal | None:
    return _wrong_due(body.due_on, today) or wrong_text("reason", body.reason)


def _wrong_closing(body: Closed, _today: date) -> Refusal | None:
    return wrong_text("reason", body.reason)


def _wrong_due(due_on: date, today: date) -> Refusal | None:
    if due_on < today:
        return Refusal("due_on", "must not lie in the past")
    return Refusal("due_on", "is more than two years away: check the year") if (due_on - today).days > 731 else None


def _wrong_people(owner: Person, backup: Person | None) -> Refusal | None:
    return first_of(
        wrong_text("owner", owner.ref),
        wrong_text("owner", owner.name),
        wrong_text("backup", backup.ref) if backup else None,
        wrong_text("backup", backup.name) if backup else None,
        Refusal("backup", "must be somebody else than the owner") if backup and backup.ref == owner.ref else None,
    )


_CHECKS: Final[Mapping[type[Body], Callable[[Any, date], Refusal | None]]] = {
    FollowUpOpened: _wrong_opening,
    Reassigned: _wrong_reassignment,
    Postponed: _wrong_postponement,
    Done: _wrong_closing,
    Cancelled: _wrong_closing,
}
