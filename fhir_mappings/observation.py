"""Owns the Observation: an entry's and a month's built and read back (https://hl7.org/fhir/R4/observation.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from ccm.chart import Coding, FiledTime
from ccm.entries import Entry
from fhir_mappings import codes
from fhir_mappings.codes import ENTRY_SYSTEM, ENTRY_TIME, MONTH_SYSTEM, MONTH_TIME, concept
from fhir_mappings.parts import entry_from, identifier, our_codes, performer, reference
from fhir_mappings.text import clean_note
from fhir_mappings.times import instant, minutes, minutes_quantity, period, posix, quantity_minutes
from fhir_mappings.tolerant import Json, identifier_of, line, mapping, mappings, truth
from fhir_mappings.validation import Resource, validated

MONTH_STATUSES = ("preliminary", "final", "amended")


def build_entry_observation(
    entry: Entry,
    *,
    patient: str,
    issued: int,
    encounter: str | None = None,
    counted_seconds: int | None = None,
    category: Coding = codes.OBSERVATION_CATEGORY,
) -> Resource:
    """An entry as an Observation whose value is its whole length in minutes, ready to be created.

    `patient` and `encounter` are ids or references; `issued` is POSIX seconds. `counted_seconds` (0 to the whole
    length) is what the assessment counted; None leaves counted and uncounted out, for it may not be known yet.
    `category` is what the site wants. The note loses control characters, which FHIR strings cannot hold. Raises
    ValueError for counted seconds out of range and for an invalid resource.
    """
    observation: Resource = {
        "resourceType": "Observation",
        "identifier": identifier(ENTRY_SYSTEM, entry.id),
        "status": "entered-in-error" if entry.voided else "final",
        **_kind(ENTRY_TIME, category),
        "subject": reference("Patient", patient),
        "effectivePeriod": period(entry.start, entry.end),
        "issued": instant(issued),
        "performer": [performer(entry)],
        "valueQuantity": minutes_quantity(minutes(entry.seconds)),
        "component": [*_facts(entry), *_counted(entry, counted_seconds)],
    }
    if encounter:
        observation["encounter"] = reference("Encounter", encounter)
    if note := clean_note(entry.note):
        observation["note"] = [{"text": note}]
    return validated(observation)


def build_month_observation(
    *,
    identifier_value: str,
    patient: str,
    start: int,
    end: int,
    counted_minutes: int,
    tracks: Mapping[str, int],
    entries: Sequence[str],
    status: str,
    issued: int,
    performer_reference: str | None = None,
    resource_id: str | None = None,
    category: Coding = codes.OBSERVATION_CATEGORY,
) -> Resource:
    """A care month's total as an Observation: one per patient and month, created once and then updated.

    `start` and `end` bound the local month, half-open, in POSIX seconds; a FHIR Period includes its end, so the
    month's last second is written. `identifier_value` is unique to patient and month; `tracks` are minutes by
    track; `entries` the ids or references of the Observations it derives from; `status` one of `MONTH_STATUSES`;
    `resource_id` the id under which the EHR holds it, for an update. Raises ValueError for another status, an
    unknown track and an invalid resource.
    """
    if status not in MONTH_STATUSES or not tracks.keys() <= codes.TRACKS.keys():
        raise ValueError(f"a month's status is one of {MONTH_STATUSES}, its tracks are {tuple(codes.TRACKS)}")
    observation: Resource = {
        "resourceType": "Observation",
        "identifier": identifier(MONTH_SYSTEM, identifier_value),
        "status": status,
        **_kind(MONTH_TIME, category),
        "subject": reference("Patient", patient),
        "effectivePeriod": period(start, end - 1),
        "issued": instant(issued),
        "valueQuantity": minutes_quantity(counted_minutes),
    }
    if resource_id:
        observation["id"] = resource_id
    if performer_reference:
        observation["performer"] = [reference("Practitioner", performer_reference)]
    if tracks:
        observation["component"] = [_minutes_part(codes.track_code(track), value) for track, value in tracks.items()]
    if entries:
        observation["derivedFrom"] = [reference("Observation", each) for each in entries]
    return validated(observation)


def read_filed_time(resources: Iterable[object]) -> tuple[FiledTime, ...]:
    """Our own Observations among `resources`; whatever is not ours, by code and identifier, is left out.

    One that lost its period or value is kept with zeros, for a row left out here would be filed a second time. A
    month's `month` is that of the middle of its period, which no time zone moves.
    """
    ours = ((mapping(resource), _kind_of(mapping(resource))) for resource in resources)
    return tuple(_filed_time(observation, kind) for observation, kind in ours if kind)


def read_entry_observation(resource: object) -> Entry | None:
    """The entry that an Observation of ours tells of; None for a month's total, and for any other resource."""
    observation = mapping(resource)
    if _kind_of(observation) != ENTRY_TIME:
        return None
    stated = mapping(observation.get("effectivePeriod"))
    components = mappings(observation.get("component"))
    notes = (each.get("text") for each in mappings(observation.get("note")))
    return entry_from(
        observation,
        start=posix(stated.get("start")),
        end=posix(stated.get("end")),
        person=next(iter(mappings(observation.get("performer"))), None),
        codes=our_codes(each.get("valueCodeableConcept") for each in components) | _true_parts(components),
        note="\n".join(clean_note(note) for note in notes if isinstance(note, str)),
    )


