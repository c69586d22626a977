"""Owns the way back: from any of our resources in a chart to the entry that it tells of."""

from __future__ import annotations

from ccm.entries import Entry
from fhir_mappings.document import read_entry_note
from fhir_mappings.encounter import read_entry_encounter
from fhir_mappings.observation import read_entry_observation
from fhir_mappings.tolerant import mapping

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
