"""Owns the last check on everything that we write: it is valid FHIR R4 for `fhir.resources`, or it is not sent.

`fhir.resources` has no R4 package; R4B differs from R4 in none of the resources written here. It is imported on
first use, because that takes a fifth of a second.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

Resource = dict[str, Any]


def validated(resource: Resource) -> Resource:
    """`resource` itself, unchanged. Raises ValueError, naming places and kinds of error but no values, if invalid."""
    name = resource["resourceType"]
    model = getattr(import_module(f"fhir.resources.R4B.{name.lower()}"), name)
    try:
        model.model_validate(resource)
    except ValueError as error:
        raise ValueError(f"{name} is not valid FHIR: {_places(error)}") from None
    return resource


def _places(error: ValueError) -> str:
    """Where pydantic found what: its own message would quote the values, which are patient data."""
    problems: list[dict[str, Any]] = getattr(error, "errors", list)()
    return "; ".join(f"{'.'.join(map(str, each['loc']))} ({each['type']})" for each in problems) or "unknown reason"
