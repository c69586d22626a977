"""Owns what the programme knows of a chart: the patient, the problems, the care plans, and what could not be read.

Dates are kept as FHIR gives them ("2024", "2024-05", "2024-05-17" or a full date-time), because charts hold all four
and guessing the missing part would be inventing data (https://hl7.org/fhir/R4/datatypes.html#dateTime).
"""

from __future__ import annotations

from dataclasses import dataclass

ICD10_SYSTEMS = ("http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10")
SNOMED_SYSTEM = "http://snomed.info/sct"


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one system; `display` is empty where the chart gives none."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class ChartPatient:
    """Whom the chart is about. `mrn` is the medical record number as a person reads it, empty if none is given.

    `replaced_by` ("Patient/2") is the record into which a merged one went; `active` is false for a record out of use.
    """

    id: str
    name: str
    birth_date: str = ""
    gender: str = ""
    mrn: str = ""
    telephone: str = ""
    language: str = ""
    deceased: bool = False
    deceased_on: str = ""
    replaced_by: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """One active problem of the chart; duplicates of one code are one problem, its `ids` all the rows it stands for.

    `clinical_status` is empty where the chart gives none; `categories` are bare codes ("problem-list-item", ...).
    `on_problem_list` is false for what only a visit's diagnoses or the health concerns name.
    """

    ids: tuple[str, ...]
    text: str
    codings: tuple[Coding, ...] = ()
    clinical_status: str = ""
    verification: str = ""
    categories: tuple[str, ...] = ()
    onset: str = ""
    recorded: str = ""
    on_problem_list: bool = True

    def icd10(self) -> str:
        """The first ICD-10-CM code the chart gives, or ''."""
        return next((c.code for c in self.codings if c.system in ICD10_SYSTEMS), "")

    def snomed(self) -> str:
        """The first SNOMED CT code the chart gives, or ''."""
        return next((c.code for c in self.codings if c.system == SNOMED_SYSTEM), "")


@dataclass(frozen=True, slots=True)
class CarePlan:
    """One care plan of the chart. `addresses` are problem texts or references, `goals` and `activities` are texts."""

    id: str
    title: str
    status: str = ""
    intent: str = ""
    categories: tuple[str, ...] = ()
    period_start: str = ""
    period_end: str = ""
    last_updated: str = ""
    addresses: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchEncounter:
    """The visit from which the app was opened; `class_code` as FHIR gives it ("AMB", "IMP", "VR"), dates as FHIR's."""

    id: str
    status: str = ""
    class_code: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class FiledTime:
    """One of our own Observations as it stands in the chart: an entry (`entry_id` set) or a month's total (`month`).

    `start`/`end` are POSIX seconds (UTC), half-open, 0 where the chart has lost them; `minutes` its value, `version`
    the server's version for If-Match.
    """

    observation_id: str
    entry_id: str
    month: str
    start: int
    end: int
    minutes: float
    status: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something of the chart that could not be read: `part` in a person's words, `reason` without patient data."""

    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that was read of one chart in one round; `gaps` says what could not be read, and is never dropped.

    `encounters` are the visits and stays of the last thirteen months. `unread` names the parts of which nothing could
    be read, as their gaps name them.
    """

    patient: ChartPatient
    problems: tuple[Problem, ...] = ()
    care_plans: tuple[CarePlan, ...] = ()
    filed: tuple[FiledTime, ...] = ()
    encounter: LaunchEncounter | None = None
    encounters: tuple[LaunchEncounter, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unread: tuple[str, ...] = ()
