"""Owns what can be recorded of the contact with a patient: what is planned, what was attempted, and what came of it.

The planned day and the attempt are apart: an attempt that is never planned is an attempt, and a plan that nobody
followed stays visible as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccm.event_json import EventCodec
from ccm.records import Event, Person, Struck

CONTACT_OUTCOMES: Final[dict[str, str]] = {
    "reached": "Reached the patient",
    "reached_caregiver": "Reached the caregiver",
}
OUTCOMES: Final[dict[str, str]] = CONTACT_OUTCOMES | {
    "call_back": "Asked to be called back",
    "voicemail": "Left a voicemail",
    "message_sent": "Sent a message, no answer yet",
    "no_answer": "No answer",
    "wrong_number": "Wrong number",
    "declined": "Did not want to talk",
}
TOUCH_MODALITIES: Final = ("phone", "video", "portal", "text", "in_person")  # of those of an entry, the ones that reach
SPOKEN: Final = frozenset({"phone", "video"})
WRITTEN: Final = frozenset({"portal", "text"})
IDENTIFIERS: Final[dict[str, str]] = {  # Joint Commission NPSG.01.01.01: two, of which a room number is none
    "name": "Full name",
    "birth_date": "Date of birth",
    "mrn": "Medical record number",
    "telephone": "Telephone number on file",
    "address": "Address",
}
PURPOSES: Final[dict[str, str]] = {
    "enrolment": "Enrolment call",
    "monthly": "Monthly call",
    "discharge": "Call after a discharge",
    "follow_up": "Follow-up call",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact, planned or attempted: how, by whom, and what for (a key of `PURPOSES`)."""

    modality: str
    by: Person
    purpose: str


@dataclass(frozen=True, slots=True)
class ContactPlanned(Touch):
    """The next contact, on a day; it replaces what was planned."""

    on: date


@dataclass(frozen=True, slots=True)
class ContactAttempted(Touch):
    """One attempt and its outcome (a key of `OUTCOMES`), begun at an instant (POSIX seconds, UTC).

    `identifiers` are those that were compared, keys of `IDENTIFIERS`; `whom` names who was reached in the patient's
    place. `next_on` is the day agreed for the next contact. `entry` is the id of the entry that holds its time.
    """

    started_at: int
    outcome: str
    identifiers: frozenset[str] = frozenset()
    whom: str = ""
    note: str = ""
    next_on: date | None = None
    entry: str = ""


@dataclass(frozen=True, slots=True)
class EntryLinked:
    """The time of the attempt at place `number` stands in this entry, which was filed after it."""

    number: int
    entry: str


Body = ContactPlanned | ContactAttempted | EntryLinked | Struck
TouchpointEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "contact_planned": ContactPlanned,
    "contact_attempted": ContactAttempted,
    "entry_linked": EntryLinked,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict
kind_of = _CODEC.kind_of
