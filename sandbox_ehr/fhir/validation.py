"""Owns the checks on what is written: the elements FHIR R4 requires, and what Oracle Health asks beyond them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection
from typing import Any

from sandbox_ehr.fhir.matching import tokens
from sandbox_ehr.fhir.outcome import unprocessable
from sandbox_ehr.fhir.parameters import PARAMETERS, elements
from sandbox_ehr.fhir.references import Resource

Rule = Callable[[Resource], Resource]

_REQUIRED: dict[str, tuple[str, ...]] = {
    "CarePlan": ("status", "intent", "subject"),
    "Condition": ("subject",),
    "Coverage": ("status", "beneficiary", "payor"),
    "DocumentReference": ("status", "content"),
    "Encounter": ("status", "class"),
    "Goal": ("lifecycleStatus", "description", "subject"),
    "MedicationRequest": ("status", "intent", "subject"),
    "Observation": ("status", "code"),
}
_STATUSES: dict[str, frozenset[str]] = {
    "DocumentReference": frozenset({"current", "superseded", "entered-in-error"}),
    "Encounter": frozenset({
        "planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error",
        "unknown",
    }),
    "Observation": frozenset(
        {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
    ),
}  # fmt: skip

_ORACLE_ENCOUNTER = frozenset({
    "resourceType", "id", "meta", "identifier", "status", "type", "priority", "subject", "participant", "period",
    "reasonCode", "hospitalization", "serviceProvider", "location",
})  # fmt: skip
_ORACLE_DOCUMENTS = frozenset({
    "application/pdf", "text/plain", "text/richtext", "text/rtf", "text/html", "application/xml",
    "application/xhtml+xml",
})  # fmt: skip
_INFERRED_CLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"}


def check(resource: Resource, *, without: Collection[str] = ()) -> None:
    """Raises FhirError 422 where an element is missing that FHIR R4 requires, or a status is none of its value set.

    `without` names elements that are not asked for.
    """
    kind = str(resource["resourceType"])
    _need(resource, [element for element in _REQUIRED.get(kind, ()) if element not in without])
    statuses = _STATUSES.get(kind)
    if statuses and str(resource.get("status")) not in statuses:
        raise unprocessable(f"{kind}.status is none of: {', '.join(sorted(statuses))}", "code-invalid")


def oracle_observation(resource: Resource) -> Resource:
    """Oracle Health takes vital signs and laboratory results only. Raises FhirError 422 for any other category."""
    check(resource)
    categories = elements(resource, PARAMETERS["Observation"]["category"])
    codes = {code for category in categories for _, code in tokens(category)}
    if not codes & {"vital-signs", "laboratory"}:
        raise unprocessable("Observation.category: only vital-signs and laboratory can be created", "not-supported")
    return resource


def oracle_encounter(resource: Resource) -> Resource:
    """Oracle Health wants status, type, subject, serviceProvider and location, and infers the class itself.

    `class` given is refused (422: it is not writable); elements that its API does not take are left out silently, as
    its API documents say; cancelled and entered-in-error cannot be written.
    """
    if "class" in resource:
        raise unprocessable("Encounter.class is not writable: it is inferred", "not-supported")
    check(resource, without=("class",))
    _need(resource, ("status", "type", "subject", "serviceProvider", "location"))
    if resource["status"] in ("cancelled", "entered-in-error"):
        raise unprocessable(f"Encounter.status {resource['status']} cannot be written", "not-supported")
    _need_times("Encounter.period", resource.get("period"))
    return {name: value for name, value in resource.items() if name in _ORACLE_ENCOUNTER} | {"class": _INFERRED_CLASS}


def oracle_document(resource: Resource) -> Resource:
    """Oracle Health wants status `current`, docStatus, type with a code, subject, and one attachment with its data.

    Times need a clock time; `context.encounter` and `author` are optional. Raises FhirError 422.
    """
    check(resource)
    _need(resource, ("status", "docStatus", "type", "subject", "content"))
    if resource["status"] != "current":
        raise unprocessable("DocumentReference.status: only current can be created", "not-supported")
    if resource["docStatus"] not in ("preliminary", "final", "amended"):
        raise unprocessable("DocumentReference.docStatus is none of preliminary, final, amended", "code-invalid")
    if not any(code for _, code in tokens(resource["type"])):
        raise unprocessable("DocumentReference.type needs a coding", "required")
    content = resource["content"]
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        raise unprocessable("DocumentReference.content holds exactly one entry")
    _check_attachment(content[0].get("attachment"))
    _need_times("DocumentReference.date", resource.get("date"))
    return resource


def _check_attachment(attachment: Any) -> None:
    where = "DocumentReference.content.attachment"
    if not isinstance(attachment, dict) or not attachment.get("contentType") or not attachment.get("data"):
        raise unprocessable(f"{where} needs contentType and data", "required")
    if str(attachment["contentType"]).partition(";")[0].strip().lower() not in _ORACLE_DOCUMENTS:
        raise unprocessable(f"{where}.contentType is not supported", "not-supported")
    try:
        base64.b64decode(str(attachment["data"]), validate=True)
    except binascii.Error as error:
        raise unprocessable(f"{where}.data is not base64") from error
    _need_times(f"{where}.creation", attachment.get("creation"))


def _need(resource: Resource, elements: Collection[str]) -> None:
    for element in elements:
        if not resource.get(element):
            raise unprocessable(f"{resource['resourceType']}.{element} is required", "required")


def _need_times(where: str, value: Any) -> None:
    """Raises FhirError 422 for a date that has no time of day."""
    for text in value.values() if isinstance(value, dict) else [value]:
        if isinstance(text, str) and "T" not in text:
            raise unprocessable(f"{where} needs a time of day", "value")