def _kind(code: str, category: Coding) -> Resource:
    coding = {"system": category.system, "code": category.code}
    text = {"display": category.display} if category.display else {}
    return {"category": [{"coding": [coding | text]}], "code": concept(code)}


def _facts(entry: Entry) -> list[Resource]:
    facts: list[Resource] = [
        _concept_part(codes.ACTIVITY, entry.activity),
        _concept_part(codes.MODALITY, entry.modality),
        _concept_part(codes.PERFORMER_CLASS, codes.class_code(entry.performer_class)),
        _concept_part(codes.PROGRAMME, codes.programme_code(entry.programme)),
    ]
    if entry.separate_from_visit:
        facts.append({"code": concept(codes.SEPARATE_FROM_VISIT), "valueBoolean": True})
    return facts


def _counted(entry: Entry, counted_seconds: int | None) -> list[Resource]:
    if counted_seconds is None:
        return []
    if not 0 <= counted_seconds <= entry.seconds:
        raise ValueError("counted seconds lie between none and the entry's whole length")
    return [
        _minutes_part(codes.COUNTED, minutes(counted_seconds)),
        _minutes_part(codes.UNCOUNTED, minutes(entry.seconds - counted_seconds)),
    ]


def _concept_part(code: str, value: str) -> Resource:
    return {"code": concept(code), "valueCodeableConcept": concept(value)}


def _minutes_part(code: str, value: int | float) -> Resource:
    return {"code": concept(code), "valueQuantity": minutes_quantity(value)}


def _true_parts(components: Iterable[Json]) -> frozenset[str]:
    return our_codes(each.get("code") for each in components if truth(each.get("valueBoolean")))


def _kind_of(observation: Json) -> str:
    """Which of our two kinds an Observation is, or ''. An EHR may keep the code only, or the identifier only."""
    if observation.get("resourceType") != "Observation":
        return ""
    ours = our_codes([observation.get("code")])
    if MONTH_TIME in ours or identifier_of(observation, MONTH_SYSTEM):
        return MONTH_TIME
    return ENTRY_TIME if ENTRY_TIME in ours or identifier_of(observation, ENTRY_SYSTEM) else ""


def _filed_time(observation: Json, kind: str) -> FiledTime:
    stated = mapping(observation.get("effectivePeriod"))
    start, end = posix(stated.get("start")) or 0, posix(stated.get("end")) or 0
    is_month = kind == MONTH_TIME
    value = quantity_minutes(observation.get("valueQuantity"))
    return FiledTime(
        observation_id=line(observation.get("id")),
        entry_id="" if is_month else identifier_of(observation, ENTRY_SYSTEM),
        month=datetime.fromtimestamp((start + end) / 2, UTC).strftime("%Y-%m") if is_month and start and end else "",
        start=start,
        end=end + 1 if is_month and end else end,
        minutes=value if value is not None else max(0, end - start) / 60 if not is_month else 0.0,
        status=line(observation.get("status")),
        version=line(mapping(observation.get("meta")).get("versionId")),
    )
