"""Owns the Encounter: the launch's read, an entry's built and read back (https://hl7.org/fhir/R4/encounter.html)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ccm.chart import LaunchEncounter
from ccm.entries import Entry
from fhir_mappings.codes import ENTRY_SYSTEM, class_code, concept, programme_code
from fhir_mappings.parts import entry_from, identifier, our_codes, performer, reference
from fhir_mappings.times import minutes, minutes_quantity, period, posix
from fhir_mappings.tolerant import Json, codings, identifier_of, line, mapping, mappings
from fhir_mappings.validation import Resource, validated

_VIRTUAL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR", "display": "virtual"}


def read_launch_encounter(resource: object) -> LaunchEncounter | None:
    """Read the launch's Encounter; None where it is none, or has no id. `class` may be a Coding or R5's list."""
    encounter = mapping(resource)
    encounter_id = line(encounter.get("id"))
    if encounter.get("resourceType") != "Encounter" or not encounter_id:
        return None
    stated = period_of(encounter)
    return LaunchEncounter(
        id=encounter_id,
        status=line(encounter.get("status")),
        class_code=_class_code(encounter.get("class")),
        start=line(stated.get("start")),
        end=line(stated.get("end")),
    )


def read_encounters(resources: Iterable[object]) -> tuple[LaunchEncounter, ...]:
    """The chart's visits and stays, without those that we filed and those entered in error; never raises."""
    others = (each for each in resources if not identifier_of(mapping(each), ENTRY_SYSTEM))
    found = (read_launch_encounter(each) for each in others)
    return tuple(each for each in found if each is not None and each.status != "entered-in-error")


def build_encounter(
    entry: Entry,
    *,
    patient: str,
    problems: Sequence[str] = (),
    service_provider: str | None = None,
    without_class: bool = False,
) -> Resource:
    """An entry as an Encounter, ready to be created.

    `patient`, `service_provider` and `problems` (the Conditions worked on) are ids or references. `type` holds the
    activity first, then the modality; the programme is the `serviceType`, the performer class the participant's
    type. FHIR requires `class`, and some EHRs refuse it: `without_class` leaves it out. An Encounter has no
    place for the note nor for `separate_from_visit`: the Observation carries them. Raises ValueError if invalid.
    """
    encounter: Resource = {
        "resourceType": "Encounter",
        "identifier": identifier(ENTRY_SYSTEM, entry.id),
        "status": "entered-in-error" if entry.voided else "finished",
        "class": _VIRTUAL,
        "type": [concept(entry.activity), concept(entry.modality)],
        "serviceType": concept(programme_code(entry.programme)),
        "subject": reference("Patient", patient),
        "participant": [{"type": [concept(class_code(entry.performer_class))], "individual": performer(entry)}],
        "period": period(entry.start, entry.end),
        "length": minutes_quantity(minutes(entry.seconds)),
    }
    if problems:
        encounter["reasonReference"] = [reference("Condition", problem) for problem in problems]
    if service_provider:
        encounter["serviceProvider"] = reference("Organization", service_provider)
    validated(encounter)
    if without_class:
        del encounter["class"]
    return encounter


def read_entry_encounter(resource: object) -> Entry | None:
    """The entry that an Encounter of ours tells of, without note and `separate_from_visit`; None for any other."""
    encounter = mapping(resource)
    participant = next(iter(mappings(encounter.get("participant"))), {})
    types = [*mappings(encounter.get("type")), *mappings(participant.get("type")), encounter.get("serviceType")]
    stated = period_of(encounter)
    return entry_from(
        encounter,
        start=posix(stated.get("start")),
        end=posix(stated.get("end")),
        person=participant.get("individual"),
        codes=our_codes(types),
        note="",
    )


def period_of(encounter: Json) -> Json:
    """The Encounter's period, or an empty one."""
    return mapping(encounter.get("period"))


def _class_code(stated: object) -> str:
    if isinstance(stated, list):
        return next((coding.code for each in stated for coding in codings(each)), "")
    return line(mapping(stated).get("code"))
