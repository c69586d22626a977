"""Owns how a patient wants to be reached: telephone, language, best time, who else may be told what, and do-not-call.

What a person recorded here stands before what the chart says. A permission that ends is no error: it is ended by an
event of its own, so that an auditor sees that it once was given (45 CFR 164.510(b): those involved in the care).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from ccm.contact.telephone import wrong_telephone
from ccm.event_json import EventCodec
from ccm.record_guards import CARE_ROLES, first_of, wrong_choice, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Kept, Refusal, Struck, standing

BEST_TIMES: Final[dict[str, str]] = {
    "morning": "Morning",
    "midday": "Midday",
    "afternoon": "Afternoon",
    "evening": "Evening",
    "weekend": "Weekend",
}
MAY_BE_TOLD: Final[dict[str, str]] = {
    "call_backs": "That the clinic called, and when to call back",
    "appointments": "Appointments",
    "medications": "Medications",
    "health": "Conditions, results and treatment",
    "billing": "Billing",
}
_is_language = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*").fullmatch  # the shape of BCP 47


@dataclass(frozen=True, slots=True)
class TelephoneRecorded:
    """The number to call, and whether a voicemail may be left there."""

    number: str
    voicemail: bool


@dataclass(frozen=True, slots=True)
class LanguageRecorded:
    """The language to speak, as BCP 47 ("es", "zh-Hant"), and whether an interpreter is needed for it."""

    language: str
    interpreter: bool


@dataclass(frozen=True, slots=True)
class BestTimeRecorded:
    """When the patient is best called: keys of `BEST_TIMES`, and what they do not say ("never on Fridays")."""

    times: frozenset[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ContactPermitted:
    """The patient lets this person be told these things: keys of `MAY_BE_TOLD`."""

    name: str
    relationship: str
    telephone: str
    may_be_told: frozenset[str]


@dataclass(frozen=True, slots=True)
class PermissionEnded:
    """The permission recorded at place `number` holds no longer."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class DoNotCallSet:
    """The patient does not want to be called."""

    reason: str


@dataclass(frozen=True, slots=True)
class DoNotCallLifted:
    """The patient may be called again."""

    reason: str


Body = (
    TelephoneRecorded
    | LanguageRecorded
    | BestTimeRecorded
    | ContactPermitted
    | PermissionEnded
    | DoNotCallSet
    | DoNotCallLifted
    | Struck
)
ContactEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "telephone_recorded": TelephoneRecorded,
    "language_recorded": LanguageRecorded,
    "best_time_recorded": BestTimeRecorded,
    "contact_permitted": ContactPermitted,
    "permission_ended": PermissionEnded,
    "do_not_call_set": DoNotCallSet,
    "do_not_call_lifted": DoNotCallLifted,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict
kind_of = _CODEC.kind_of


@dataclass(frozen=True, slots=True)
class Preferences:
    """How the patient wants to be reached now.

    `voicemail` is None while nobody asked; `permitted` are the standing permissions; `do_not_call` is the reason, ''
    where the patient may be called.
    """

    telephone: str
    voicemail: bool | None
    language: str
    interpreter: bool
    best_times: tuple[str, ...]
    best_time_note: str
    permitted: tuple[Kept[ContactPermitted], ...]
    do_not_call: str


def append(events: Sequence[ContactEvent], body: Body, actor: Actor, now: int, zone: tzinfo) -> ContactEvent | Refusal:  # noqa: ARG001
    """The event to add, or why it is refused. `now` is POSIX seconds (UTC); the zone plays no part in this record."""
    refusal = wrong_role(actor, CARE_ROLES, "record how the patient is reached")
    if refusal is None and isinstance(body, Struck):
        refusal = wrong_strike(events, body, actor)
    elif refusal is None:
        refusal = _CHECKS[type(body)](events, body)
    return refusal or Event(now, actor, body)


def preferences(events: Sequence[ContactEvent], telephone: str = "", language: str = "") -> Preferences:
    """The record as it stands; `telephone` and `language` are the chart's, for what nobody recorded."""
    numbers, languages = standing(events, TelephoneRecorded), standing(events, LanguageRecorded)
    times = standing(events, BestTimeRecorded)
    called = standing(events, DoNotCallSet)
    lifted = max((kept.number for kept in standing(events, DoNotCallLifted)), default=-1)
    wanted = times[-1].body.times if times else frozenset()
    return Preferences(
        telephone=numbers[-1].body.number if numbers else telephone,
        voicemail=numbers[-1].body.voicemail if numbers else None,
        language=languages[-1].body.language if languages else language,
        interpreter=bool(languages) and languages[-1].body.interpreter,
        best_times=tuple(time for time in BEST_TIMES if time in wanted),
        best_time_note=times[-1].body.note if times else "",
        permitted=permitted(events),
        do_not_call=called[-1].body.reason if called and called[-1].number > lifted else "",
    )


def permitted(events: Sequence[ContactEvent]) -> tuple[Kept[ContactPermitted], ...]:
    """The permissions that nobody struck out or ended."""
    ended = {kept.body.number for kept in standing(events, PermissionEnded)}
    return tuple(kept for kept in standing(events, ContactPermitted) if kept.number not in ended)


def _wrong_number(_events: Sequence[ContactEvent], body: TelephoneRecorded) -> Refusal | None:
    return wrong_telephone("number", body.number)


def _wrong_language(_events: Sequence[ContactEvent], body: LanguageRecorded) -> Refusal | None:
    return None if _is_language(body.language) else Refusal("language", "must be a language's code such as en or es")


def _wrong_time(_events: Sequence[ContactEvent], body: BestTimeRecorded) -> Refusal | None:
    unknown = next(iter(sorted(body.times - BEST_TIMES.keys())), "")
    return first_of(
        wrong_choice("times", unknown, BEST_TIMES) if unknown else None,
        Refusal("times", "is missing") if not body.times and not body.note.strip() else None,
        wrong_text("note", body.note) if body.note else None,
    )


def _wrong_permission(_events: Sequence[ContactEvent], body: ContactPermitted) -> Refusal | None:
    unknown = next(iter(sorted(body.may_be_told - MAY_BE_TOLD.keys())), "")
    return first_of(
        wrong_text("name", body.name),
        wrong_text("relationship", body.relationship),
        wrong_telephone("telephone", body.telephone) if body.telephone else None,
        wrong_choice("may_be_told", unknown, MAY_BE_TOLD) if unknown else None,
        None if body.may_be_told else Refusal("may_be_told", "is missing: tick what this person may be told"),
    )


def _wrong_end(events: Sequence[ContactEvent], body: PermissionEnded) -> Refusal | None:
    named = body.number in {kept.number for kept in permitted(events)}
    return first_of(
        None if named else Refusal("number", "names no permission that stands"), wrong_text("reason", body.reason)
    )


def _wrong_do_not_call(events: Sequence[ContactEvent], body: DoNotCallSet | DoNotCallLifted) -> Refusal | None:
    asked = bool(preferences(events).do_not_call)
    if isinstance(body, DoNotCallLifted) and not asked:
        return Refusal("", "The patient may be called: there is nothing to lift.")
    return wrong_text("reason", body.reason)


_CHECKS: Final[Mapping[type[Body], Callable[[Sequence[ContactEvent], Any], Refusal | None]]] = {
    TelephoneRecorded: _wrong_number,
    LanguageRecorded: _wrong_language,
    BestTimeRecorded: _wrong_time,
    ContactPermitted: _wrong_permission,
    PermissionEnded: _wrong_end,
    DoNotCallSet: _wrong_do_not_call,
    DoNotCallLifted: _wrong_do_not_call,
}
