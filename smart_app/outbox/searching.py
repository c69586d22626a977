"""Owns finding our own resources in a chart again, by identifier where the EHR can search it, else by their facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_mappings.codes import CODE_SYSTEM
from fhir_mappings.times import instant
from fhir_mappings.tolerant import identifier_of, line, mapping
from smart_app.ehr.errors import EhrTemporary
from smart_app.outbox.job import Job
from smart_app.outbox.queue import Filed

Resource = Mapping[str, Any]
Interval = tuple[int, int]


def ours_in_chart(job: Job, resource_type: str, *, system: str, code: str, interval: Interval) -> list[Filed]:
    """All resources of a type that carry our identifier, oldest first; `standing` is "kept" or "in_error".

    `interval` is in POSIX seconds. An EHR may ignore a search parameter, so each find is checked; where only a part
    of the answer came and ours is not in it, nothing is known. Raises `EhrError`.
    """
    value = job.identifier
    by_identifier = job.capabilities is None or "identifier" in job.capabilities.of(resource_type).search_params
    if by_identifier:
        parameters: list[tuple[str, str]] = [("identifier", f"{system}|{value}")]
    else:
        parameters = _by_facts(job.held.patient_id, resource_type, code, interval)
    result = job.client.search(resource_type, parameters)
    ours = [each for each in result.resources if identifier_of(each, system) == value]
    if result.gaps and not ours:
        raise EhrTemporary("The EHR gave only a part of what it holds.")
    return [_filed(each) for each in sorted(ours, key=_age)]


def _by_facts(patient_id: str, resource_type: str, code: str, interval: Interval) -> list[tuple[str, str]]:
    parameters = [("patient", patient_id)]
    if resource_type == "Observation":
        parameters.append(("code", f"{CODE_SYSTEM}|{code}"))
    if resource_type != "DocumentReference":  # a note's date is when it was written, not when the work was done
        start, end = interval
        parameters += [("date", f"ge{instant(start)}"), ("date", f"le{instant(end)}")]
    return parameters


def _age(resource: Resource) -> tuple[str, str]:
    return line(mapping(resource.get("meta")).get("lastUpdated")), line(resource.get("id"))


def _filed(resource: Resource) -> Filed:
    version = line(mapping(resource.get("meta")).get("versionId"))
    standing = "in_error" if line(resource.get("status")) == "entered-in-error" else "kept"
    return Filed(line(resource.get("resourceType")), line(resource.get("id")), version, revision=1, standing=standing)
