"""Owns the search parameters: for each resource type that is served, name, kind and where the values stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox_ehr.fhir.references import Resource


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: its kind (FHIR R4, search.html#ptypes) and the dotted paths of the elements it looks at.

    `target` is the only resource type that a reference parameter accepts, where there is only one.
    """

    kind: str
    paths: tuple[tuple[str, ...], ...]
    target: str = ""


def _parameter(kind: str, *paths: str, target: str = "") -> Parameter:
    return Parameter(kind, tuple(tuple(path.split(".")) for path in paths), target)


def _token(*paths: str) -> Parameter:
    return _parameter("token", *paths)


def _date(*paths: str) -> Parameter:
    return _parameter("date", *paths)


def _string(*paths: str) -> Parameter:
    return _parameter("string", *paths)


def _reference(*paths: str, target: str = "") -> Parameter:
    return _parameter("reference", *paths, target=target)


def _person(path: str) -> dict[str, Parameter]:
    patient = _reference(path, target="Patient")
    return {"patient": patient, "subject": patient if path == "subject" else _reference(path)}


_COMMON = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated"), "identifier": _token("identifier")}
_SUBJECT = _person("subject")
_PATIENT = {"patient": _reference("patient", target="Patient")}
_NAMED = {"name": _string("name"), "active": _token("active")}
_HUMAN = {**_NAMED, "family": _string("name.family"), "given": _string("name.given"), "gender": _token("gender")}
_STATUS = {"status": _token("status")}
_EVENT = {**_SUBJECT, **_STATUS, "code": _token("code"), "encounter": _reference("encounter", target="Encounter")}

_OWN: dict[str, dict[str, Parameter]] = {
    "AllergyIntolerance": {**_PATIENT, "clinical-status": _token("clinicalStatus"), "code": _token("code")},
    "CarePlan": {
        **_SUBJECT, **_STATUS,
        "category": _token("category"),
        "intent": _token("intent"),
        "date": _date("period"),
        "condition": _reference("addresses", target="Condition"),
        "encounter": _reference("encounter", target="Encounter"),
    },
    "CareTeam": {**_SUBJECT, **_STATUS, "category": _token("category"),
                 "participant": _reference("participant.member")},
    "Condition": {
        **_SUBJECT,
        "category": _token("category"),
        "clinical-status": _token("clinicalStatus"),
        "verification-status": _token("verificationStatus"),
        "code": _token("code"),
        "encounter": _reference("encounter", target="Encounter"),
        "onset-date": _date("onsetDateTime", "onsetPeriod"),
        "recorded-date": _date("recordedDate"),
    },
    "Consent": {**_PATIENT, **_STATUS, "category": _token("category"), "date": _date("dateTime")},
    "Coverage": {**_person("beneficiary"), **_STATUS, "beneficiary": _reference("beneficiary", target="Patient"),
                 "type": _token("type"), "payor": _reference("payor")},
    "DiagnosticReport": {**_EVENT, "category": _token("category"),
                         "date": _date("effectiveDateTime", "effectivePeriod")},
    "DocumentReference": {
        **_SUBJECT, **_STATUS,
        "identifier": _token("identifier", "masterIdentifier"),
        "type": _token("type"),
        "category": _token("category"),
        "date": _date("date"),
        "period": _date("context.period"),
        "encounter": _reference("context.encounter"),
        "author": _reference("author"),
    },
    "Encounter": {
        **_SUBJECT, **_STATUS,
        "class": _token("class"),
        "type": _token("type"),
        "date": _date("period"),
        "participant": _reference("participant.individual"),
        "reason-reference": _reference("reasonReference"),
        "service-provider": _reference("serviceProvider", target="Organization"),
    },
    "Goal": {**_SUBJECT, "lifecycle-status": _token("lifecycleStatus"), "category": _token("category"),
             "start-date": _date("startDate"), "target-date": _date("target.dueDate")},
    "Immunization": {**_PATIENT, **_STATUS, "date": _date("occurrenceDateTime"), "vaccine-code": _token("vaccineCode")},
    "Location": {"name": _string("name"), **_STATUS, "type": _token("type")},
    "Medication": {**_STATUS, "code": _token("code")},
    "MedicationRequest": {
        **_SUBJECT, **_STATUS,
        "intent": _token("intent"),
        "code": _token("medicationCodeableConcept"),
        "authoredon": _date("authoredOn"),
        "encounter": _reference("encounter", target="Encounter"),
        "medication": _reference("medicationReference", target="Medication"),
        "requester": _reference("requester"),
    },
    "Observation": {
        **_EVENT,
        "category": _token("category"),
        "date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
        "performer": _reference("performer"),
        "derived-from": _reference("derivedFrom"),
    },
    "Organization": {**_NAMED, "type": _token("type")},
    "Patient": {**_HUMAN, "birthdate": _date("birthDate"), "general-practitioner": _reference("generalPractitioner")},
    "Practitioner": _HUMAN,
    "PractitionerRole": {
        "practitioner": _reference("practitioner", target="Practitioner"),
        "organization": _reference("organization", target="Organization"),
        "role": _token("code"),
        "specialty": _token("specialty"),
    },
    "Procedure": {**_EVENT, "date": _date("performedDateTime", "performedPeriod")},
    "QuestionnaireResponse": {**_SUBJECT, **_STATUS, "authored": _date("authored")},
    "RelatedPerson": {**_PATIENT, **_HUMAN},
    "ServiceRequest": {**_EVENT, "category": _token("category"), "authored": _date("authoredOn")},
    "Task": {"patient": _reference("for", target="Patient"), **_STATUS, "code": _token("code")},
}  # fmt: skip

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {kind: {**_COMMON, **own} for kind, own in sorted(_OWN.items())}


def elements(resource: Resource, parameter: Parameter) -> Iterator[Any]:
    """The values that a resource has where a parameter looks; lists opened, anything of a wrong shape passed over."""
    for path in parameter.paths:
        yield from _below(resource, path)


def _below(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _below(item, path)
    elif not path:
        if node is not None:
            yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from _below(node[path[0]], path[1:])
