"""Owns what a granted scope allows (SMART App Launch 2.2, scopes-and-launch-context): v1 and v2, pure functions.

Nothing here needs the store, so a proxy in front of another FHIR server decides by the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from sandbox_ehr.access import Access
from sandbox_ehr.fhir.matching import compile_test, split_values
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.parameters import PARAMETERS
from sandbox_ehr.fhir.references import Resource, is_id, patients_of, split

Query = Iterable[tuple[str, str]]

LETTERS = {"create": "c", "read": "r", "vread": "r", "update": "u", "delete": "d", "search": "s"}

_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]+)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?(.+))?\Z")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_SHARED = frozenset(
    {"Location", "Medication", "Organization", "Practitioner", "PractitionerRole"}
)  # of no patient, and a chart cannot be understood without them


@dataclass(frozen=True, slots=True)
class Grant:
    """One granted clinical scope: its level, resource type (or `*`), v2 letters, and the filter behind its `?`."""

    level: str
    kind: str
    letters: str
    filters: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def grants(scopes: frozenset[str]) -> tuple[Grant, ...]:
    """The clinical scopes among the granted ones, read; others (`openid`, `launch`) grant no access to resources."""
    found = []
    for scope in sorted(scopes):
        match = _SCOPE.match(scope)
        if match:
            level, kind, letters, query = match.groups()
            filters = tuple(parse_qsl(query or "", keep_blank_values=True))
            found.append(Grant(level, kind, _VERSION_1.get(letters, letters), filters))
    return tuple(found)


def refusal(
    access: Access, interaction: str, resource_type: str, resource: Resource | None = None, query: Query = ()
) -> str | None:
    """Why a request is not allowed, in words for an OperationOutcome; None where it is.

    `interaction` is read, vread, search, create, update or delete. `resource` is what would be shown, written or
    removed: None while it is not known, and then only scopes, not patients, are compared, so ask again with it. An
    update asks twice, for the stored and for the new resource. `query` is a search's parameters as pairs; a search
    that names no patient is allowed, and its results have to pass `visible`.
    """
    if access.admin:
        return None
    fitting = _fitting(access, interaction, resource_type)
    if not fitting:
        return f"no granted scope allows {interaction} of {resource_type}"
    if resource is not None:
        if any(_covers(grant, access, interaction, resource) for grant in fitting):
            return None
        return f"the granted scopes do not reach this {resource_type}: it is another patient's, or filtered out"
    if all(grant.level == "patient" for grant in fitting):
        return _named_elsewhere(access, resource_type, query)
    return None


def patient_limit(access: Access, interaction: str, resource_type: str) -> str | None:
    """The only patient whose resources of a type may be touched; None where the grant has no such limit."""
    if access.admin or resource_type in _SHARED:
        return None
    limited = all(grant.level == "patient" for grant in _fitting(access, interaction, resource_type))
    return access.patient if limited else None


def visible(access: Access, interaction: str, resource: Resource) -> bool:
    """Whether a resource that a read or search has found may be shown."""
    return refusal(access, interaction, str(resource.get("resourceType", "")), resource) is None


def _fitting(access: Access, interaction: str, resource_type: str) -> list[Grant]:
    letter = LETTERS[interaction]
    return [
        grant
        for grant in grants(access.scopes)
        if letter in grant.letters
        and grant.kind in ("*", resource_type)
        and (grant.level != "patient" or access.patient)
    ]


def _covers(grant: Grant, access: Access, interaction: str, resource: Resource) -> bool:
    kind = str(resource.get("resourceType", ""))
    if grant.level == "patient":
        shared = kind in _SHARED and interaction in ("read", "vread", "search")
        if not shared and set(patients_of(resource)) != {access.patient}:
            return False
    return _passes(grant, kind, resource)


def _passes(grant: Grant, kind: str, resource: Resource) -> bool:
    """Whether a resource passes the filter of a v2 scope; a filter that is not understood lets nothing pass."""
    for name, value in grant.filters:
        parameter = PARAMETERS.get(kind, {}).get(name)
        if parameter is None:
            return False
        try:
            if not compile_test(parameter, name, "", value, "")(resource):
                return False
        except FhirError:
            return False
    return True


def _named_elsewhere(access: Access, resource_type: str, query: Query) -> str | None:
    """Words of refusal where a search names a patient other than the launch's."""
    names = ("_id",) if resource_type == "Patient" else ("patient", "subject", "beneficiary")
    for name, value in query:
        if name.partition(":")[0] in names:
            for one in split_values(value):
                patient = _patient_named(one)
                if patient not in (None, access.patient):
                    return f"the grant is for Patient/{access.patient} only"
    return None


def _patient_named(value: str) -> str | None:
    """The patient id in a search value (`1`, `Patient/1`, an absolute URL); None for another type of resource."""
    if is_id(value):
        return value
    target = split("/".join(value.split("/")[-2:]))
    return target[1] if target and target[0] == "Patient" else None
