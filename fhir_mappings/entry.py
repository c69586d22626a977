"""Owns the way back: from any of our resources in a chart to the entry that it tells of."""

from __future__ import annotations

from ccm.entries import Entry
from ccm.filed import ChartResource, FiledEntry
from fhir_mappings.document import read_entry_note
from fhir_mappings.encounter import read_entry_encounter
from fhir_mappings.observation import read_entry_observation
from fhir_mappings.tolerant import line, mapping, reference_key

_READERS = {
    "Encounter": read_entry_encounter,
    "Observation": read_entry_observation,
    "DocumentReference": read_entry_note,
}


def read_entry(resource: object) -> Entry | None:
    """The entry that a resource of ours tells of, or None; never raises.

    An Observation or a note gives the whole entry, its note free of control characters; an Encounter gives all but
    the note and `separate_from_visit`, so where several resources tell of one entry, the Encounter comes last.
    """
    reader = _READERS.get(str(mapping(resource).get("resourceType")))
    return reader(resource) if reader else None


def read_filed_entry(resource: object) -> FiledEntry | None:
    """The entry that a resource of ours tells of with the resources that stand for it, or None; never raises.

    An Observation names the Encounter that was filed with it; one entered in error gives a void entry.
    """
    entry = read_entry(resource)
    stated = mapping(resource)
    kind, patient, encounter = (
        line(stated.get("resourceType")),
        reference_key(stated.get("subject")),
        reference_key(stated.get("encounter")),
    )
    if entry is None or not patient.startswith("Patient/") or not line(stated.get("id")):
        return None
    version = line(mapping(stated.get("meta")).get("versionId"))
    resources = [ChartResource(kind, line(stated.get("id")), version)]
    if kind == "Observation" and encounter.startswith("Encounter/"):
        resources.append(ChartResource("Encounter", encounter.removeprefix("Encounter/")))
    return FiledEntry(entry, patient.removeprefix("Patient/"), tuple(resources))
