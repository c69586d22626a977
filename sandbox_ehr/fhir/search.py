"""Owns searches: reading the query, finding the resources, sorting them (FHIR R4, search.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sandbox_ehr.fhir.dates import span_of
from sandbox_ehr.fhir.matching import Test, compile_test, reference_target, split_values, tokens
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.parameters import Parameter, elements
from sandbox_ehr.fhir.references import PATIENT_ELEMENTS, Resource, split
from sandbox_ehr.fhir.store import Store

DEFAULT_COUNT = 50
MAXIMUM_COUNT = 1000

_COUNT = re.compile(r"[0-9]{1,9}\Z")
_RESULT_FORM = ("_format", "_pretty")
_PATIENT_PATHS = [((element,),) for element in PATIENT_ELEMENTS]  # what the store's index by patient goes by


@dataclass(slots=True)
class Search:
    """A query, read: `tests` all have to pass, `used` are the parameters that count (for the self link).

    `patients` and `ids`, where not None, are the only ones whose resources can match: a short cut to the candidates.
    """

    kind: str
    tests: list[Test] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    patients: list[str] | None = None
    ids: list[str] | None = None
    sort: list[tuple[str, Parameter, bool]] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    total_only: bool = False


def read_query(
    kind: str, pairs: Iterable[tuple[str, str]], parameters: Mapping[str, Parameter], base: str, *, strict: bool
) -> Search:
    """Reads the query of a search on one resource type.

    What this server does not know is left out, or, with `strict` (`Prefer: handling=strict`), refused. Raises
    FhirError 400 for a known parameter with a value or modifier that it cannot have.
    """
    search = Search(kind)
    for name, value in pairs:
        plain, _, modifier = name.partition(":")
        if not value or plain in _RESULT_FORM:
            continue
        if _shape(search, plain, value, parameters):
            search.used.append((name, _clamped(plain, value)))
        elif plain in parameters:
            search.used.append((name, value))
            search.tests.append(compile_test(parameters[plain], plain, modifier, value, base))
            if plain == "_id" and not modifier:
                search.ids = split_values(value)
            elif search.patients is None:
                search.patients = _patients(parameters[plain], modifier, value, base)
        elif strict:
            raise FhirError(400, "not-supported", f"{kind} has no search parameter {name!r} here")
    return search


def _clamped(name: str, value: str) -> str:
    return str(min(int(value), MAXIMUM_COUNT)) if name == "_count" else value


def _shape(search: Search, name: str, value: str, parameters: Mapping[str, Parameter]) -> bool:
    """Takes up a parameter that shapes the result; False where it is none that this server knows."""
    if name == "_count":
        if not _COUNT.match(value):
            raise FhirError(400, "value", "_count is a whole number")
        search.count = min(int(value), MAXIMUM_COUNT)
        search.total_only = search.total_only or search.count == 0
        return True
    if name == "_summary" and value == "count":
        search.total_only = True
        return True
    if name == "_sort":
        keys = [(key.removeprefix("-"), key.startswith("-")) for key in value.split(",")]
        if all(key in parameters for key, _ in keys):
            search.sort = [(key, parameters[key], descending) for key, descending in keys]
            return True
    return False


def _patients(parameter: Parameter, modifier: str, value: str, base: str) -> list[str] | None:
    """Ids of the patients that a reference parameter asks for; None where it may mean anything else."""
    if parameter.kind != "reference" or modifier not in ("", "Patient") or parameter.paths not in _PATIENT_PATHS:
        return None
    prefix = "Patient/" if modifier and "/" not in value else ""
    targets = [split(reference_target(parameter, prefix + one, base)) for one in split_values(value)]
    if not all(target and target[0] == "Patient" for target in targets):
        return None
    return [target[1] for target in targets if target]


def find(search: Search, store: Store, within: str | None, shown: Callable[[Resource], bool]) -> list[Resource]:
    """All matches, sorted; in the order of creation where no sort is asked for.

    `within` limits them to one patient's compartment; `shown` has the last word on each.
    """
    tests = search.tests
    rows = [one for one in _candidates(search, store, within) if all(test(one) for test in tests) and shown(one)]
    for _, parameter, descending in reversed(search.sort):
        rows = _sorted(rows, parameter, descending=descending)
    return rows


def _candidates(search: Search, store: Store, within: str | None) -> Iterable[Resource]:
    if search.ids is not None:
        rows = (store.read(search.kind, id_) for id_ in dict.fromkeys(search.ids))
        return [row for row in rows if row is not None]
    if within is not None:
        return store.of_patient(search.kind, within)
    if search.patients is not None:
        found = {row["id"]: row for patient in search.patients for row in store.of_patient(search.kind, patient)}
        return found.values()
    return store.all(search.kind)


def _sorted(rows: list[Resource], parameter: Parameter, *, descending: bool) -> list[Resource]:
    """Stable; resources without the element come last either way."""
    keyed = [(_key(row, parameter, descending=descending), row) for row in rows]
    present = [(key, row) for key, row in keyed if key]
    present.sort(key=lambda pair: pair[0], reverse=descending)
    return [row for _, row in present] + [row for key, row in keyed if not key]


def _key(row: Resource, parameter: Parameter, *, descending: bool) -> str:
    """The text to sort by; of several values the lowest, or the highest where descending."""
    values: list[str] = []
    for value in elements(row, parameter):
        if parameter.kind == "date":
            span = span_of(value)
            values += [span[1 if descending else 0].isoformat()] if span else []
        elif parameter.kind == "token":
            values += [code for _, code in tokens(value)]
        elif isinstance(value, dict):
            values.append(str(value.get("reference") or value.get("family") or value.get("text") or "").casefold())
        else:
            values.append(str(value).casefold())
    return (max if descending else min)(values, default="")
