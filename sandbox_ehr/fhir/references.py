"""Owns what a reference is: ids, relative references, and which patient a resource belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Resource = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}\Z")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?\Z")
PATIENT_ELEMENTS = ("subject", "patient", "beneficiary", "for")


def is_id(value: object) -> bool:
    """Whether a value is a FHIR id: 1 to 64 letters, digits, `-` and `.` (FHIR R4, datatypes.html#id)."""
    return isinstance(value, str) and _ID.match(value) is not None


def split(reference: object) -> tuple[str, str] | None:
    """Type and id of a relative reference, its version left out; None for any other kind."""
    found = _RELATIVE.match(reference) if isinstance(reference, str) else None
    return (found[1], found[2]) if found else None


def local(reference: str, base: str) -> str:
    """The reference relative to the FHIR base where it points below it, else unchanged."""
    return reference.removeprefix(f"{base}/")


def patients_of(resource: Resource) -> list[str]:
    """Ids of the patients whose compartment holds the resource: a Patient itself, else those that it is about."""
    if resource.get("resourceType") == "Patient":
        return [str(resource.get("id", ""))]
    found = []
    for element in PATIENT_ELEMENTS:
        value = resource.get(element)
        target = split(value.get("reference")) if isinstance(value, dict) else None
        if target and target[0] == "Patient":
            found.append(target[1])
    return found


def references(node: object) -> Iterator[Resource]:
    """Every Reference inside a JSON tree that carries a literal `reference`, as the dict that holds it."""
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node
        for value in node.values():
            if isinstance(value, dict | list):
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from references(value)


def rewrite(node: object, change: Callable[[str], str]) -> None:
    """Changes every literal reference of a JSON tree in place."""
    for holder in references(node):
        holder["reference"] = change(holder["reference"])
