"""Owns what can be recorded of the facts of a month, the five questions that they answer, and who may answer them.

A fact has a key by which it is recorded again when more is known (a discharge): the chart's reference ("Encounter/1")
where it comes from there, else what the caller makes. `source` is chart, person or import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccm.event_json import EventCodec
from ccm.months import Month
from ccm.record_guards import CARE_ROLES
from ccm.records import SYSTEM, Event, Person, Struck

QUESTIONS: Final[dict[str, str]] = {
    "decision_making": "Level of medical decision making",
    "stays": "Inpatient and nursing facility stays",
    "visits": "Billed face-to-face visits",
    "services": "Services that conflict with CCM",
    "billed_elsewhere": "CCM billed by another practitioner",
}
STAY_KINDS: Final[dict[str, str]] = {"inpatient": "Inpatient", "nursing": "Skilled nursing facility (Part A)"}
SOURCES: Final = ("chart", "person", "import")


@dataclass(frozen=True, slots=True)
class DecisionMakingSet:
    """The month's level of medical decision making, as a practitioner judged it on a day, and why."""

    month: Month
    level: str
    rationale: str
    practitioner: Person
    on: date


@dataclass(frozen=True, slots=True)
class Happening:
    """Something with a key and a source."""

    key: str
    source: str


@dataclass(frozen=True, slots=True)
class StayRecorded(Happening):
    """A stay, both days included; no last day: not yet discharged. It belongs to each month that it touches."""

    kind: str
    first_day: date
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class VisitRecorded(Happening):
    """A billed face-to-face visit."""

    on: date


@dataclass(frozen=True, slots=True)
class ServiceRecorded(Happening):
    """A service of the month that somebody billed; `code` is CPT's or HCPCS's, in capitals."""

    month: Month
    code: str
    same_practitioner: bool
    on: date | None = None


@dataclass(frozen=True, slots=True)
class ProposalRejected:
    """What the chart proposes under this key is not so."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class BilledElsewhereSet:
    """Whether another practitioner bills CCM for the month; `who`, where one does."""

    month: Month
    billed: bool
    who: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is recorded by now is all that there is to say to a question for the month: none, where nothing is."""

    month: Month
    question: str


Body = (
    DecisionMakingSet
    | StayRecorded
    | VisitRecorded
    | ServiceRecorded
    | ProposalRejected
    | BilledElsewhereSet
    | Confirmed
    | Struck
)
FactEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "decision_making_set": DecisionMakingSet,
    "stay_recorded": StayRecorded,
    "visit_recorded": VisitRecorded,
    "service_recorded": ServiceRecorded,
    "proposal_rejected": ProposalRejected,
    "billed_elsewhere_set": BilledElsewhereSet,
    "confirmed": Confirmed,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict
kind_of = _CODEC.kind_of

_BILLING: Final = CARE_ROLES | {"biller"}
WHO_MAY: Final[Mapping[str, frozenset[str]]] = {
    "decision_making_set": CARE_ROLES,  # moderate and high: a practitioner only
    "stay_recorded": CARE_ROLES | {SYSTEM},
    "visit_recorded": _BILLING | {SYSTEM},
    "service_recorded": _BILLING | {SYSTEM},
    "proposal_rejected": CARE_ROLES,
    "billed_elsewhere_set": _BILLING | {SYSTEM},
    "confirmed": _BILLING,  # a biller: not the two that are clinical
    "struck": _BILLING,
}
CLINICAL_QUESTIONS: Final = frozenset({"decision_making", "stays"})
