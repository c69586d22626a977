"""Owns corrections: nothing that was filed is deleted, it is marked as entered in error or as amended.

Both results are whole resources for an update (PUT) of the one that the EHR holds; `meta.versionId` of the latter
belongs in If-Match (https://hl7.org/fhir/R4/http.html#concurrency).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from fhir_mappings.codes import ENTRY_SYSTEM, MONTH_SYSTEM
from fhir_mappings.tolerant import identifier_of, line, mapping, reference_key
from fhir_mappings.validation import Resource

_CORRECTABLE = ("Encounter", "Observation", "DocumentReference")


def as_entered_in_error(resource: Mapping[str, Any]) -> Resource:
    """A copy of what the EHR holds, marked as entered in error.

    It is not validated, for the EHR may have added what only it understands. A generated narrative is left out: it
    would still say what is now wrong. Raises ValueError for other types than Encounter, Observation and
    DocumentReference.
    """
    copy = _copy(resource)
    copy["status"] = "entered-in-error"
    if copy["resourceType"] == "DocumentReference":
        copy["docStatus"] = "entered-in-error"
    return copy


def as_amended(filed: Mapping[str, Any], replacement: Mapping[str, Any]) -> Resource:
    """`replacement`, built anew, as the next version of `filed`, the resource of the same entry or month in the EHR.

    An Observation that is final becomes `amended`, and so does a final note's docStatus; an Encounter has no such
    status. Raises ValueError if `filed` has no id, or the two differ in type, patient or our identifier.
    """
    copy = _copy(replacement)
    if not line(filed.get("id")) or _sameness(filed) != _sameness(copy):
        raise ValueError("an amendment needs the filed resource's id, its type, its patient and its identifier")
    copy["id"] = filed["id"]
    if version := line(mapping(filed.get("meta")).get("versionId")):
        copy["meta"] = {"versionId": version}
    status = "docStatus" if copy["resourceType"] == "DocumentReference" else "status"
    if copy["resourceType"] != "Encounter" and copy.get(status) == "final":
        copy[status] = "amended"
    return copy


def _sameness(resource: Mapping[str, Any]) -> tuple[object, ...]:
    ours = (identifier_of(resource, system) for system in (ENTRY_SYSTEM, MONTH_SYSTEM))
    return resource.get("resourceType"), reference_key(resource.get("subject")), *ours


def _copy(resource: Mapping[str, Any]) -> Resource:
    if resource.get("resourceType") not in _CORRECTABLE:
        raise ValueError(f"only {', '.join(_CORRECTABLE)} are corrected")
    copy = deepcopy(dict(resource))
    if mapping(copy.get("text")).get("status") == "generated":
        del copy["text"]
    return copy
