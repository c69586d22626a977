"""Owns the tolerant accessors: parts of a JSON value, whatever types it really holds; nothing here raises.

Charts break FHIR's types in the wild (a list for an object, a number for a string, `null` entries), and one broken
element must cost itself only. A wrong type reads as absent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from ccm.chart import Coding
from fhir_mappings.text import clean_line

Json = Mapping[str, object]
_NOTHING: Json = {}


def mapping(value: object) -> Json:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def mappings(value: object) -> list[Json]:
    """The objects of a list; an object where a list belongs counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def line(value: object) -> str:
    """`value` as one clean line if it is a string, else ''."""
    return clean_line(value) if isinstance(value, str) else ""


def lines(value: object) -> tuple[str, ...]:
    """The non-empty strings of a list, each one clean line; a lone string counts as a list of one."""
    if isinstance(value, str):
        value = [value]
    return tuple(filter(None, map(line, value))) if isinstance(value, list) else ()


def number(value: object) -> float | None:
    """`value` as a finite number, else None; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def truth(value: object) -> bool:
    """True for true and for the string "true", which some exports write."""
    return value is True or value == "true"


def codings(concept: object) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept that have a code; a bare string counts as a code without system."""
    if isinstance(concept, str):
        return (Coding("", line(concept)),) if line(concept) else ()
    read = (
        Coding(line(coding.get("system")), line(coding.get("code")), line(coding.get("display")))
        for coding in mappings(mapping(concept).get("coding"))
    )
    return tuple(coding for coding in read if coding.code)


def concept_text(concept: object) -> str:
    """A CodeableConcept in words: its text, else its first display, else its first code, else ''."""
    if isinstance(concept, str):
        return line(concept)
    concept = mapping(concept)
    if text := line(concept.get("text")):
        return text
    displays = (line(coding.get("display")) for coding in mappings(concept.get("coding")))
    return next(filter(None, displays), "") or next((coding.code for coding in codings(concept)), "")


def code_of(concept: object, system: str) -> str:
    """The first code that a CodeableConcept, or the first of several that has one, gives in `system`, or ''."""
    concepts: Iterable[object] = concept if isinstance(concept, list) else (concept,)
    return next((coding.code for each in concepts for coding in codings(each) if coding.system == system), "")


def reference_key(reference: object) -> str:
    """Where a Reference points, comparably: "Type/id" of a relative or absolute one, "#id" of a contained one.

    A version ("/_history/2") is left out; anything else ("urn:uuid:…") stays as it is; '' if there is none.
    """
    target = line(mapping(reference).get("reference")).split("/_history/")[0]
    return "/".join(target.split("/")[-2:])


def identifier_of(resource: Json, system: str) -> str:
    """The value of the first identifier that `resource` has in `system`, or ''."""
    found = (line(each.get("value")) for each in mappings(resource.get("identifier")) if each.get("system") == system)
    return next(filter(None, found), "")
