"""Owns what we publish about what we write: our CodeSystem and the profiles of our resources, as FHIR JSON.

The files under `docs/fhir` are exactly these. The profiles document; the resources do not claim them in
`meta.profile`, because servers refuse resources that claim a profile which they do not know.
"""

from __future__ import annotations

from fhir_mappings import codes
from fhir_mappings.codes import BASE, CODE_SYSTEM, CONCEPTS, ENTRY_SYSTEM, MONTH_SYSTEM
from fhir_mappings.validation import Resource, validated

_VERSION = "1.0.0"
_DATE = "2026-11-24"
_PUBLISHER = "Cadence CCM"


def definitions() -> dict[str, Resource]:
    """All published definitions by file name."""
    resources = [code_system(), _encounter(), _entry_observation(), _month_observation(), _note()]
    return {f"{each['resourceType']}-{each['id']}.json": each for each in resources}


def code_system() -> Resource:
    """Our CodeSystem (https://hl7.org/fhir/R4/codesystem.html)."""
    return validated(
        {
            "resourceType": "CodeSystem",
            "id": "ccm",
            "url": CODE_SYSTEM,
            **_about("CareManagementTimeCodes", "Codes of care management time"),
            "description": "What care management time was spent on, how, by whom, and how much of it was counted.",
            "caseSensitive": True,
            "content": "complete",
            "count": len(CONCEPTS),
            "concept": [{"code": code, "display": text} for code, text in CONCEPTS.items()],
        }
    )


def _encounter() -> Resource:
    return _profile(
        "Encounter",
        "ccm-entry-encounter",
        "One stretch of care management work as an Encounter",
        _identifier("Encounter", ENTRY_SYSTEM),
        _element("Encounter.type", 2, "The activity first, then the modality, in our CodeSystem"),
        _element("Encounter.serviceType", 1, "The programme, in our CodeSystem"),
        _element("Encounter.participant", 1, "The performer; `type` is the performer class, in our CodeSystem"),
        _element("Encounter.period", 1, "Start and end of the work"),
        _element("Encounter.length", 1, "The whole length in UCUM minutes, counted or not"),
    )


def _entry_observation() -> Resource:
    return _profile(
        "Observation",
        "ccm-entry-observation",
        "One stretch of care management work as an Observation",
        _identifier("Observation", ENTRY_SYSTEM),
        _code(codes.ENTRY_TIME),
        _element("Observation.effectivePeriod", 1, "Start and end of the work", path="Observation.effective[x]"),
        _element("Observation.valueQuantity", 1, "The whole length in UCUM minutes", path="Observation.value[x]"),
        *_components(
            (codes.ACTIVITY, 1, "What was done"),
            (codes.MODALITY, 1, "By what means"),
            (codes.PERFORMER_CLASS, 1, "Whose time it is, as far as counting goes"),
            (codes.PROGRAMME, 1, "For which programme: a second of work counts for one only"),
            (codes.SEPARATE_FROM_VISIT, 0, "True if the work was apart from a visit of the same day"),
            (codes.COUNTED, 0, "Minutes counted for the month, as known when this was written"),
            (codes.UNCOUNTED, 0, "Minutes not counted"),
        ),
    )


def _month_observation() -> Resource:
    tracks = [(codes.track_code(track), 0, f"Minutes: {text}") for track, text in codes.TRACKS.items()]
    return _profile(
        "Observation",
        "ccm-month-observation",
        "The counted care management time of one patient in one calendar month",
        _identifier("Observation", MONTH_SYSTEM),
        _element("Observation.status", 1, "preliminary until the month is closed, then final or amended"),
        _code(codes.MONTH_TIME),
        _element(
            "Observation.effectivePeriod", 1, "First to last second of the month", path="Observation.effective[x]"
        ),
        _element("Observation.valueQuantity", 1, "Counted minutes, whole", path="Observation.value[x]"),
        _element("Observation.derivedFrom", 0, "The Observations of the entries"),
        *_components(*tracks),
    )


def _note() -> Resource:
    return _profile(
        "DocumentReference",
        "ccm-entry-note",
        "One stretch of care management work as a note",
        _identifier("DocumentReference", ENTRY_SYSTEM),
        _element("DocumentReference.context.event", 1, "Activity, modality, performer class and programme as codes"),
        _element("DocumentReference.context.period", 1, "Start and end of the work"),
    )


def _profile(base: str, profile_id: str, title: str, *elements: Resource) -> Resource:
    return validated(
        {
            "resourceType": "StructureDefinition",
            "id": profile_id,
            "url": f"{BASE}/StructureDefinition/{profile_id}",
            **_about("".join(word.capitalize() for word in profile_id.split("-")), title),
            "fhirVersion": "4.0.1",
            "kind": "resource",
            "abstract": False,
            "type": base,
            "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{base}",
            "derivation": "constraint",
            "differential": {"element": [{"id": base, "path": base, "short": title}, *elements]},
        }
    )


def _about(name: str, title: str) -> Resource:
    about = {"version": _VERSION, "name": name, "title": title, "status": "active", "date": _DATE}
    return about | {"experimental": False, "publisher": _PUBLISHER}


def _element(element_id: str, minimum: int, short: str, *, path: str = "") -> Resource:
    return {"id": element_id, "path": path or element_id, "short": short, "min": minimum}


def _identifier(base: str, system: str) -> Resource:
    short = "Fixed before the first attempt to send"
    return _element(f"{base}.identifier", 1, short) | {"patternIdentifier": {"system": system}}


def _code(code: str) -> Resource:
    return _element("Observation.code", 1, CONCEPTS[code]) | {"patternCodeableConcept": _pattern(code)}


def _components(*parts: tuple[str, int, str]) -> list[Resource]:
    slicing = {"discriminator": [{"type": "pattern", "path": "code"}], "rules": "open"}
    elements: list[Resource] = [{"id": "Observation.component", "path": "Observation.component", "slicing": slicing}]
    for code, minimum, short in parts:
        part = f"Observation.component:{code}"
        sliced = {"sliceName": code, "min": minimum, "max": "1"}
        elements += [
            _element(part, minimum, short, path="Observation.component") | sliced,
            {"id": f"{part}.code", "path": "Observation.component.code", "patternCodeableConcept": _pattern(code)},
        ]
    return elements


def _pattern(code: str) -> Resource:
    return {"coding": [{"system": CODE_SYSTEM, "code": code}]}
