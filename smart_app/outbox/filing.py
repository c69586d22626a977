"""Owns what one entry becomes in the chart, by rung, and how it is found there again.

Every resource carries the entry's id as identifier, fixed before the first try, so that a resource whose answer was
lost is recognised instead of written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ccm.entries import Entry
from fhir_mappings.capability import Capabilities
from fhir_mappings.codes import CODE_SYSTEM, ENTRY_SYSTEM, ENTRY_TIME
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter
from fhir_mappings.observation import build_entry_observation
from fhir_mappings.times import instant
from fhir_mappings.tolerant import identifier_of
from smart_app.ehr.client import Created, FhirClient
from smart_app.ehr.ladder import ENCOUNTER_OBSERVATION, NOTE, OBSERVATION

Resource = Mapping[str, Any]
Filed = Mapping[str, str]
"""Ids of the resources already in the chart, by type."""


@dataclass(frozen=True, slots=True)
class Filing:
    """One entry ready to be filed; times in POSIX seconds. `counted_seconds` is None where it is not known."""

    entry: Entry
    patient_id: str
    launch_encounter: str
    zone: ZoneInfo
    counted_seconds: int | None
    issued: int


def steps(rung: str) -> tuple[tuple[str, Callable[[Filing, Filed], Resource]], ...]:
    """The resources of a rung in the order in which they are written: type, and how to build it."""
    return {
        ENCOUNTER_OBSERVATION: (("Encounter", _encounter), ("Observation", _observation)),
        OBSERVATION: (("Observation", _observation),),
        NOTE: (("DocumentReference", _note),),
    }[rung]


def find(client: FhirClient, capabilities: Capabilities | None, filing: Filing, resource_type: str) -> Created | None:
    """The entry's resource of this type if the chart already holds it. Raises `EhrError`."""
    search = _by_identifier if _can_search_identifier(capabilities, resource_type) else _by_facts
    found = client.search(resource_type, search(filing, resource_type)).resources
    for resource in found:
        if identifier_of(resource, ENTRY_SYSTEM) == filing.entry.id:
            version = str(resource.get("meta", {}).get("versionId", ""))
            return Created(str(resource["id"]), version, "", 200)
    return None


def create(client: FhirClient, capabilities: Capabilities | None, filing: Filing, resource: Resource) -> Created:
    """Writes the resource, conditionally where the EHR says it can. Raises `EhrError`."""
    condition = None
    if capabilities is not None and capabilities.of(resource["resourceType"]).conditional_create:
        condition = f"identifier={ENTRY_SYSTEM}|{filing.entry.id}"
    return client.create(resource, if_none_exist=condition)


def _encounter(filing: Filing, _: Filed) -> Resource:
    return build_encounter(filing.entry, patient=filing.patient_id)


def _observation(filing: Filing, filed: Filed) -> Resource:
    return build_entry_observation(
        filing.entry,
        patient=filing.patient_id,
        encounter=filed.get("Encounter") or filing.launch_encounter or None,
        counted_seconds=filing.counted_seconds,
        issued=filing.issued,
    )


def _note(filing: Filing, _: Filed) -> Resource:
    return build_note(
        filing.entry,
        patient=filing.patient_id,
        encounter=filing.launch_encounter or None,
        counted_seconds=filing.counted_seconds,
        date=filing.issued,
        zone=filing.zone,
    )


def _can_search_identifier(capabilities: Capabilities | None, resource_type: str) -> bool:
    return capabilities is None or "identifier" in capabilities.of(resource_type).search_params


def _by_identifier(filing: Filing, _: str) -> list[tuple[str, str]]:
    return [("identifier", f"{ENTRY_SYSTEM}|{filing.entry.id}")]


def _by_facts(filing: Filing, resource_type: str) -> list[tuple[str, str]]:
    parameters = [("patient", filing.patient_id)]
    if resource_type == "Observation":
        parameters.append(("code", f"{CODE_SYSTEM}|{ENTRY_TIME}"))
    if resource_type != "DocumentReference":  # a note's date is when it was written, not when the work was done
        parameters += [("date", f"ge{instant(filing.entry.start)}"), ("date", f"le{instant(filing.entry.end)}")]
    return parameters
