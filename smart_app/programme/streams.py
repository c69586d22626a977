"""Owns the four streams of a patient's record: how each is written, read, and judged by `ccm` before it grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, Generic, TypeVar

from ccm import attestations, care_plans, enrolment, facts
from ccm.attestations import AttestationEvent
from ccm.attestations import Body as AttestationBody
from ccm.care_plans import CarePlanEvent
from ccm.care_plans.record import Body as CarePlanBody
from ccm.enrolment import EnrolmentEvent
from ccm.enrolment.events import Body as EnrolmentBody
from ccm.facts import FactEvent
from ccm.facts.events import Body as FactBody
from ccm.record_guards import CARE_ROLES
from ccm.records import Actor, Event, Refusal
from smart_app.store.engine import UnitOfWork
from smart_app.store.records import PatientRef, read_all_records, read_records

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Stream(Generic[B]):
    """One record: its name in the store, its events as JSON values and back, its guard, and who may add what.

    `counts`: whether it decides how many minutes of a month count.
    """

    name: str
    write: Callable[[Event[B]], dict[str, Any]]
    read: Callable[[object], Event[B]]
    append: Callable[[Sequence[Event[B]], B, Actor, int, tzinfo], Event[B] | Refusal]
    who_may: Callable[[B], frozenset[str]]
    counts: bool


ENROLMENT: Final[Stream[EnrolmentBody]] = Stream(
    "enrolment",
    enrolment.event_to_dict,
    enrolment.event_from_dict,
    enrolment.append,
    lambda body: enrolment.WHO_MAY[enrolment.kind_of(body)],
    counts=True,
)
ATTESTATIONS: Final[Stream[AttestationBody]] = Stream(
    "attestations",
    attestations.event_to_dict,
    attestations.event_from_dict,
    attestations.append,
    lambda _body: attestations.WHO_MAY | {"lead"},  # a lead attests nothing, but may strike out: the guard knows
    counts=False,
)
CARE_PLAN: Final[Stream[CarePlanBody]] = Stream(
    "care_plan",
    care_plans.event_to_dict,
    care_plans.event_from_dict,
    care_plans.append,
    lambda _body: CARE_ROLES,
    counts=False,
)
FACTS: Final[Stream[FactBody]] = Stream(
    "facts",
    facts.event_to_dict,
    facts.event_from_dict,
    facts.append,
    lambda body: facts.WHO_MAY[facts.kind_of(body)],
    counts=True,
)


@dataclass(frozen=True, slots=True)
class Programme:
    """All that was recorded of a patient, each record oldest first."""

    enrolment: tuple[EnrolmentEvent, ...] = ()
    attestations: tuple[AttestationEvent, ...] = ()
    care_plan: tuple[CarePlanEvent, ...] = ()
    facts: tuple[FactEvent, ...] = ()


def read_programme(session: UnitOfWork, patient: PatientRef) -> Programme:
    """The patient's four records. Raises `ValueError` for one that cannot be read whole."""
    kept = read_all_records(session, patient)
    return Programme(
        enrolment=_read(kept, ENROLMENT),
        attestations=_read(kept, ATTESTATIONS),
        care_plan=_read(kept, CARE_PLAN),
        facts=_read(kept, FACTS),
    )


def _read(kept: Mapping[str, list[dict[str, Any]]], stream: Stream[B]) -> tuple[Event[B], ...]:
    return tuple(stream.read(row["event"]) for row in kept.get(stream.name, []))


def events_of(session: UnitOfWork, patient: PatientRef, stream: Stream[B]) -> tuple[Event[B], ...]:
    """One record."""
    return tuple(stream.read(kept["event"]) for kept in read_records(session, patient, stream.name))
