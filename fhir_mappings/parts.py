"""Owns what every resource of an entry shares: references, identifiers, the performer, and reading them back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ccm.entries import Entry
from ccm.vocabulary import ACTIVITIES, MODALITIES, PERFORMER_CLASSES, PROGRAMMES
from fhir_mappings.codes import (
    CODE_SYSTEM,
    ENTRY_SYSTEM,
    PERFORMER_SYSTEM,
    SEPARATE_FROM_VISIT,
    class_code,
    programme_code,
)
from fhir_mappings.text import clean_line
from fhir_mappings.tolerant import codings, identifier_of, line, mapping
from fhir_mappings.validation import Resource

_REFERENCE = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")
_PERFORMERS = frozenset({"Practitioner", "PractitionerRole", "RelatedPerson"})


def reference(resource_type: str, target: str) -> dict[str, str]:
    """A Reference to `target`, which is a bare id or already a reference ("Patient/1", "https://…/Patient/1")."""
    return {"reference": target if "/" in target else f"{resource_type}/{target}"}


def identifier(system: str, value: str) -> list[dict[str, str]]:
    """The one business identifier of a resource; it is fixed before the first attempt to send."""
    return [{"system": system, "value": value}]


def performer(entry: Entry) -> Resource:
    """A Reference to the entry's performer with the name; a logical one where the performer is no FHIR reference."""
    match = _REFERENCE.fullmatch(entry.performer)
    person: Resource = (
        {"reference": entry.performer}
        if match and match[1] in _PERFORMERS
        else {"identifier": {"system": PERFORMER_SYSTEM, "value": entry.performer}}
    )
    name = clean_line(entry.performer_name)
    return person | ({"display": name} if name else {})


def read_performer(person: object) -> tuple[str, str]:
    """The performer and name that `performer` wrote; both '' where there is none."""
    read = mapping(person)
    logical = mapping(read.get("identifier"))
    value = line(logical.get("value")) if logical.get("system") == PERFORMER_SYSTEM else ""
    return line(read.get("reference")) or value, line(read.get("display"))


def our_codes(concepts: Iterable[object]) -> frozenset[str]:
    """All codes of our CodeSystem in some CodeableConcepts."""
    return frozenset(each.code for concept in concepts for each in codings(concept) if each.system == CODE_SYSTEM)


def entry_from(
    resource: object, *, start: int | None, end: int | None, person: object, codes: frozenset[str], note: str
) -> Entry | None:
    """The entry that one of our resources tells of, or None where it lacks what minutes are judged by.

    Never guessed are: id, start and end, performer, performer class and activity. An EHR that stored the value alone
    leaves a filed time (`FiledTime`), which a person completes. `voided` is true for what is entered in error.
    """
    filed = mapping(resource)
    entry_id = identifier_of(filed, ENTRY_SYSTEM)
    activity = _only(codes, ACTIVITIES)
    performer_class = _only(codes, PERFORMER_CLASSES, class_code)
    who, name = read_performer(person)
    if not (entry_id and activity and performer_class and who) or start is None or end is None or end <= start:
        return None
    return Entry(
        id=entry_id,
        start=start,
        end=end,
        performer=who,
        performer_class=performer_class,
        activity=activity,
        modality=_only(codes, MODALITIES) or "chart",
        performer_name=name,
        note=note,
        programme=_only(codes, PROGRAMMES, programme_code) or "ccm",
        separate_from_visit=SEPARATE_FROM_VISIT in codes,
        voided=line(filed.get("status")) == "entered-in-error",
    )


def _only(codes: frozenset[str], words: Iterable[str], code_for: Callable[[str], str] = str) -> str:
    """The first word of a vocabulary whose code is among `codes`, or ''."""
    return next((word for word in words if code_for(word) in codes), "")
