"""Owns the reading of one row of an export: what it says of which patient, cut down to what decides a candidate.

Patient, Condition and Encounter are taken, all else is passed over: the less of a chart lies about, the better.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ccm.chart import ChartPatient, LaunchEncounter, Problem
from fhir_mappings.codes import ENTRY_SYSTEM
from fhir_mappings.condition import read_problems
from fhir_mappings.encounter import read_encounters
from fhir_mappings.patient import read_patient
from fhir_mappings.times import posix
from fhir_mappings.tolerant import identifier_of, mapping, reference_key
from smart_app.ehr.answers import read_object
from smart_app.ehr.errors import EhrRubbish
from smart_app.launch.tokens import fhir_id

_NAMED: Final = {"Patient": "a Patient", "Condition": "a Condition", "Encounter": "an Encounter"}
_CONDITION_FIELDS: Final = frozenset(
    {"resourceType", "id", "clinicalStatus", "verificationStatus", "code", "category", "recordedDate", "onsetDateTime"}
    | {"onsetPeriod"}
)
Resource = dict[str, Any]


class BadRow(Exception):
    """A row that cannot be taken; the text says why, without patient data."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What one row says: `version` (POSIX seconds of its last update, 0 if unsaid) tells the newer of two.

    `body` is JSON; empty where the row takes something back, such as a problem that is resolved.
    """

    patient: str
    kind: str
    id: str
    version: int
    body: bytes


def read_row(text: bytes) -> Fact | None:
    """The fact in a row; None for a resource of which the import has no use. Raises `BadRow`."""
    try:
        resource = read_object(text)
    except EhrRubbish:
        raise BadRow("not a JSON object") from None
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        raise BadRow("no resourceType")
    reader = _READERS.get(kind)
    try:
        return reader(resource) if reader else None
    except RecursionError:
        raise BadRow("nested too deeply") from None


def patient_in(body: bytes) -> ChartPatient:
    """The patient of a Patient's body."""
    return ChartPatient(**json.loads(body))


def problems_in(bodies: Sequence[bytes]) -> tuple[Problem, ...]:
    """The active problems in the bodies of a patient's Conditions, duplicates merged."""
    problems, _ = read_problems(json.loads(body) for body in bodies)
    return problems


def encounter_in(body: bytes) -> LaunchEncounter:
    """The encounter of an Encounter's body."""
    return LaunchEncounter(**json.loads(body))


def _patient(resource: Resource) -> Fact:
    patient_id = _own_id(resource)
    return Fact(patient_id, "Patient", patient_id, _version(resource), _packed(asdict(read_patient(resource))))


def _condition(resource: Resource) -> Fact:
    patient = _subject(resource)
    problems, gaps = read_problems([resource])
    if gaps:
        raise BadRow("a Condition with neither code nor name")
    body = _packed({name: value for name, value in resource.items() if name in _CONDITION_FIELDS}) if problems else b""
    return Fact(patient, "Condition", _own_id(resource), _version(resource), body)


def _encounter(resource: Resource) -> Fact | None:
    if identifier_of(resource, ENTRY_SYSTEM):
        return None  # one that we have filed is no visit
    patient = _subject(resource)
    found = read_encounters([resource])
    body = _packed(asdict(found[0])) if found else b""
    return Fact(patient, "Encounter", _own_id(resource), _version(resource), body)


_READERS: Final[dict[str, Callable[[Resource], Fact | None]]] = {
    "Patient": _patient,
    "Condition": _condition,
    "Encounter": _encounter,
}


def _own_id(resource: Resource) -> str:
    found = fhir_id(resource.get("id"))
    if not found:
        raise BadRow(f"{_NAMED[resource['resourceType']]} without a usable id")
    return found


def _subject(resource: Resource) -> str:
    kind, _, patient = reference_key(resource.get("subject")).partition("/")
    if kind != "Patient" or not fhir_id(patient):
        raise BadRow(f"{_NAMED[resource['resourceType']]} that names no patient")
    return patient


def _version(resource: Resource) -> int:
    return posix(mapping(resource.get("meta")).get("lastUpdated")) or 0


def _packed(value: Resource) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
