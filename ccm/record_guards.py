"""Owns the checks that the guards of several records share; each answers a refusal in plain words, or None."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from ccm.records import Actor, Event, Refusal, Struck, struck_numbers

CARE_ROLES: Final = frozenset({"clinician", "coordinator", "practitioner", "lead"})
_FIRST_YEAR: Final = 1900
_LONGEST_TEXT: Final = 4000


def first_of(*checks: Refusal | None) -> Refusal | None:
    """The first refusal, in the order of the form's fields."""
    return next((check for check in checks if check is not None), None)


def wrong_role(actor: Actor, allowed: Collection[str], what: str) -> Refusal | None:
    """`what` completes "may ...": "record a consent"."""
    return None if actor.role in allowed else Refusal("", f"Your role ({actor.role}) may not {what}.")


def wrong_day(field: str, day: date, today: date) -> Refusal | None:
    """Neither in the future nor before any record of ours could be."""
    if day > today:
        return Refusal(field, "must not lie in the future")
    return Refusal(field, "is too long ago: check the year") if day.year < _FIRST_YEAR else None


def wrong_text(field: str, text: str) -> Refusal | None:
    """Blank, or longer than anybody would write."""
    if not text.strip():
        return Refusal(field, "is missing")
    return Refusal(field, f"is longer than {_LONGEST_TEXT} characters") if len(text) > _LONGEST_TEXT else None


def wrong_choice(field: str, value: str, allowed: Collection[str]) -> Refusal | None:
    """Not one of the allowed words."""
    return None if value in allowed else Refusal(field, f"must be one of {', '.join(allowed)}")


def wrong_strike(events: Sequence[Event[object]], body: Struck, actor: Actor) -> Refusal | None:
    """Who recorded something may strike it out, and a programme lead may; once, and with a reason."""
    if not 0 <= body.number < len(events):
        return Refusal("number", "names no event of this record")
    event = events[body.number]
    if isinstance(event.body, Struck):
        return Refusal("number", "is itself a striking out: record the thing anew")
    if body.number in struck_numbers(events):
        return Refusal("number", "is already struck out")
    if actor.role != "lead" and actor.ref != event.by.ref:
        return Refusal("", f"Only {event.by.name}, who recorded it, or a programme lead may strike it out.")
    return wrong_text("reason", body.reason)
