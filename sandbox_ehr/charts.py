"""Owns what the EHR's own pages and launches read from a chart, from the sandbox's store or from another server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Protocol

from sandbox_ehr.fhir import Store

Resource = dict[str, Any]

OPEN_ENCOUNTERS = ("arrived", "triaged", "in-progress", "onleave")
LAST_NAMES = ("official", "usual", "", "temp", "nickname", "anonymous", "old", "maiden")


class Charts(Protocol):
    """Where charts come from. A missing resource is None."""

    def patients(self) -> list[Resource]:
        """All Patients."""

    def read(self, kind: str, id_: str) -> Resource | None:
        """One resource."""

    def of_patient(self, kind: str, patient: str) -> list[Resource]:
        """The resources of a type in one patient's chart."""


class StoreCharts:
    """Charts of the sandbox's own store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def patients(self) -> list[Resource]:
        """All Patients."""
        return self._store.all("Patient")

    def read(self, kind: str, id_: str) -> Resource | None:
        """One resource."""
        return self._store.read(kind, id_)

    def of_patient(self, kind: str, patient: str) -> list[Resource]:
        """The resources of a type in one patient's chart."""
        return self._store.of_patient(kind, patient)


def open_encounter(charts: Charts, patient: str) -> str:
    """The id of the visit that is going on, the latest to begin if there are several, or ""."""
    visits = [visit for visit in charts.of_patient("Encounter", patient) if visit.get("status") in OPEN_ENCOUNTERS]
    visits.sort(key=started, reverse=True)
    return str(visits[0]["id"]) if visits else ""


def started(resource: Resource) -> str:
    """When an Encounter began, as its text, "" where unknown."""
    period = resource.get("period")
    return str(period.get("start", "")) if isinstance(period, dict) else ""


def display_name(resource: Resource) -> str:
    """The name that an EHR shows: the current official or usual one, with the text that it carries."""
    names = [name for name in resource.get("name") or () if isinstance(name, dict)]
    if not names:
        return f"(no name) {resource.get('id', '')}"
    names.sort(key=lambda name: LAST_NAMES.index(use) if (use := name.get("use", "")) in LAST_NAMES else 2)
    name = names[0]
    parts = [*(name.get("prefix") or ()), *(name.get("given") or ()), name.get("family"), *(name.get("suffix") or ())]
    return name.get("text") or " ".join(part for part in parts if part) or f"(no name) {resource.get('id', '')}"


def age(resource: Resource, today: date | None = None) -> str:
    """The age in completed years, "" where the birth date is missing or not a full date."""
    try:
        born = date.fromisoformat(str(resource.get("birthDate", "")))
    except ValueError:
        return ""
    today = today or datetime.now(UTC).date()
    return str(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))


def mrn(resource: Resource) -> str:
    """The medical record number, else the first identifier, else ""."""
    identifiers = [one for one in resource.get("identifier") or () if isinstance(one, dict) and one.get("value")]
    for identifier in identifiers:
        codings = (identifier.get("type") or {}).get("coding") or ()
        if any(coding.get("code") == "MR" for coding in codings):
            return str(identifier["value"])
    return str(identifiers[0]["value"]) if identifiers else ""


def concept_text(concept: object) -> str:
    """The words of a CodeableConcept: its text, else a coding's display, else a code."""
    if not isinstance(concept, dict):
        return ""
    codings = [coding for coding in concept.get("coding") or () if isinstance(coding, dict)]
    shown = (coding.get("display") or coding.get("code") for coding in codings)
    return str(concept.get("text") or next((text for text in shown if text), ""))
